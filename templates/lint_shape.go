package templates

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// lintShape checks the front matter itself.
func lintShape(w *wording) {
	f := w.src.front
	classes := []string{classConfirmation, classFollowUp, classReminder, classReply, classStaff}
	if !slices.Contains(classes, f.Class) {
		w.report(ruleClass, w.src.keyLine("class"), fmt.Sprintf("the unknown class %q", f.Class), "use one of "+strings.Join(classes, ", "))
	}
	if f.Attach != "" && f.Attach != attachAppointment {
		w.report(ruleClass, w.src.keyLine("attach"), fmt.Sprintf("the unknown attachment %q", f.Attach), "write attach: "+attachAppointment+", or leave it out")
	}
	if f.Subject == "" || f.Preheader == "" {
		w.report(ruleClass, 1, "no subject or no preheader", "write both: the preheader is the second line in a list of messages")
	}
	if !slices.ContainsFunc(w.text, func(s step) bool { return s.do == value || s.do == literal && strings.TrimSpace(s.text) != "" }) {
		w.report(ruleBody, len(w.src.head)+1, "no text below the front matter", "write the body: both parts of the email are made of it")
	}
	if !slices.Contains(languages, w.src.language) {
		w.report(ruleLanguages, 1, fmt.Sprintf("the unknown language %q", w.src.language), "name the file NAME.LANG.md, with en or es")
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
				w.report(ruleView, w.src.keyLine(lineNames[i]), "{{"+f.name+"}} in the "+lineNames[i], "a lock screen shows it; use it in the body alone")
			}
		}
	}
	for _, f := range slices.Concat(w.inEmail, w.inSMS) {
		if used[f.name] {
			continue
		}
		used[f.name] = true
		if f.staff && w.src.front.Class != classStaff {
			w.report(ruleEcho, w.src.keyLine("class"), "{{"+f.name+"}} in a message to the person", "what was typed is shown to staff alone: else the form sends anyone's words in the clinic's name")
		}
		if _, ok := w.src.front.Sample[f.name]; !ok {
			w.report(ruleSample, w.src.keyLine("sample"), "no sample of "+f.name, "add one, so that the message can be checked and shown")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.src.front.Sample)) {
		if !used[name] {
			w.report(ruleSample, w.src.keyLine("sample"), "a sample of "+name+", which the message does not use", "delete it, or mend its name")
		}
	}
}

// lintLanguages checks that a message speaks every language, as one class and
// over the same channels.
func lintLanguages(name string, m *message) Faults {
	var faults Faults
	var first *wording
	for _, language := range languages {
		w, ok := m.wordings[language]
		if !ok {
			faults = append(faults, Fault{"messages/" + name + "." + language + ".md", 1, ruleLanguages, "no such file", "write the message in each language"})
			continue
		}
		if first == nil {
			first = w
			continue
		}
		a, b := first.src.front, w.src.front
		if a.Class != b.Class {
			faults = append(faults, Fault{w.src.file, w.src.keyLine("class"), ruleLanguages, "another class than " + first.src.file, "make both the same"})
		}
		if a.Attach != b.Attach {
			faults = append(faults, Fault{w.src.file, w.src.keyLine("attach"), ruleLanguages, "another attachment than " + first.src.file, "make both the same"})
		}
		if (a.SMS == "") != (b.SMS == "") {
			faults = append(faults, Fault{w.src.file, w.src.keyLine("sms"), ruleLanguages, "an SMS in one language alone", "write it in both, or in none"})
		}
	}
	return faults
}
