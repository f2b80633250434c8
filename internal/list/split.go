package list

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// splitter cuts a text into records and these into cells (RFC 4180), with what
// people's programs make of it: other separators, a "sep=" line, any line end,
// a quote in the middle of a cell.
type splitter struct {
	in    *bufio.Reader
	line  int  // the next one
	comma rune // 0 until the first line has told
	lost  bool // where the next record begins cannot be known
}

// next gives the cells of the next record that is not blank, and its line. With
// header it finds out the separator first. After a *Fault with a line the next
// call goes on behind it, unless the splitter is lost.
func (s *splitter) next(header bool) ([]string, int, error) {
	for {
		first := s.line
		record, err := s.record()
		if err != nil {
			return nil, first, err
		}
		if header && s.comma == 0 {
			if sep, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(strings.Trim(record, `"`))), "sep="); ok && len(sep) == 1 {
				s.comma = rune(sep[0])
				continue
			} else if ok && sep == "" && strings.Contains(record, "\t") {
				s.comma = '\t'
				continue
			}
		}
		if strings.Trim(record, " \t,;|\"\u00a0") == "" {
			continue
		}
		if s.comma == 0 {
			s.comma = separator(record)
		}
		cells, fault := s.cells(text(record), first)
		if fault != nil {
			return nil, first, fault
		}
		return cells, first, nil
	}
}

// record reads up to the line end that ends a record: one outside quotes.
func (s *splitter) record() (string, error) {
	var b strings.Builder
	first, quoted, start := s.line, false, true
	for {
		c, err := s.in.ReadByte()
		if errors.Is(err, io.EOF) && b.Len() > 0 {
			if quoted {
				s.lost = true
				return "", open(first)
			}
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		if c == '\r' { // alone, or before a line feed, it ends a line too
			if after, err := s.in.Peek(1); err == nil && after[0] == '\n' {
				_, _ = s.in.ReadByte()
			}
			c = '\n'
		}
		switch {
		case c == '\n':
			s.line++
			if !quoted {
				return b.String(), nil
			}
		case c == '"' && quoted:
			if after, err := s.in.Peek(1); err == nil && after[0] == '"' {
				b.WriteByte(c)
				_, _ = s.in.ReadByte()
			} else {
				quoted = false
			}
		case c == '"' && start:
			quoted = true
		}
		b.WriteByte(c)
		start = c == ' ' && start || s.separates(c)
		if b.Len() > mostRecord {
			s.lost = true
			if quoted {
				return "", open(first)
			}
			return "", &Fault{first, "is longer than 64 KB", "this is no list of people: save it again as CSV, a line for each"}
		}
	}
}

func open(line int) *Fault {
	return &Fault{line, "a quote is opened here and never closed", "close it, or take it away"}
}

// separates reports whether a cell ends before c; before the separator is
// known, any may.
func (s *splitter) separates(c byte) bool {
	if s.comma == 0 {
		return strings.IndexByte(",;\t|\n", c) >= 0
	}
	return rune(c) == s.comma
}

// separator is the sign that stands most often outside quotes.
func separator(header string) rune {
	best, most := ',', 0
	for _, sep := range ",;\t|" {
		n, quoted := 0, false
		for _, r := range header {
			if r == '"' {
				quoted = !quoted
			} else if r == sep && !quoted {
				n++
			}
		}
		if n > most {
			best, most = sep, n
		}
	}
	return best
}

// cells cuts a record.
func (s *splitter) cells(record string, line int) ([]string, *Fault) {
	var cells []string
	for rest, more := record, true; more; {
		if len(cells) == MostColumns {
			return nil, &Fault{line, "has more than 100 columns", "keep those of phone, email and name"}
		}
		var cell string
		if trimmed := strings.TrimLeft(rest, " "); strings.HasPrefix(trimmed, `"`) {
			cell, rest = unquote(trimmed[1:])
			var tail string
			tail, rest, more = strings.Cut(rest, string(s.comma))
			cell += strings.TrimRight(tail, " ")
		} else {
			cell, rest, more = strings.Cut(rest, string(s.comma))
		}
		cells = append(cells, cell)
	}
	return cells, nil
}

// unquote gives what stands before the closing quote, and what after it.
func unquote(s string) (cell, rest string) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, `"`)
		b.WriteString(before)
		if !found {
			return b.String(), ""
		}
		if !strings.HasPrefix(after, `"`) {
			return b.String(), after
		}
		b.WriteByte('"')
		s = after[1:]
	}
}
