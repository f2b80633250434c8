package list_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/joydevie/followup/internal/list"
)

// wide writes a text as UTF-16, as Excel's "Unicode text" does.
func wide(s string, mark, big bool) string {
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	var b bytes.Buffer
	for _, u := range units {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

// said is a list in one text: its rows and its faults.
func said(l *list.List) string {
	var b strings.Builder
	for _, r := range l.Rows {
		fmt.Fprintf(&b, "%d:", r.Line)
		for _, p := range r.Phones {
			b.WriteString(" " + string(p))
		}
		for _, e := range r.Emails {
			b.WriteString(" " + string(e))
		}
		b.WriteString("; ")
	}
	for _, f := range l.Faults {
		fmt.Fprintf(&b, "%d! ", f.Line)
	}
	return strings.TrimSuffix(strings.TrimSpace(b.String()), ";")
}

const annBea = "2: +13035550142 ann@example.com; 3: +13035550143"

func TestAListIsReadAsPeopleHaveIt(t *testing.T) {
	t.Parallel()
	plain := "name,phone,email\nAnn,303-555-0142,ann@example.com\nBea,(303) 555-0143,\n"
	for name, c := range map[string]struct{ file, want string }{
		"plain":                   {plain, annBea},
		"without the last end":    {strings.TrimSuffix(plain, "\n"), annBea},
		"CRLF":                    {strings.ReplaceAll(plain, "\n", "\r\n"), annBea},
		"CR alone":                {strings.ReplaceAll(plain, "\n", "\r"), annBea},
		"a byte order mark":       {"\xef\xbb\xbf" + plain, annBea},
		"semicolons":              {strings.ReplaceAll(plain, ",", ";"), annBea},
		"tabs":                    {strings.ReplaceAll(plain, ",", "\t"), annBea},
		"bars":                    {strings.ReplaceAll(plain, ",", "|"), annBea},
		"Excel's sep=":            {"sep=;\r\n" + strings.ReplaceAll(plain, ",", ";"), "3: +13035550142 ann@example.com; 4: +13035550143"},
		"Excel's Unicode text":    {wide(strings.ReplaceAll(plain, ",", "\t"), true, false), annBea},
		"UTF-16 the other way":    {wide(plain, true, true), annBea},
		"UTF-16 without its mark": {wide(plain, false, false), annBea},
		"blank lines":             {"\n\n" + plain + "\n;;\n,,,\n \n303-555-0144", "4: +13035550142 ann@example.com; 5: +13035550143; 10!"},
		"quotes":                  {`"na""me","Phone, or cell","e-mail"` + "\n" + `"Lee, Ann","303-555-0142","ann@example.com"` + "\n" + `Bea "B" Lee, "303-555-0143" ,` + "\n", "2: ann@example.com; 3!"},
		"quotes around a line":    {"name,phone\n\"Lee\nAnn\",303-555-0142\nBea,303-555-0143", "2: +13035550142; 4: +13035550143"},
		"Windows-1252":            {"Nombre;Tel\xe9fono\nJos\xe9;303-555-0142", "2: +13035550142"},
		"mixed encodings":         {"Teléfono,Nombre\n303-555-0142,José\n303-555-0143,Jos\xe9\n", "2: +13035550142; 3: +13035550143"},
		"kept as text":            {"phone,cell\n=\"3035550142\",'+13035550143\n", "2: +13035550142 +13035550143"},
		"nothing known":           {"phone,email\nn/a,ann@example.com\n-,\n", "2: ann@example.com; 3!"},
		"hard spaces":             {"phone\n\u00a0303\u00a0555\u00a00142\u200b\n", "2: +13035550142"},
		"formulas":                {"phone,email,note\n=1+1,ann@example.com,x\n,ann@example.com,=HYPERLINK(\"x\")\n", "3: ann@example.com; 2!"},
		"shortened":               {"phone\n3.035550142E+09\n", "2!"},
		"a zero byte":             {"phone,email\n30\x0035550142,\n303-555-0142,\n", "3: +13035550142; 2!"},
		"too many cells":          {"phone,email\n303-555-0142,ann@example.com,303-555-0143\n303-555-0142,,\n", "3: +13035550142; 2!"},
		"too few":                 {"name,phone,email\nAnn,303-555-0142\nBea\n", "2: +13035550142; 3!"},
		"bad ones":                {"phone,email\n12,\n,ann@\n,a@example.com b@example.com\n303-555-0142,x\n", "2! 3! 4! 5!"},
		"names alone":             {"phone,email\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for way, r := range map[string]io.Reader{"whole": strings.NewReader(c.file), "byte by byte": iotest.OneByteReader(strings.NewReader(c.file))} {
				l, err := list.Read(r)
				if err != nil {
					t.Fatalf("%s: %v", way, err)
				}
				if got := said(l); got != c.want {
					t.Errorf("%s: got %q, want %q", way, got, c.want)
				}
				for _, f := range l.Faults {
					if f.Problem == "" || f.Cure == "" || strings.Contains(f.Error(), "303-") || strings.Contains(f.Error(), "b@example") {
						t.Errorf("the fault is %v", &f)
					}
				}
			}
		})
	}
}

func TestColumnsAreKnownByAnySaneName(t *testing.T) {
	t.Parallel()
	for header, phone := range map[string]bool{
		"phone": true, "Phone Number": true, "PHONE#": true, "mobile": true, "Mobile Phone": true, "Teléfono": true, "TELEFONO": true, "cell": true,
		"Cell (primary)": true, "Tel.": true, "phone_number": true, "Número de teléfono": true, "Celular": true, "SMS": true, " home phone ": true,
		"e-mail": false, "E-Mail Address": false, "EMAIL": false, "Correo electrónico": false, "email_address": false, "Email:": false,
	} {
		row := "ann@example.com"
		if phone {
			row = "303-555-0142"
		}
		l, err := list.Read(strings.NewReader("First Name,Last name," + header + ",Appointment Time\nAnn,Lee," + row + ",9:00\n"))
		if err != nil || len(l.Rows) != 1 || len(l.Rows[0].Phones) == 1 != phone || len(l.Rows[0].Emails) == 1 == phone || !l.Timed {
			t.Errorf("%q: %+v, %v", header, l, err)
		}
	}
}

// filled is a stream of n bytes of a text over and over.
func filled(text string, n int64) io.Reader {
	return io.LimitReader(&loop{text: strings.Repeat(text, 1+(64<<10)/len(text))}, n)
}

type loop struct {
	text string
	at   int
}

func (l *loop) Read(p []byte) (int, error) {
	n := copy(p, l.text[l.at:])
	l.at = (l.at + n) % len(l.text)
	return n, nil
}

func TestAHostileFileGetsAClearAnswerInLittleMemory(t *testing.T) {
	columns := strings.TrimSuffix(strings.Repeat("a,", 199), ",") + ",phone\n"
	for _, c := range []struct {
		name string
		file io.Reader
		say  string
	}{
		{"a line of 1 GB", filled("a", 1<<30), "line 1: is longer than 64 KB"},
		{"a line of 1 GB after the header", io.MultiReader(strings.NewReader("phone\n"), filled("3", 1<<30)), "line 2: is longer than 64 KB"},
		{"a quote that never closes", io.MultiReader(strings.NewReader("phone\n303-555-0142\n\""), filled("a\n", 1<<30)), "line 3: a quote is opened here and never closed"},
		{"1 GB of rows", io.MultiReader(strings.NewReader("email\n"), filled("a@example.com"+strings.Repeat(" ", 1000)+"\n", 1<<30)), "longer than 16 MB"},
		{"as UTF-16", io.MultiReader(strings.NewReader(wide("email\n", true, false)), filled(wide("a@example.com"+strings.Repeat(" ", 1000)+"\n", false, false), 1<<30)), "longer than 16 MB"},
		{"a million rows", io.MultiReader(strings.NewReader("email\n"), filled("a@example.com\n", 14<<20)), "more than 20000 rows"},
		{"a million bad rows", io.MultiReader(strings.NewReader("phone\n"), filled("x\n", 2<<20)), "more than 20000 rows"},
		{"200 columns", strings.NewReader(columns), "line 1: has more than 100 columns"},
		{"zero bytes", filled("\x00", 1<<30), "line 1: is longer than 64 KB"},
		{"the same name twice", strings.NewReader("phone,name,Phone\n303-555-0142,a,303-555-0143\n"), "line 1: columns 1 and 3 have the same name"},
		{"a workbook", strings.NewReader("PK\x03\x04 and so on"), "this is a workbook and no CSV"},
		{"an old workbook", strings.NewReader("\xd0\xcf\x11\xe0 and so on"), "this is a workbook and no CSV"},
		{"no header", strings.NewReader("Ann,303-555-0142\n"), "line 1: the columns have no names"},
		{"another header", strings.NewReader("who,what\nAnn,303-555-0142\n"), "line 1: no column is called phone or email"},
		{"nothing", strings.NewReader(""), "the list is empty"},
		{"blank lines", strings.NewReader("\n\r\n ,\n"), "the list is empty"},
		{"a disk that fails", iotest.ErrReader(errors.New("disk")), "disk"},
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		l, err := list.Read(c.file)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), c.say) || l != nil {
			t.Errorf("%s: got %v", c.name, err)
		}
		// All that was ever allocated, not what was in use at once.
		used := (after.TotalAlloc - before.TotalAlloc) >> 20
		t.Logf("%s: %d MB allocated: %v", c.name, used, err)
		if used > 200 {
			t.Errorf("%s: %d MB were allocated", c.name, used)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"name,phone,email\nAnn,303-555-0142,ann@example.com\n", "sep=;\nphone;email\n\"a\"\"b\";x", "\xff\xfep\x00h\x00", "\xef\xbb\xbfphone\r303",
		"phone\n\"", "a\tTel\xe9fono\n1\t2\n", "phone,phone\n", "PK\x03\x04",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		l, err := list.Read(bytes.NewReader(file))
		if err != nil {
			if _, ok := errors.AsType[*list.Fault](err); !ok {
				t.Errorf("not a fault: %v", err)
			}
			return
		}
		lines := bytes.Count(file, []byte("\n")) + bytes.Count(file, []byte("\r")) + 2 + bytes.Count(file, []byte{0x0a})
		for _, r := range l.Rows {
			if len(r.Phones)+len(r.Emails) == 0 || r.Line < 1 || r.Line > lines {
				t.Errorf("row %d leads to nobody", r.Line)
			}
		}
		again, err := list.Read(iotest.HalfReader(bytes.NewReader(file)))
		if err != nil || said(again) != said(l) {
			t.Errorf("another time it says another thing: %v", err)
		}
	})
}

func TestWhatIsWrittenBeginsNoFormulaAndReadsBack(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	cells := []string{"=1+1", "+1", "-1", "@x", "\tx", "\rx", "plain", "a,b", `a"b`, "two\nlines", ""}
	if err := list.Write(&b, [][]string{cells}); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != `'=1+1,'+1,'-1,'@x,'`+"\tx,\"'\rx\",plain,\"a,b\",\"a\"\"b\",\"two\nlines\",\n" {
		t.Errorf("got %q", got)
	}
	b.Reset()
	if err := list.Write(&b, [][]string{{"phone", "email"}, {"+13035550142", "ann@example.com"}}); err != nil {
		t.Fatal(err)
	}
	l, err := list.Read(&b)
	if err != nil || said(l) != "2: +13035550142 ann@example.com" {
		t.Errorf("got %v, %v", l, err)
	}
}

func TestEveryRowOfALargeListIsThereOnce(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("email\n")
	for i := range 10_000 {
		fmt.Fprintf(&b, "%sann%d@example.com\n", strings.Repeat("\n", rand.IntN(2)), i)
	}
	l, err := list.Read(strings.NewReader(b.String()))
	if err != nil || len(l.Rows) != 10_000 || len(l.Faults) != 0 {
		t.Fatal(err)
	}
	if !slices.IsSortedFunc(l.Rows, func(a, b list.Row) int { return a.Line - b.Line }) || l.Rows[9999].Emails[0] != "ann9999@example.com" {
		t.Error("not in the order of the file")
	}
}
