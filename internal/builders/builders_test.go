package builders_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"github.com/joydevie/followup/internal/builders"
	"github.com/joydevie/followup/internal/config"
	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/intake"
	"github.com/joydevie/followup/internal/seal"
	"github.com/joydevie/followup/tasks"
)

const key, secret = "a key that is long enough", "webflow's own secret of an app"

var now = time.Date(2026, 11, 24, 21, 41, 8, 0, time.UTC)

// world is the route before a real intake, and what that one queued.
type world struct {
	builders.Config
	got  []tasks.Submission
	away error
	log  bytes.Buffer
}

func setup(t testing.TB) *world {
	t.Helper()
	keys, err := seal.Parse(seal.New())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{}
	w.Config = builders.Config{
		Forms: documented(t), Key: key, WebflowSecret: secret, Now: func() time.Time { return now },
		Log: slog.New(slog.NewJSONHandler(&w.log, nil)),
		Intake: &intake.Intake{
			Keys: keys, Now: func() time.Time { return now },
			Wording: func(version string, _ contact.Language) string { return "hash of " + version },
			Enqueue: func(_ context.Context, s tasks.Submission) error {
				if w.away == nil {
					w.got = append(w.got, s)
				}
				return w.away
			},
		},
	}
	return w
}

// documented are the forms as docs/connect.md writes them, read as the clinic's
// file is.
func documented(t testing.TB) map[string]builders.Mapping {
	t.Helper()
	docs, err := os.ReadFile("../../docs/connect.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(docs), "```yaml\nforms:\n")
	block, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/connect.md has no block of forms")
	}
	var clinic bytes.Buffer
	config.ClinicManual(&clinic)
	path := filepath.Join(t.TempDir(), "clinic.yaml")
	if err := os.WriteFile(path, []byte(clinic.String()+"\nforms:\n"+block), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.LoadClinic(path)
	if err != nil {
		t.Fatal(err)
	}
	forms := map[string]builders.Mapping{}
	for name, form := range c.Forms {
		forms[name] = builders.Mapping(form)
	}
	return forms
}

// post sends a body; headers are pairs.
func (w *world) post(t testing.TB, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	h, err := builders.New(w.Config)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(builders.Route, h)
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	out := httptest.NewRecorder()
	mux.ServeHTTP(out, r)
	return out
}

type said struct {
	Status  any
	ID      string
	Kept    bool
	Missing []string
	Keys    []string
	Errors  []struct{ Field, Code string }
	Detail  string
}

func read(t testing.TB, out *httptest.ResponseRecorder, status int) (s said) {
	t.Helper()
	if out.Code != status {
		t.Errorf("answered %d, want %d: %s", out.Code, status, out.Body)
	}
	if err := json.Unmarshal(out.Body.Bytes(), &s); err != nil {
		t.Errorf("%v: %s", err, out.Body)
	}
	return s
}

func TestEachBuildersPayloadBecomesASubmission(t *testing.T) {
	t.Parallel()
	const urlencoded = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		file, kind     string
		sms, traced    bool // the box for texts was there; the builder tells of the visitor's browser
		keyed          bool
		message        string
		ticked, absent string // what to replace in the payload so that the box for emails is not ticked
	}{
		"cf7":                {file: "cf7.json", kind: "application/json", ticked: `"may-write":"1"`, absent: `"may-write":""`},
		"elementor":          {file: "elementor.form", kind: urlencoded, traced: true, ticked: "&May+we+write%3F=on", absent: ""},
		"elementor-advanced": {file: "elementor-advanced.form", kind: urlencoded, traced: true, ticked: "may_write%5D%5Bvalue%5D=on", absent: "may_write%5D%5Bvalue%5D="},
		"gravity":            {file: "gravity.json", kind: "application/json", traced: true, keyed: true, message: "4: Hello,\ncould somebody call me?\n\n7: after 2 pm", ticked: `"5.1":"1"`, absent: `"5.1":""`},
		"webflow":            {file: "webflow.json", kind: "application/json", keyed: true, ticked: `"true"`, absent: `"false"`},
		"squarespace":        {file: "squarespace.json", kind: "application/json; charset=utf-8", ticked: `"Yes, email me"`, absent: `"No, thanks"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			raw, err := os.ReadFile(filepath.Join("testdata", c.file))
			if err != nil {
				t.Fatal(err)
			}
			if s := read(t, w.post(t, "/forms/"+name+"?key="+strings.ReplaceAll(key, " ", "+"), string(raw), "Content-Type", c.kind), 200); s.Status != "queued" || s.ID == "" || s.Missing != nil {
				t.Errorf("said %+v", s)
			}
			if c.message == "" {
				c.message = "Hello,\ncould somebody call me?"
			}
			want := tasks.Submission{Name: "Ann Lee", Email: "ann@example.com", Phone: "+13035550142", Message: c.message, Language: "en",
				ConsentEmail: true, Wording: "2026-11-24.1", WordingHash: "hash of 2026-11-24.1", Keyed: c.keyed, At: now}
			if c.traced {
				want.Page, want.IP, want.UserAgent = "/ask/", "203.0.113.7", "Mozilla/5.0 (iPhone)"
			}
			if len(w.got) != 1 {
				t.Fatal(w.got)
			}
			got := w.got[0]
			got.ID, got.Content = "", ""
			if a, b := asJSON(got), asJSON(want); a != b {
				t.Errorf("got  %s\nwant %s", a, b)
			}

			unticked := strings.Replace(string(raw), c.ticked, c.absent, 1)
			if unticked == string(raw) {
				t.Fatal("nothing was replaced")
			}
			read(t, w.post(t, "/forms/"+name, unticked, "Content-Type", c.kind, "Authorization", "Bearer "+key), 200)
			if w.got[1].ConsentEmail || w.got[1].ConsentSMS {
				t.Error("a box that was not ticked is a consent")
			}
		})
	}
}

func asJSON(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}

func TestABoxCountsOnlyWhereTheMappingNamesItAndItsWords(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(builders.Mapping){
		"no box named":   func(m builders.Mapping) { delete(m, "consent_email") },
		"no words named": func(m builders.Mapping) { delete(m, "consent_version") },
		"other words":    func(m builders.Mapping) { m["ticked"] = []string{"Yes, email me"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			change(w.Forms["cf7"])
			raw, _ := os.ReadFile("testdata/cf7.json")
			read(t, w.post(t, "/forms/cf7", string(raw), "Authorization", "Bearer "+key), 200)
			if len(w.got) != 1 || w.got[0].ConsentEmail || w.got[0].ConsentSMS {
				t.Errorf("%s", asJSON(w.got))
			}
		})
	}
}

func TestWhatNoMappingFitsIsAnsweredClearlyAndKeptForAPerson(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, kind, body string
		see              said
		kept             string
	}{
		"another form's fields": {"/forms/cf7", "application/json", `{"contact":{"mail":"ann@example.com"},"text":"Hello","tags":["a","b"],"n":null}`,
			said{Missing: []string{"name", "email", "phone", "message"}, Keys: []string{"contact.mail", "text", "tags", "n"}}, "contact.mail: ann@example.com\ntext: Hello\ntags: a, b"},
		"a form that is not in the file": {"/forms/wix", "application/json", `{"submissionData":[{"label":"Email","value":"ann@example.com"}]}`,
			said{Keys: []string{"submissionData.0.label", "submissionData.0.value"}}, "submissionData.0.label: Email\nsubmissionData.0.value: ann@example.com"},
		"fields that cannot be used": {"/forms/cf7", "application/json", `{"your-name":"Ann","your-email":"ann at example","your-phone":"555","your-message":"Hello"}`,
			said{Keys: []string{"your-name", "your-email", "your-phone", "your-message"}, Errors: []struct{ Field, Code string }{{"email", "email"}, {"phone", "phone"}}},
			"your-name: Ann\nyour-email: ann at example\nyour-phone: 555\nyour-message: Hello"},
		"no form at all":    {"/forms/cf7", "text/plain", "Ann, 303 555 0142\nplease call", said{Missing: []string{"name", "email", "phone", "message"}}, "Ann, 303 555 0142\nplease call"},
		"broken JSON":       {"/forms/cf7", "application/json", `{"your-email":"ann@example.com"`, said{Missing: []string{"name", "email", "phone", "message"}}, `{"your-email":"ann@example.com"`},
		"not UTF-8":         {"/forms/cf7", "application/x-www-form-urlencoded", "mail=ann%40example.com&text=\xff%FF", said{Missing: []string{"name", "email", "phone", "message"}, Keys: []string{"mail", "text"}}, "mail: ann@example.com\ntext:"},
		"a very long story": {"/forms/cf7", "application/x-www-form-urlencoded", "story=" + strings.Repeat("x", 60_000), said{Missing: []string{"name", "email", "phone", "message"}, Keys: []string{"story"}}, "story: " + strings.Repeat("x", 60_000)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			out := w.post(t, c.path, c.body, "Content-Type", c.kind, "Authorization", "Bearer "+key)
			s := read(t, out, 422)
			if !s.Kept || s.ID == "" || s.Status != 422.0 || !slices.Equal(s.Missing, c.see.Missing) || !slices.Equal(s.Keys, c.see.Keys) || fmt.Sprint(s.Errors) != fmt.Sprint(c.see.Errors) {
				t.Errorf("said %s", out.Body)
			}
			if strings.Contains(out.Body.String(), "ann@") || strings.Contains(out.Body.String(), "ann at") || strings.Contains(out.Body.String(), "0142") || strings.Contains(w.log.String(), "ann@") {
				t.Errorf("what was written is told: %s %s", out.Body, w.log.String())
			}
			if len(w.got) != 1 || strings.TrimSpace(strings.Trim(w.got[0].Message, "\ufffd ")) != c.kept {
				t.Fatalf("kept %.300s", asJSON(w.got))
			}
			if g := w.got[0]; g.Email+g.Phone != "" || g.ConsentEmail || g.ConsentSMS {
				t.Error("somebody would be written to")
			}
			again := read(t, w.post(t, c.path, c.body, "Content-Type", c.kind, "Authorization", "Bearer "+key), 422)
			if again.ID != s.ID {
				t.Error("sent again it is another item")
			}
		})
	}
}

func TestAFieldThatCannotBeUsedIsWrittenUnderTheMessage(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Forms["cf7"]["preferred_channel"] = []string{"how"}
	s := read(t, w.post(t, "/forms/cf7", `{"your-email":"ann@example.com","your-phone":"555","your-message":"Hello","how":"Evenings"}`, "Authorization", "Bearer "+key), 200)
	if len(w.got) != 1 || w.got[0].Email != "ann@example.com" || w.got[0].Message != "Hello\n\npreferred_channel: evenings\n\nphone: 555" {
		t.Errorf("got %s", asJSON(w.got))
	}
	if len(s.Errors) != 1 || s.Errors[0].Field != "phone" || !slices.Equal(s.Missing, []string{"name"}) {
		t.Errorf("said %+v", s)
	}
}

func TestOnlyWhoShowsTheKeyOrSignsGetsIn(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/webflow.json")
	if err != nil {
		t.Fatal(err)
	}
	sign := func(key string, at time.Time, body []byte) []string {
		stamp := strconv.FormatInt(at.UnixMilli(), 10)
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write(append([]byte(stamp+":"), body...))
		return []string{"X-Webflow-Timestamp", stamp, "X-Webflow-Signature", hex.EncodeToString(mac.Sum(nil))}
	}
	for name, c := range map[string]struct {
		change  func(*world)
		headers []string
		status  int
	}{
		"signed":                      {nil, sign(secret, now, raw), 200},
		"the key":                     {nil, []string{"Authorization", "Bearer " + key}, 200},
		"nothing":                     {nil, nil, 403},
		"another key":                 {nil, []string{"Authorization", "Bearer x" + key}, 403},
		"a part of the key":           {nil, []string{"Authorization", "Bearer " + key[:10]}, 403},
		"another secret":              {nil, sign("another", now, raw), 403},
		"another body":                {nil, sign(secret, now, []byte("{}")), 403},
		"an old signature":            {nil, sign(secret, now.Add(-6*time.Minute), raw), 403},
		"a signature of the future":   {nil, sign(secret, now.Add(6*time.Minute), raw), 403},
		"signed, nobody believes it":  {func(w *world) { w.WebflowSecret = "" }, sign("", now, raw), 403},
		"no key, and none is set":     {func(w *world) { w.Key = "" }, []string{"Authorization", "Bearer "}, 403},
		"a bad signature and the key": {nil, append(sign("another", now, raw), "Authorization", "Bearer "+key), 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			if c.change != nil {
				c.change(w)
			}
			read(t, w.post(t, "/forms/webflow", string(raw), c.headers...), c.status)
			if (len(w.got) == 1) != (c.status == 200) {
				t.Errorf("took in %d", len(w.got))
			}
		})
	}
}

func TestWhatCannotBeTakenInIsSaidSo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for body, status := range map[string]int{strings.Repeat("x", 65<<10): 413, "": 422, "{}": 422, `{"a":""}`: 422} {
		if s := read(t, w.post(t, "/forms/cf7", body, "Authorization", "Bearer "+key), status); s.Kept || len(w.got) > 0 {
			t.Errorf("%.10s: %+v", body, s)
		}
	}
	w.away = errors.New("away")
	for _, body := range []string{`{"your-email":"ann@example.com"}`, `{"x":"y"}`} {
		out := w.post(t, "/forms/cf7", body, "Authorization", "Bearer "+key)
		if s := read(t, out, 503); s.Kept || out.Header().Get("Retry-After") == "" {
			t.Errorf("%+v", s)
		}
	}
}

// Whatever is posted with the key is taken in or kept, and never breaks.
func TestNothingThatIsPostedIsLost(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rapid.Check(t, func(t *rapid.T) {
		w.got = nil
		body := rapid.OneOf(rapid.String(), rapid.StringMatching(`[\[\]{}":,a-z0-9=&%. ]{0,80}`)).Draw(t, "body")
		word := rapid.StringMatching(`[a-z]{5}`).Draw(t, "word")
		raw, kind := asJSON(map[string]any{"a": []any{map[string]string{body: word}}}), "application/json"
		if rapid.Bool().Draw(t, "text") {
			raw, kind = body+" "+word, "text/plain"
		}
		h, err := builders.New(w.Config)
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		mux.Handle(builders.Route, h)
		r := httptest.NewRequest("POST", "/forms/cf7", strings.NewReader(raw))
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Content-Type", kind)
		out := httptest.NewRecorder()
		mux.ServeHTTP(out, r)
		if out.Code != 422 || len(w.got) != 1 || !strings.Contains(w.got[0].Message, word) {
			t.Fatalf("%d, %s", out.Code, asJSON(w.got))
		}
	})
}
