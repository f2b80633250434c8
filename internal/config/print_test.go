package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/joydevie/followup/internal/config"
)

var update = flag.Bool("update", false, "write the files in deploy anew")

func TestTheFilesInDeployAreWhatTheStructsSay(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(io.Writer){
		"env.example": config.Manual, "clinic.yaml": config.ClinicManual, "kubernetes/base/clinic.yaml": config.ClinicManual,
	} {
		var want bytes.Buffer
		write(&want)
		path := filepath.Join("..", "..", "deploy", name)
		if *update {
			if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Errorf("deploy/%s is stale (%v): run go test ./internal/config -update", name, err)
		}
	}
}

func TestTheManualIsAnEnvironmentThatStarts(t *testing.T) {
	t.Parallel()
	var manual bytes.Buffer
	config.Manual(&manual)
	var env []string
	names := map[string]bool{}
	for line := range strings.SplitSeq(manual.String(), "\n") {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "#"), "="); ok && !strings.Contains(name, " ") {
			names[name] = true
		}
		if line != "" && !strings.HasPrefix(line, "#") {
			env = append(env, line)
		}
		if len(line) > 80 && strings.HasPrefix(line, "# ") {
			t.Errorf("too long: %s", line)
		}
	}
	for _, name := range []string{"FOLLOWUP_REDIS_URL", "FOLLOWUP_KEYSET_FILE", "FOLLOWUP_LISTEN", "FOLLOWUP_REDIS_WAIT", "TWILIO_API_URL", "FOLLOWUP_TEST"} {
		if !names[name] {
			t.Errorf("%s is not in the manual", name)
		}
	}
	env = append(env, "FOLLOWUP_KEYSET_FILE="+file(t, "keyset", "k"), "FOLLOWUP_CLINIC="+file(t, "clinic.yaml", exampleFile()))
	if _, err := config.Load(env, config.Run); err != nil {
		t.Error(err)
	}
}

func TestPrintSaysWhereEachSettingComesFromAndShowsNoSecret(t *testing.T) {
	t.Parallel()
	key := file(t, "key", "kkkk")
	c, err := config.Load(slices.Concat(enough(t), sms, []string{"FOLLOWUP_KEYSET=", "FOLLOWUP_KEYSET_FILE=" + key, "FOLLOWUP_LISTEN=:80", "FOLLOWUP_TRUSTED_PROXIES=127.0.0.1"}), config.Run)
	if err != nil {
		t.Fatal(err)
	}
	var text, asJSON bytes.Buffer
	if err := c.Print(&text, false); err != nil {
		t.Fatal(err)
	}
	if err := c.Print(&asJSON, true); err != nil {
		t.Fatal(err)
	}
	squeezed := strings.Join(strings.Fields(text.String()), " ")
	for _, want := range []string{
		"FOLLOWUP_REDIS_URL (secret, set) environment", "FOLLOWUP_KEYSET (secret, set) file " + key, "FOLLOWUP_LISTEN :80 environment",
		"FOLLOWUP_ADMIN_LISTEN 127.0.0.1:8081 default", "FOLLOWUP_TRUSTED_PROXIES 127.0.0.1/32 environment", "FOLLOWUP_TEMPLATES not set",
		"TWILIO_API_SECRET (secret, not set) not set", "FOLLOWUP_REDIS_WAIT 0 default", "FOLLOWUP_TEST 0 default",
	} {
		if !strings.Contains(squeezed, want) {
			t.Errorf("%q is not in\n%s", want, text.String())
		}
	}
	var rows []struct {
		Name, Value, Source string
		Secret              bool
	}
	if err := json.Unmarshal(asJSON.Bytes(), &rows); err != nil || len(rows) != strings.Count(text.String(), "\n") || !rows[0].Secret || rows[0].Value != "(secret, set)" {
		t.Errorf("%v: %s", err, asJSON.String())
	}
	hidesSecrets(t, text.String()+asJSON.String())
}

func TestPrintShowsTheExampleClinicOfATestAndWhatCouldBeReadOfABadOne(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c, err := config.Load([]string{"FOLLOWUP_TEST=1", "FOLLOWUP_LISTEN=nowhere"}, config.Run)
	if err == nil {
		t.Fatal("starts")
	}
	if err := c.Print(&out, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"(the example clinic)", "nowhere"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

func TestNoPrintingOfTheSettingsShowsASecret(t *testing.T) {
	t.Parallel()
	c, err := config.Load(append(enough(t), sms...), config.Run)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb, c)
		fmt.Fprintf(&out, verb, &c)
		fmt.Fprintf(&out, verb, c.Keyset)
		fmt.Fprintf(&out, verb, []config.Secret{c.Keyset})
	}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("start", "config", c, "keyset", c.Keyset)
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", "config", c, "keyset", c.Keyset)
	hidesSecrets(t, out.String()+string(asJSON))
}

func hidesSecrets(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{"rpass", "spass", "kkkk", "ttoken", fmt.Sprintf("%x", "kkkk"), fmt.Sprintf("%x", "ttoken")} {
		if strings.Contains(text, secret) {
			t.Errorf("%s shows in\n%s", secret, text)
		}
	}
}
