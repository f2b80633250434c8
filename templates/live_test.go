package templates

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// folder makes an override of the English message for help, with its greeting
// replaced.
func folder(t *testing.T, greeting string) string {
	t.Helper()
	dir := t.TempDir()
	rewrite(t, dir, greeting)
	return dir
}

func rewrite(t *testing.T, dir, greeting string) {
	t.Helper()
	words, err := messageFiles.ReadFile("messages/help.en.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "messages"), 0o755); err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(words), "\nHello,\n", "\n"+greeting+"\n", 1)
	if err := os.WriteFile(filepath.Join(dir, "messages", "help.en.md"), []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTheSetIsSwappedWholeAndKeptAfterAFault(t *testing.T) {
	t.Parallel()
	dir := folder(t, "Good day,")
	live, err := NewLive(func() (*Set, error) { return LoadFolder(dir) })
	if err != nil {
		t.Fatal(err)
	}
	d, _ := live.Set().Sample("help", "en")
	says := func(want string) string {
		r, err := live.Render("help", "en", d)
		if err != nil || !strings.Contains(r.Text, "\n"+want+"\n") {
			t.Errorf("%v; it does not say %q:\n%s", err, want, r.Text)
		}
		return r.Version
	}
	first := says("Good day,")
	var readers sync.WaitGroup
	for range 4 { // while others write messages
		readers.Go(func() {
			for range 20 {
				if _, err := live.Render("help", "en", d); err != nil {
					t.Error(err)
				}
			}
		})
	}
	rewrite(t, dir, "Good morning,")
	if err := live.Reload(); err != nil {
		t.Fatal(err)
	}
	readers.Wait()
	second := says("Good morning,")
	if first == second || live.Class("help") != "reply" {
		t.Errorf("both are version %s", first)
	}
	rewrite(t, dir, "Good morning!")
	if faults, ok := errors.AsType[Faults](live.Reload()); !ok || len(faults) != 1 {
		t.Errorf("got %v", faults)
	}
	if says("Good morning,") != second {
		t.Error("a fault has changed the words")
	}
}

func TestAFolderThatIsNoneIsAFault(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, file + "nonesuch"} {
		if _, err := LoadFolder(dir); err == nil || !strings.HasPrefix(err.Error(), dir+":1: ") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := NewLive(func() (*Set, error) { return LoadFolder(file) }); err == nil {
		t.Error("a set without messages is in use")
	}
	if _, err := LoadFolder(t.TempDir()); err != nil {
		t.Errorf("an empty folder changes nothing: %v", err)
	}
}

// A part that is replaced is to blame for what its message then lacks.
func TestABrokenPartIsNamedAndNotTheMessage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "layout"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"help.en.md": "> Call us.\n", "email.html": "<!doctype html>\n<title>{{subject}}</title>\n{{main}}{{smal}}\n",
	} {
		file := filepath.Join(dir, "layout", name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		want := file + ":1: confirmation: no link to tel:988"
		if name == "email.html" {
			want = file + ":3: the unknown tag {{smal}}"
		}
		if _, err := LoadFolder(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
		_ = os.Remove(file)
	}
}

func TestNoPublicShortenerBecomesALink(t *testing.T) {
	t.Parallel()
	for _, link := range []string{"https://bit.ly/x", "https://WWW.TinyURL.com/x", "https://t.co/x"} {
		if checkURL(link) == nil {
			t.Errorf("%s was taken for a link", link)
		}
	}
	if err := checkURL("https://notbit.ly/x"); err != nil {
		t.Error(err)
	}
}

func TestEverySMSHasRoomForItsLongestValues(t *testing.T) {
	t.Parallel()
	s := loaded(t)
	for _, name := range s.Names() {
		for language, w := range s.messages[name].wordings {
			for _, f := range w.inSMS {
				if f.most == 0 || len(cleanLine(valueOf(w.sample, f))) > f.most {
					t.Errorf("%s.%s: {{%s}} gets no longer than %d, and its sample is %q", name, language, f.name, f.most, valueOf(w.sample, f))
				}
			}
			if n, encoding := Segments(w.longest()); n > maxSegments || encoding != encodingGSM {
				t.Errorf("%s.%s: %d segments of %s", name, language, n, encoding)
			}
		}
	}
}

func valueOf(d Data, f field) string { return reflect.ValueOf(d).Field(f.at).String() }
