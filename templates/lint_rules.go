package templates

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// rule is a demand on a message beyond its words. check says what is wrong,
// "" if nothing is, and under which key of the front matter to look for it.
type rule struct {
	name  string
	cure  string // with the reason
	check func(w *wording, r Rendered) (what, key string)
}

func rules() []rule {
	return []rule{
		{"sms-first", "the first text names the sender and says STOP, HELP and that rates may apply (CTIA Messaging Principles 5.1; 47 CFR 64.1200(a)(10))", firstSMS},
		{"sms-stop", "every follow-up says how to stop it: Reply STOP to stop", followUpSMS},
		{"sms-keyword", "these words opt a person out (47 CFR 64.1200(a)(10)); ask for a call or for other words", keywordSMS},
		{"sms-link", "carriers filter texts with several links, and with links that are not the clinic's: one {{some_url}} at most", linkSMS},
		{"followup-footer", "commercial mail needs a way out, a postal address and the reason (15 USC 7704(a)(5)); take in {{> footer-followup}}", followUpFooter},
		{"help", "whoever reads it must find help at any hour; take in {{> help}} or {{> help-short}}", help},
		{"transactional", "a confirmation that offers something is advertising (16 CFR 316.3); move it to a follow-up", transactional},
		{"grade", "write shorter sentences and shorter words: eight years of school must do", grade},
	}
}

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

func followUpFooter(w *wording, _ Rendered) (string, string) {
	if w.src.front.Class != classFollowUp {
		return "", ""
	}
	if !w.dests["unsubscribe_url"] {
		return "no link to {{unsubscribe_url}}", "class"
	}
	for _, name := range []string{"postal", "written_on"} {
		if !slices.ContainsFunc(w.text, func(s step) bool { return s.do == value && w.table[s.field].name == name }) {
			return "no {{" + name + "}} in the body", "class"
		}
	}
	return "", ""
}

func help(w *wording, _ Rendered) (string, string) {
	if c := w.src.front.Class; c != classConfirmation && c != classFollowUp {
		return "", ""
	}
	for _, dest := range literalLinks {
		if !w.dests[dest] {
			return "no link to " + dest, "class"
		}
	}
	return "", ""
}

func transactional(w *wording, _ Rendered) (string, string) {
	if w.src.front.Class != classConfirmation {
		return "", ""
	}
	if slices.ContainsFunc(slices.Concat(w.inEmail, w.inSMS), func(f field) bool { return f.name == "booking_url" }) {
		return "{{booking_url}} in a confirmation", "class"
	}
	return "", ""
}

func grade(w *wording, r Rendered) (string, string) {
	if w.src.front.Class == classStaff {
		return "", ""
	}
	score, easy, scale := readability(r.Text, w.src.language)
	if easy {
		return "", ""
	}
	return fmt.Sprintf("hard to read: %s %.1f", scale, score), "class"
}

// lintShape checks the front matter itself.
func lintShape(w *wording) {
	f := w.src.front
	classes := []string{classConfirmation, classFollowUp, classReminder, classReply, classStaff}
	if !slices.Contains(classes, f.Class) {
		w.report("class", w.src.keyLine("class"), fmt.Sprintf("the unknown class %q", f.Class), "use one of "+strings.Join(classes, ", "))
	}
	if f.Subject == "" || f.Preheader == "" {
		w.report("class", 1, "no subject or no preheader", "write both: the preheader is the second line in a list of messages")
	}
	if !slices.Contains(languages, w.src.language) {
		w.report("languages", 1, fmt.Sprintf("the unknown language %q", w.src.language), "name the file NAME.LANG.md, with en or es")
	}
}

// lintFields checks that each value stands where it may, and that the sample
// has those in use and no others.
func lintFields(w *wording) {
	used := map[string]bool{}
	for i := range w.line {
		for _, s := range w.line[i] {
			if s.do == literal {
				continue
			}
			f := w.table[s.field]
			if i == smsLine && !f.sms || i != smsLine && !f.subject {
				w.report("field-in-view", w.src.keyLine(lineNames[i]), "{{"+f.name+"}} in the "+lineNames[i], "a lock screen shows it; use it in the body alone")
			}
		}
	}
	for _, f := range slices.Concat(w.inEmail, w.inSMS) {
		if used[f.name] {
			continue
		}
		used[f.name] = true
		if f.staff && w.src.front.Class != classStaff {
			w.report("echo", w.src.keyLine("class"), "{{"+f.name+"}} in a message to the person", "what was typed is shown to staff alone: else the form sends anyone's words in the clinic's name")
		}
		if _, ok := w.src.front.Sample[f.name]; !ok {
			w.report("sample", w.src.keyLine("sample"), "no sample of "+f.name, "add one, so that the message can be checked and shown")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.src.front.Sample)) {
		if !used[name] {
			w.report("sample", w.src.keyLine("sample"), "a sample of "+name+", which the message does not use", "delete it, or mend its name")
		}
	}
}

// lintLanguages checks that a message speaks every language, as one class and
// over the same channels.
func lintLanguages(name string, m *message) []error {
	var faults []error
	var first *wording
	for _, language := range languages {
		w, ok := m.wordings[language]
		if !ok {
			faults = append(faults, fault{"messages/" + name + "." + language + ".md", 1, "no such file", "write the message in each language", "languages"})
			continue
		}
		if first == nil {
			first = w
			continue
		}
		a, b := first.src.front, w.src.front
		if a.Class != b.Class {
			faults = append(faults, fault{w.src.file, w.src.keyLine("class"), "another class than " + first.src.file, "make both the same", "languages"})
		}
		if (a.SMS == "") != (b.SMS == "") {
			faults = append(faults, fault{w.src.file, w.src.keyLine("sms"), "an SMS in one language alone", "write it in both, or in none", "languages"})
		}
	}
	return faults
}
