package smtp

import (
	"fmt"
	"strings"
	"testing"
)

func TestAURLSaysHostPortUserAndPolicy(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]relay{
		"smtp://mail.example":                                 {"mail.example", "587", "", "", tlsRequired},
		"smtp://mail.example/":                                {"mail.example", "587", "", "", tlsRequired},
		"smtp://u:p@mail.example:25?tls=required":             {"mail.example", "25", "u", "p", tlsRequired},
		"smtps://apikey:SG.a%2Fb%3Ac%40d%23e@smtp.example":    {"smtp.example", "465", "apikey", "SG.a/b:c@d#e", tlsFromStart},
		"smtps://mail.example:4650?tls=required":              {"mail.example", "4650", "", "", tlsFromStart},
		"smtp://me%40clinic.example:p%25@[::1]:2525?tls=none": {"::1", "2525", "me@clinic.example", "p%", tlsNone},
		"smtp://localhost:1025?tls=opportunistic":             {"localhost", "1025", "", "", tlsOpportunistic},
	} {
		if got, err := parse(in); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", in, got, err)
		}
	}
}

func TestAWrongURLIsNamedWithoutRepeatingIt(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t"
	for _, in := range []string{
		"", "mail.example:587", "http://u:" + secret + "@mail.example", secret + "://mail.example",
		"smtp://u:" + secret + "/x@mail.example", "smtp://u:" + secret + "#x@mail.example", "smtp://u:" + secret + "?x@mail.example",
		"smtp://u:" + secret + "%@mail.example", "smtp://u:" + secret + " x@mail.example", "smtp://u:" + secret + "@",
		"smtp://u:" + secret + "@mail.example:0", "smtp://u:" + secret + "@mail.example:70000",
		"smtp://u:" + secret + "@mail.example?tls=" + secret, "smtp://u:" + secret + "@mail.example?" + secret + "=1",
		"smtp://u:" + secret + "@mail.example/path", "smtp://u:" + secret + "@mail.example#" + secret,
		"smtp://" + secret + "@mail.example", "smtp://:" + secret + "@mail.example", "smtp://u:" + secret + "%00@mail.example",
		"smtps://u:" + secret + "@mail.example?tls=none", "smtps://u:" + secret + "@mail.example?tls=opportunistic",
	} {
		_, err := New(in, Options{From: "hello@clinic.example"})
		if err == nil {
			t.Errorf("%s: was taken", in)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error repeats the secret: %v", in, err)
		}
	}
}

func TestARelayPrintsWithoutItsPassword(t *testing.T) {
	t.Parallel()
	r, err := parse("smtp://u53r:s3cr3t@mail.example")
	if err != nil {
		t.Fatal(err)
	}
	if said := fmt.Sprintf("%v %+v %s", r, r, r); strings.Contains(said, "s3cr3t") || strings.Contains(said, "u53r") {
		t.Errorf("printed %s", said)
	}
}

func FuzzParseNeverPanicsOrRepeats(f *testing.F) {
	f.Add("smtp://u:p@h:1?tls=none")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := parse(s); err != nil && len(s) > 12 && strings.Contains(err.Error(), s) {
			t.Errorf("%q is in the error", s)
		}
	})
}
