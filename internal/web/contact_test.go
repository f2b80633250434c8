package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/intake"
)

const urlencoded = "application/x-www-form-urlencoded"

func TestTheFormStandsInBothLanguages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	en := w.ask(t, "GET", "/contact?page=/blog/rest%3Fx=1", "")
	must(t, en, 200, `<html lang="en">`, "tomorrow, Wednesday, 10 a.m., Denver time", `href="tel:988"`, `href="sms:988"`, `href="tel:911"`,
		`action="/contact"`, `name="language" value="en"`, `name="page" id="page" value="/blog/rest"`, "not watched around the clock",
		"You need not tell us about your health here", `autocomplete="email"`, `name="time_zone"`, `llama al 988 y oprime 2`)
	es := w.ask(t, "GET", "/contact?lang=es", "", "Accept-Language", "en")
	must(t, es, 200, `<html lang="es">`, `name="language" value="es"`, "mañana, miércoles, a las 10 a.m., hora de Denver", "oprime 2")
	must(t, w.ask(t, "GET", "/contact", "", "Accept-Language", "fr, es-MX;q=0.9, en;q=0.8"), 200, `<html lang="es">`)
	must(t, w.ask(t, "GET", "/contact", "", "Accept-Language", "fr"), 200, `<html lang="en">`)
	for _, page := range []string{en.Body.String(), es.Body.String()} {
		if strings.Index(page, `class="help"`) > strings.Index(page, "<textarea") {
			t.Error("the help stands below the free text")
		}
		if strings.Contains(page, " checked") || strings.Contains(page, "aria-invalid") {
			t.Error("a box is ticked, or a field is called wrong, before anybody typed")
		}
	}
}

func TestAClinicWithoutTextsDoesNotAskAboutThem(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Texts = false
	if page := w.ask(t, "GET", "/contact", "").Body.String(); strings.Contains(page, "consent_sms") || strings.Contains(page, `value="sms"`) {
		t.Error("the form asks about texts")
	}
}

func TestAFormIsTakenInHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	want := intake.Form{Name: "Ann Ü", Email: "ann@example.com", Phone: "303 555 0142", Message: "a\r\nb", ConsentSMS: "yes",
		ConsentEmail: "true", Preferred: "sms", Language: "es", TimeZone: "America/Denver", Page: "/blog"}
	values := url.Values{"name": {want.Name}, "email": {want.Email}, "phone": {want.Phone}, "message": {want.Message}, "consent_sms": {"yes"},
		"consent_email": {"no", "true"}, "preferred_channel": {"sms"}, "language": {"es"}, "time_zone": {want.TimeZone}, "page": {"/blog"}, "unknown": {"x"}}
	var parts bytes.Buffer
	mp := multipart.NewWriter(&parts)
	for name, all := range values {
		for _, v := range all {
			_ = mp.WriteField(name, v)
		}
	}
	file, _ := mp.CreateFormFile("name", "x.bin")
	_, _ = file.Write([]byte{0, 1, 2})
	_ = mp.Close()
	object := `{"name":"Ann Ü","email":"ann@example.com","phone":"303 555 0142","message":"a\r\nb","consent_sms":"yes","consent_email":true,
		"preferred_channel":"sms","language":"es","time_zone":"America/Denver","page":"/blog","unknown":{"deep":[1,{}]}}`
	for _, c := range []struct{ kind, body string }{
		{urlencoded, values.Encode()}, {urlencoded + "; charset=utf-8", values.Encode()},
		{mp.FormDataContentType(), parts.String()}, {"application/json; charset=utf-8", object},
	} {
		w := setup(t)
		out := w.ask(t, "POST", "/contact", c.body, "Content-Type", c.kind)
		if strings.HasPrefix(c.kind, "application/json") {
			must(t, out, 202)
			var answer map[string]string
			if err := json.Unmarshal(out.Body.Bytes(), &answer); err != nil || answer["id"] != "abc" || answer["status"] != "queued" || len(answer) != 2 {
				t.Errorf("%v: %s", err, out.Body)
			}
		} else {
			must(t, out, 303)
			if got := out.Header().Get("Location"); got != "/contact/thanks?email=1&lang=es&sent=1&sms=1795563660" {
				t.Errorf("Location %q", got)
			}
		}
		if len(w.got) != 1 || w.got[0] != want {
			t.Errorf("%s: took in %q", c.kind, w.got)
		}
	}
}

func TestAnAnswerIsJSONWhereThatIsWanted(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]int{
		"":                                  303,
		"*/*":                               303,
		"text/html,*/*;q=0.8":               303,
		"application/json":                  202,
		"application/json, text/plain, */*": 202,
		"text/html;q=0.5, application/json": 202,
		"application/json;q=0.5, text/html": 303,
		"application/json;q=0, */*":         303,
	} {
		w := setup(t)
		if out := w.ask(t, "POST", "/contact", "email=a@b.example", "Content-Type", urlencoded, "Accept", accept); out.Code != want {
			t.Errorf("Accept %q: %d, want %d", accept, out.Code, want)
		}
	}
}

func TestEveryFieldAtFaultIsNamed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	must(t, w.postForm(t, "language=es&name=Ann%22%3E&email=ann@@example.com&phone=555&message=hola&consent_email=on&consent_sms=maybe&page=/blog"), 422,
		`<html lang="es">`, `value="Ann&#34;&gt;"`, `value="ann@@example.com" aria-invalid="true" aria-describedby="either email-error"`,
		`href="#email">Revisa el correo: tiene más de un signo @.`, `id="email-error"`, `href="#phone"`, `id="phone-error"`, `href="#consent_sms"`, `id="consent_sms"`,
		"hola</textarea>", `name="consent_email" value="yes" checked`, `tabindex="-1" autofocus`, "<title>Error: ", "Revisa estas 3 cosas", `value="/blog"`)
	out := w.postJSON(t, `{"email":"a@@b","phone":"555","consent_sms":"maybe"}`)
	p := problemOf(t, out)
	if out.Code != 422 || fmt.Sprint(fieldsOf(p)) != "[email:email_two_at phone:phone consent_sms:tick]" || p.Errors[0].Message == "" {
		t.Errorf("%d %+v", out.Code, p)
	}
	if len(w.got) > 0 {
		t.Error("a form with faults was taken in")
	}
}

func TestAFormThatIsShownAgainKeepsItsToken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.FormToken = func(before string) string { return "after-" + before }
	must(t, w.ask(t, "GET", "/contact", ""), 200, `name="form_token" value="after-"`, `name="website"`)
	must(t, w.postForm(t, "email=ann@@example.com&form_token=first"), 422, `name="form_token" value="after-first"`)
	must(t, w.postForm(t, "email=ann@example.com&form_token=first&website=trap"), 303)
	if len(w.got) != 1 || w.got[0].Token != "first" || w.got[0].Trap != "trap" {
		t.Errorf("intake got %q and %q", w.got[0].Token, w.got[0].Trap)
	}
}

func fieldsOf(p problemBody) (all []string) {
	for _, e := range p.Errors {
		all = append(all, e.Field+":"+e.Code)
	}
	return all
}

func TestEveryFaultHasASentenceOfItsOwn(t *testing.T) {
	t.Parallel()
	pages := setup(t).Pages
	for _, code := range []string{intake.FaultReach, intake.FaultEmail, intake.FaultEmailTwoAts, intake.FaultPhone, intake.FaultTick,
		intake.FaultPreferred, intake.FaultTooLong, intake.FaultUnreadable, "type"} {
		if pages.Say("en", "fault."+code) == "" {
			t.Errorf("no sentence for %q", code)
		}
	}
	if got := pages.Fault("en", "name", "not yet known"); got != "Name: please check this." {
		t.Errorf("an unknown code says %q", got)
	}
}

func TestAWrongKindOfJSONValueNamesItsField(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := problemOf(t, w.postJSON(t, `{"email":"a@b.example","phone":3035550142,"name":["x"],"consent_sms":{},"consent_email":null,"message":true}`))
	if p.Status != 422 || fmt.Sprint(fieldsOf(p)) != "[name:type phone:type message:type consent_sms:type]" {
		t.Errorf("%+v", p)
	}
	must(t, w.postJSON(t, `{"email":"a@b.example","consent_sms":1,"consent_email":false,"name":null}`), 202)
	if f := w.got[0]; f.ConsentSMS != "1" || f.ConsentEmail != "false" || f.Name != "" {
		t.Errorf("%q", f)
	}
}

func TestBrokenTextReachesIntakeAndIsNamed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	must(t, w.postForm(t, "email=a@b.example&name=%ff%fe"), 422, `id="name-error"`)
	p := problemOf(t, w.postJSON(t, "{\"email\":\"a@b.example\",\"message\":\"x\xff\"}"))
	if p.Status != 422 || fmt.Sprint(fieldsOf(p)) != "[message:unreadable]" {
		t.Errorf("%+v", p)
	}
	must(t, w.postForm(t, "email=a@b.example%0d%0aBcc:+x&name=%00&message=100%+sure%zz"), 303)
	if f := w.got[0]; f.Name != "\x00" || f.Email != "a@b.example\r\nBcc: x" || f.Message != "100% sure%zz" {
		t.Errorf("%q", f)
	}
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	t.Parallel()
	big := "email=a@b.example&message=" + strings.Repeat("x", 64<<10)
	for _, c := range []struct {
		name, kind, body string
		status           int
	}{
		{"a form over 64 KiB", urlencoded, big, 413},
		{"JSON over 64 KiB", "application/json", `{"message":"` + big + `"}`, 413},
		{"multipart over 64 KiB", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=message\r\n\r\n" + big + "\r\n--b--\r\n", 413},
		{"XML", "text/xml", "<a/>", 415},
		{"no type", "", "email=a", 415},
		{"multipart without boundary", "multipart/form-data", "x", 400},
		{"multipart that ends early", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=message\r\n\r\nx", 400},
		{"JSON that is none", "application/json", `{"email":`, 400},
		{"an empty body", "application/json", ``, 400},
		{"a JSON array", "application/json", `[]`, 400},
		{"a JSON field twice", "application/json", `{"email":"a@b.example","email":"c@d.example"}`, 400},
		{"a field twice, one escaped", "application/json", `{"email":"a@b.example","\u0065mail":"c@d.example"}`, 400},
		{"garbage after the object", "application/json", `{"email":"a@b.example"} {}`, 400},
		{"JSON deeper than any form", "application/json", `{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}", 400},
	} {
		w := setup(t)
		out := w.ask(t, "POST", "/contact", c.body, "Content-Type", c.kind, "Accept", "text/html")
		if out.Code != c.status || len(w.got) > 0 {
			t.Errorf("%s: %d, want %d", c.name, out.Code, c.status)
		}
		if c.kind == "application/json" {
			problemOf(t, out)
		} else {
			must(t, out, c.status, "(303) 555-0100", "988")
		}
	}
	w := setup(t)
	must(t, w.postForm(t, "email=a@b.example&message="+strings.Repeat("x", 60_000)+strings.Repeat("&f=1", 1000)), 303)
	must(t, w.postJSON(t, `{"email":"a@b.example","a":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+"}"), 202)
}

func TestAMethodThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for path, allow := range map[string]string{"/contact": "GET, HEAD, POST", "/contact/thanks": "GET, HEAD", "/static/look.css": "GET, HEAD", "/u/x": "GET, HEAD, POST"} {
		out := w.ask(t, "DELETE", path, "")
		if out.Code != 405 || out.Header().Get("Allow") != allow {
			t.Errorf("%s: %d, Allow %q", path, out.Code, out.Header().Get("Allow"))
		}
	}
	must(t, w.ask(t, "HEAD", "/contact", ""), 200)
}

func TestNobodyIsToldThatALostMessageArrived(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Intake = submitFunc(func(context.Context, intake.Form, intake.Origin) (intake.Receipt, error) {
		return intake.Receipt{}, errStore
	})
	must(t, w.postForm(t, "email=a@b.example&message=long+words&consent_sms=yes"), 503,
		"Your message has not been sent", "(303) 555-0100", `href="tel:988"`, "long words</textarea>", `value="a@b.example"`, `name="consent_sms" value="yes" checked`)
	p := problemOf(t, w.postJSON(t, `{"email":"a@b.example"}`))
	if p.Status != 503 || !strings.Contains(p.Help, "(303) 555-0100") || !strings.Contains(p.Help, "988") {
		t.Errorf("%+v", p)
	}
}

func TestTheThankYouPageSaysWhatHappensNext(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, has, lacks string }{
		{"sent=1&email=1", "sending an email to you now", "text to your phone"},
		{"sent=1&email=1&sms=1795563660", "sending a text to your phone now", "not before"},
		{"sent=1&email=1&sms=4102444800", "sending an email to you now", "text to your phone"},
		{"sent=1&email=1&sms=x", "sending an email to you now", "text to your phone"},
		{"sent=1&call=1", "A person calls you by", "email to you"},
		{"sent=1", "No email and no text will come", "calls you"},
		{"sent=1&lang=es&call=1", "Una persona te llama a más tardar", "A person"},
		{"", "Thank you for writing", "We have your message"},
	} {
		out := setup(t).ask(t, "GET", "/contact/thanks?"+c.query, "")
		must(t, out, 200, c.has, `href="tel:988"`, "10 a.m.")
		if strings.Contains(out.Body.String(), c.lacks) {
			t.Errorf("%q: the page says %q", c.query, c.lacks)
		}
	}
	// Only a text, and only tomorrow: it also says by when somebody calls.
	must(t, setup(t).ask(t, "GET", "/contact/thanks?sent=1&sms=1795628460", ""), 200,
		"follows when texts may go, not before:", "tomorrow, Wednesday, 10:41 a.m., Denver time", "A person calls you by")
}

func TestAnIdempotencyKeyIsPassedOnOrRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	must(t, w.ask(t, "POST", "/contact", `{"email":"a@b.example"}`, "Content-Type", "application/json", "Idempotency-Key", "k-1"), 202)
	if w.from[0].IdempotencyKey != "k-1" {
		t.Errorf("%q", w.from[0].IdempotencyKey)
	}
	for _, bad := range []string{"", "a b", "ü", strings.Repeat("k", 256), "a\x00"} {
		out := w.ask(t, "POST", "/contact", `{"email":"a@b.example"}`, "Content-Type", "application/json", "Idempotency-Key", bad)
		if p := problemOf(t, out); p.Status != 400 || !strings.Contains(p.Detail, "Idempotency-Key") {
			t.Errorf("%q: %+v", bad, p)
		}
	}
	if out := w.ask(t, "POST", "/contact", `{}`, "Content-Type", "application/json", "Idempotency-Key", "a", "Idempotency-Key", "b"); out.Code != 400 {
		t.Errorf("two keys: %d", out.Code)
	}
}

func FuzzContactForm(f *testing.F) {
	f.Add(urlencoded, "name=Ann&email=ann%40example.com&consent_sms=yes")
	f.Add("application/json", `{"email":"a@b.example","consent_sms":true,"x":[{}]}`)
	f.Add("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@b.example\r\n--b--\r\n")
	f.Add("application/json", "{\"name\":\"\xff\\ud800\"}")
	f.Add(urlencoded, "%00=%&&=;name=\r\n&language=es&page=//x&lang=\xff")
	w := setup(f)
	h := w.handler(f)
	f.Fuzz(func(t *testing.T, kind, body string) {
		for _, accept := range []string{"text/html", "application/json"} {
			out := askHandler(h, "POST", "/contact", body, "Content-Type", kind, "Accept", accept)
			if out.Code >= 500 || out.Code < 200 {
				t.Fatalf("%q as %q: %d", body, kind, out.Code)
			}
			if out.Code != 303 && out.Body.Len() == 0 {
				t.Fatalf("%q as %q: %d without a word", body, kind, out.Code)
			}
		}
	})
}
