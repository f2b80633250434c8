package templates

import (
	"fmt"
	"slices"
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
		{"sms-sender", "a text from an unknown number is taken for fraud: begin it with {{sender}}:", senderSMS},
		{"sms-stop", "every follow-up says how to stop it: Reply STOP to stop", followUpSMS},
		{"sms-keyword", "these words opt a person out (47 CFR 64.1200(a)(10)); ask for a call or for other words", keywordSMS},
		{"sms-trap", "STOP ends every text, whatever it was meant for; write it as: Reply STOP to stop", trapSMS},
		{"sms-link", "carriers filter texts with several links, and with links that are not the clinic's: one {{some_url}} at most", linkSMS},
		{"sms-longest", "two segments must do for everybody: shorten it by some words", longestSMS},
		{"sms-help", "who asks for help, or writes when nobody reads, must find it in the text itself: call 911, call or text 988", helpSMS},
		{"followup-footer", "commercial mail needs a way out, a postal address and the reason (15 USC 7704(a)(5)); take in {{> footer-followup}}", followUpFooter},
		{"help", "whoever reads it must find help at any hour; take in {{> help}} or {{> help-short}}", help},
		{"transactional", "a confirmation that offers something is advertising (16 CFR 316.3); move it to a follow-up", transactional},
		{"reply-plain", "an answer to STOP or HELP carries no offer (47 CFR 64.1200(a)(12)); move it to a follow-up", replyPlain},
		{"grade", "write shorter sentences and shorter words: eight years of school must do", grade},
	}
}

// The rules that are checked elsewhere, since they look at more than one
// message as it reads.
const (
	ruleSyntax    = "syntax"
	ruleClass     = "class"
	ruleBody      = "body"
	ruleLanguages = "languages"
	ruleView      = "field-in-view"
	ruleEcho      = "echo"
	ruleSample    = "sample"
	ruleSize      = "sms-size"
	ruleAlphabet  = "sms-alphabet"
	ruleFolder    = "folder"
	ruleClinic    = "clinic"
	ruleOwnLink   = "link-own"
)

// Rule is a demand on every message, with its reason or its cure.
type Rule struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}

// Rules lists all that messages are held to.
func Rules() []Rule {
	all := []Rule{
		{ruleSyntax, "a file must read as front matter and a body of paragraphs, ## headings, - lists, > panels, links and {{fields}}"},
		{ruleClass, "what a message must say and must not say hangs on its class; the preheader is the second line in a list of messages"},
		{ruleBody, "the text part and the HTML part are both made of the body"},
		{ruleLanguages, "who chose a language on the form keeps it in every message"},
		{ruleView, "a lock screen shows the subject, the preheader and the SMS to whoever holds the phone"},
		{ruleEcho, "what was typed into the form is shown to staff alone: else the form sends anyone's words in the clinic's name"},
		{ruleSample, "a message is checked and shown with its sample"},
		{ruleSize, "an SMS of more than two segments costs more and is cut or dropped by some carriers"},
		{ruleAlphabet, "one character outside GSM-7 makes an SMS UCS-2, which has 70 places where GSM-7 has 160"},
		{ruleFolder, "a file in the wrong place would change nothing, in silence"},
		{ruleClinic, "a message must be writable with the clinic's own name, address and links"},
		{ruleOwnLink, "carriers drop texts whose links are not on the sender's own domain"},
	}
	for _, r := range wordRules() {
		all = append(all, Rule{r.name, r.why})
	}
	for _, r := range rules() {
		all = append(all, Rule{r.name, r.cure})
	}
	return all
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

func replyPlain(w *wording, _ Rendered) (string, string) {
	if w.src.front.Class != classReply {
		return "", ""
	}
	if slices.ContainsFunc(slices.Concat(w.inEmail, w.inSMS), func(f field) bool { return f.name == "booking_url" }) {
		return "{{booking_url}} in a reply", "class"
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
