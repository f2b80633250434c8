package safety

import (
	"os"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func screen(t testing.TB) *Screen {
	t.Helper()
	s, err := Replies()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type weighed struct{ kind, flag, lang, text string }

func replies(t testing.TB) []weighed {
	t.Helper()
	data, err := os.ReadFile("testdata/replies.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var all []weighed
	for line := range strings.SplitSeq(strings.TrimSuffix(string(data), "\n"), "\n") {
		if f := strings.SplitN(line, "\t", 4); len(f) == 4 {
			all = append(all, weighed{f[0], f[1], f[2], f[3]})
		}
	}
	if len(all) < 150 {
		t.Fatalf("only %d replies", len(all))
	}
	return all
}

func TestEveryWeighedReplyIsReadAsItWasWeighed(t *testing.T) {
	t.Parallel()
	s := screen(t)
	for _, w := range replies(t) {
		got := s.Read(w.text)
		flag := string(got.Flag)
		if flag == "" {
			flag = "-"
		}
		if string(got.Kind) != w.kind || flag != w.flag {
			t.Errorf("%q: %s, flag %s by rule %s; weighed as %s, %s", w.text, got.Kind, flag, got.Rule, w.kind, w.flag)
		}
	}
}

func TestWhatStandsAroundAReplyDoesNotMatter(t *testing.T) {
	t.Parallel()
	s := screen(t)
	for _, w := range replies(t) {
		if w.text == "" {
			continue
		}
		same(t, s, w.text)
	}
}

// same holds that a text is read alike in any case and punctuation.
func same(t *testing.T, s *Screen, text string) {
	t.Helper()
	want := s.Read(text)
	for _, other := range []string{
		strings.ToUpper(text), strings.ToLower(text), strings.ToTitle(text), "  " + text + "\r\n", text + "!!!", "…" + text + " ?", "(" + text + ")",
		strings.ReplaceAll(text, " ", "  "), strings.ReplaceAll(text, " ", ", "), strings.ReplaceAll(text, " ", "\u00a0"), text + " 👍🏽", "🙂 " + text,
	} {
		if got := s.Read(other); got != want && want.Rule != ruleEmpty && want.Rule != "stop-sign" {
			t.Errorf("%q is %+v, %q is %+v", text, want, other, got)
		}
	}
}

func TestEveryWordOfTheLawOptsOut(t *testing.T) {
	t.Parallel()
	s := screen(t)
	for _, word := range []string{"stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe", "stopall", "optout"} {
		if r := s.Read(word); r.Kind != OptOut || !r.Bare {
			t.Errorf("%s: %+v", word, r)
		}
	}
	for _, word := range []string{"yes", "comenzar", "restart", "start again tomorrow", "can you start"} {
		if r := s.Read(word); r.Kind == OptIn {
			t.Errorf("%s opts in", word)
		}
	}
}

func TestWhatIsUnclearSaysSo(t *testing.T) {
	t.Parallel()
	s := screen(t)
	for text, rule := range map[string]string{
		"stop maybe": ruleUnclear, "not interested": ruleUnclear, "my lawyer will hear of this": ruleUnclear, "see you then": ruleMessage, "": ruleEmpty, "?!": ruleEmpty,
	} {
		if r := s.Read(text); r.Kind != Other || r.Rule != rule {
			t.Errorf("%q: %+v, want %s", text, r, rule)
		}
	}
}

func TestABadRuleIsNamedByItsLine(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"nonsense\tx", "keyword\ten\tstop\toptout\t-\tSTOP\treason", "keyword\ten\tstop\tnever\t-\tstop\treason", "keyword\ten\tstop\toptout\t-\tstop\t",
		"wish\ten\tx\t-\t[a] b\treason", "wish\ten\tx\t-\t@none b\treason", "wish\ten\tx\tgrave\ta b\treason", "mask\ten\tx\t*x\treason", "mask\ten\tA\ta\treason",
		"keyword\ten\tstop\toptout\t-\tstop,stop\treason",
	} {
		if _, err := compile("version\tv\n" + bad); err == nil || !strings.Contains(err.Error(), ":2: ") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := compile(""); err == nil {
		t.Error("rules without a version were taken")
	}
}

func TestTheLongestReplyTakesLessThanAMillisecond(t *testing.T) {
	t.Parallel()
	s := screen(t)
	texts := []string{strings.Repeat("stop ", 320), strings.Repeat("no more want the these ", 70), strings.Repeat("s t ", 400), strings.Repeat("😀", 800)}
	// The worst for each rule: nothing but words that it takes, in its order.
	seen := map[*pattern]bool{}
	for _, list := range []index{s.masks, s.wishes, s.notes} {
		for _, patterns := range list {
			for _, p := range patterns {
				if !seen[p] {
					seen[p] = true
					texts = append(texts, worst(s, p))
				}
			}
		}
	}
	for _, text := range texts {
		best := time.Hour
		for range 5 {
			start := time.Now()
			s.Read(text)
			best = min(best, time.Since(start))
		}
		if limit := time.Millisecond * slow; best > limit {
			t.Errorf("%.20q… takes %s", text, best)
		}
	}
}

// worst repeats the optional words of a pattern for as long as a text may be.
func worst(s *Screen, p *pattern) string {
	var words []string
	for word, id := range s.words {
		for _, step := range p.steps {
			if step.words[id] && (step.optional > 0 || len(words) == 0) {
				words = append(words, word)
			}
		}
	}
	var b strings.Builder
	for i := 0; b.Len() < 1600; i++ {
		b.WriteString(words[i%len(words)] + " ")
	}
	return b.String()[:1600]
}

func FuzzReply(f *testing.F) {
	s := screen(f)
	for _, w := range replies(f) {
		f.Add(w.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4000 || !utf8.ValidString(text) {
			s.Read(text)
			return
		}
		r := s.Read(text)
		if r.Kind == "" || r.Rule == "" {
			t.Fatalf("%q: %+v", text, r)
		}
		for _, c := range text {
			// Letters whose two cases decompose into different letters are no
			// matter of ours: none is in a word of the rules.
			if c > unicode.MaxLatin1 {
				return
			}
		}
		same(t, s, text)
	})
}

func BenchmarkReply(b *testing.B) {
	s := screen(b)
	b.ReportAllocs()
	for b.Loop() {
		s.Read("Please, could you take me off your list and stop sending me messages?")
	}
}
