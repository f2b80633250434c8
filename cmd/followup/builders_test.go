package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// A site builder's form goes the way of every form; what no mapping fits reaches
// the staff, whole, and nobody else.
func TestABuildersFormIsAnsweredAndOneNobodyKnowsReachesTheStaff(t *testing.T) {
	t.Parallel()
	const key = "0123456789abcdef0123456789abcdef"
	w := newClinicWorld(t)
	file := clinicFile(t, "forms:\n  website: {name: your-name, email: your-email, phone: your-phone, message: your-message}")
	p := launch(t, append(w.env, "FOLLOWUP_CLINIC="+file, "FOLLOWUP_FORMS_KEY="+key), "run")
	base := p.port("public")
	post := func(path, body string) (int, string) {
		answer, err := http.Post(base+path+"?key="+key, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		return answer.StatusCode, string(text)
	}

	if status, body := post("/forms/website", `{"your-name":"Canaria","your-email":"canaria.vogelsang@mailbox.example","your-message":"zebra crossing words"}`); status != http.StatusOK {
		t.Fatal(status, body)
	}
	eventually(t, "the confirmation and the note", func() bool {
		return len(w.mailTo("canaria.vogelsang@mailbox.example")) == 1 && len(w.mailTo("desk@joydevie.example")) == 1
	})

	if status, body := post("/forms/wix", `{"mail":"other.vogelsang@mailbox.example","tel":"303 555 0142","text":"zebra stripes"}`); status != http.StatusUnprocessableEntity || !strings.Contains(body, `"kept":true`) {
		t.Fatal(status, body)
	}
	eventually(t, "the note of what nobody knows", func() bool { return len(w.mailTo("desk@joydevie.example")) == 2 })
	note := w.mail.Messages()[len(w.mail.Messages())-1]
	for _, words := range []string{"mail: other.vogelsang@mailbox.example", "tel: 303 555 0142", "text: zebra stripes"} {
		if !strings.Contains(note.Text, words) {
			t.Errorf("the note lacks %q: %s", words, note.Text)
		}
	}
	if sent := len(w.mail.Messages()); sent != 3 || len(w.twilio.Messages()) != 0 {
		t.Errorf("%d emails and %d texts went out", sent, len(w.twilio.Messages()))
	}
	if code := p.stop(); code != 0 {
		t.Errorf("stopped with %d", code)
	}
	w.nothingPersonal(p)
	if strings.Contains(p.log.String(), key) {
		t.Error("the key stands in the log")
	}
}

func TestFormsWithoutAKeyStopTheStart(t *testing.T) {
	t.Parallel()
	w := newClinicWorld(t)
	for forms, want := range map[string]string{
		"forms: {website: {email: x}}": "FOLLOWUP_FORMS_KEY: missing: the clinic's file has forms",
		"forms: {website: {email: x, consent_email: y, consent_version: 1999-01-01}}": `forms.website.consent_version: "1999-01-01" are no words of ours`,
	} {
		p := launch(t, append(w.env, "FOLLOWUP_CLINIC="+clinicFile(t, forms)), "serve")
		if code := p.wait(); code != failed || !strings.Contains(p.log.String(), want) {
			t.Errorf("%s: ended with %d: %s", forms, code, p.log)
		}
	}
}
