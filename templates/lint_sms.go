package templates

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

func firstSMS(w *wording, _ Rendered) (string, string) {
	sms := w.src.front.SMS
	if w.src.front.Class != classConfirmation || sms == "" {
		return "", ""
	}
	rates := map[string]string{"en": "msg & data rates may apply", "es": "pueden aplicarse tarifas de mensajes y datos"}[w.src.language]
	for _, need := range []string{"{{sender}}", "STOP", "HELP"} {
		if !strings.Contains(sms, need) {
			return "the first SMS lacks " + need, "sms"
		}
	}
	if !strings.Contains(fold(sms), rates) {
		return "the first SMS lacks “" + rates + "”", "sms"
	}
	return "", ""
}

func followUpSMS(w *wording, _ Rendered) (string, string) {
	if sms := w.src.front.SMS; w.src.front.Class == classFollowUp && sms != "" && !strings.Contains(sms, "STOP") {
		return "the SMS lacks STOP", "sms"
	}
	return "", ""
}

var optOutRequest = regexp.MustCompile(`\b(CANCEL|END|QUIT|UNSUBSCRIBE|REVOKE|OPTOUT|STOPALL|CANCELAR|FIN|BAJA)\b|` +
	`(?i)\b(?:reply|text|send|responde|env[ií]a|contesta|manda|escribe)\W+(?:\w+\W+){0,2}?(cancel|end|quit|unsubscribe|revoke|cancelar|fin|baja)\b`)

func keywordSMS(w *wording, _ Rendered) (string, string) {
	if m := optOutRequest.FindString(w.src.front.SMS); m != "" {
		return fmt.Sprintf("the SMS asks for %q", m), "sms"
	}
	return "", ""
}

// stopMeansStop is the one use of STOP that does what it says.
var stopMeansStop = regexp.MustCompile(`STOP (to (stop|end|opt out)|para (parar|no recibir))`)

func trapSMS(w *wording, _ Rendered) (string, string) {
	sms := w.src.front.SMS
	if strings.Count(sms, "STOP") > len(stopMeansStop.FindAllString(sms, -1)) {
		return "the SMS asks for STOP, and does not say that it stops the texts", "sms"
	}
	return "", ""
}

func senderSMS(w *wording, _ Rendered) (string, string) {
	if sms := w.src.front.SMS; sms != "" && !strings.HasPrefix(strings.ReplaceAll(sms, " ", ""), "{{sender}}:") {
		return "the SMS does not begin with {{sender}}:", "sms"
	}
	return "", ""
}

// longestSMS fills every value to the longest it gets.
func longestSMS(w *wording, r Rendered) (string, string) {
	if r.SMS == "" {
		return "", ""
	}
	text := w.longest()
	if n, _ := Segments(text); n > maxSegments {
		return fmt.Sprintf("%d segments with the longest values: %d of %d places", n, Places(text), 153*maxSegments), "sms"
	}
	return "", ""
}

// longest is the SMS with the longest values.
func (w *wording) longest() string {
	var v values
	for _, f := range w.inSMS {
		v[f.at] = strings.Repeat("W", max(f.most, 1))
	}
	text, _ := w.line[smsLine].line(&v, w.table) // no value is missing
	return text
}

// beyondGSM lists the characters that make a text UCS-2.
func beyondGSM(text string) string {
	var found []string
	for _, r := range text {
		if name := fmt.Sprintf("“%c” (%U)", r, r); gsmPlaces(r) == 0 && !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return strings.Join(found, ", ")
}

func helpSMS(w *wording, r Rendered) (string, string) {
	if (w.src.name == "help" || w.src.name == "out-of-hours") && !(strings.Contains(r.SMS, "911") && strings.Contains(r.SMS, "988")) {
		return "the SMS lacks 911 or 988", "sms"
	}
	return "", ""
}

func linkSMS(w *wording, _ Rendered) (string, string) {
	urls := 0
	for _, s := range w.line[smsLine] {
		if s.do == value && w.table[s.field].url {
			urls++
		}
	}
	sms := strings.ToLower(w.src.front.SMS)
	if urls > 1 || strings.Contains(sms, "://") || strings.Contains(sms, "www.") {
		return "the SMS has several links, or spells one out", "sms"
	}
	return "", ""
}
