package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// screenWidth is what fits every terminal of a front desk, in columns.
const screenWidth = 100

// grid is rows of columns. Its last column takes what the others leave of the
// screen, in as many lines as it needs; no word is cut off.
type grid struct {
	head []string
	rows [][]string
}

func (t *grid) add(cells ...string) { t.rows = append(t.rows, cells) }

// print writes the rows; without rows nothing.
func (t *grid) print(sys system) error {
	if len(t.rows) == 0 {
		return nil
	}
	last := len(t.head) - 1
	widths, before := make([]int, last), 0
	for i := range widths {
		for _, row := range append([][]string{t.head}, t.rows...) {
			widths[i] = max(widths[i], columns(row[i]))
		}
		before += widths[i] + 2
	}
	var b strings.Builder
	for n, row := range append([][]string{t.head}, t.rows...) {
		for k, line := range wrap(row[last], max(20, screenWidth-before)) {
			var out strings.Builder
			for i, cell := range row[:last] {
				if k > 0 {
					cell = ""
				}
				out.WriteString(cell + strings.Repeat(" ", widths[i]-columns(cell)+2))
			}
			text := strings.TrimRight(out.String()+line, " ")
			if n == 0 {
				text = sys.bold(text)
			}
			b.WriteString(text + "\n")
		}
	}
	_, err := io.WriteString(sys.stdout, b.String())
	return err
}

// columns is how many columns of a terminal the text takes: letters of East
// Asian scripts take two, marks above others none.
func columns(s string) (n int) {
	for _, r := range s {
		switch {
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r):
		case width.LookupRune(r).Kind() == width.EastAsianWide, width.LookupRune(r).Kind() == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

// wrap breaks a text at its spaces, and a word that is longer than a line
// where the line ends.
func wrap(s string, most int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(s) {
		if line != "" && columns(line)+1+columns(word) > most {
			lines, line = append(lines, line), ""
		}
		for columns(word) > most {
			cut := 0
			for i, r := range word {
				if columns(word[:i])+columns(string(r)) > most {
					break
				}
				cut = i + len(string(r))
			}
			lines, word = append(lines, word[:cut]), word[cut:]
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

// printWrapped writes a sentence in as many lines as the screen asks for.
func printWrapped(w io.Writer, text string) {
	fmt.Fprintln(w, strings.Join(wrap(text, screenWidth-2), "\n  "))
}

// beside is a sentence in a row that begins with a moment: it does not end with
// the same one.
func beside(when, text string) string {
	text = strings.TrimSuffix(text, ".")
	for _, end := range []string{" goes " + when, " " + when, " (" + when + ")"} {
		if rest, ok := strings.CutSuffix(text, end); ok {
			return rest
		}
	}
	return text
}

// oneLine is a text that people wrote, fit for a terminal: on one line, without
// what would move its cursor.
func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)), " ")
}

// printJSON is how every command prints what programs read.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// many counts things in words.
func many(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	if stem, ok := strings.CutSuffix(what, "y"); ok {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// bold is for terminals alone, and not where NO_COLOR is set (no-color.org).
func (sys system) bold(s string) string {
	if setting(sys.env, "NO_COLOR") != "" || cmp.Or(setting(sys.env, "TERM"), "dumb") == "dumb" || !onTerminal(sys.stdout) {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}
