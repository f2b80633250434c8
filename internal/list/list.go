// Package list reads lists of people as clinics have them: CSV out of a
// spreadsheet or a record system, in any of its dialects. It imports nothing of
// ours but the vocabulary, keeps no name, and holds no more in memory than what
// it gives back.
package list

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/joydevie/followup/internal/contact"
)

// What a list may have at most: far above any front desk's, far below what
// hurts.
const (
	MostRows    = 20_000
	MostColumns = 100
	mostBytes   = 16 << 20
	mostRecord  = 64 << 10
)

// List is what a file says.
type List struct {
	Rows   []Row
	Faults []Fault // rows that cannot be used, in the order of their lines
	Timed  bool    // there is a column of times
}

// Row is one person of a list: what of it may lead to somebody. There is at
// least one address or number.
type Row struct {
	Line   int // of the file, from 1; of a row over several lines the first
	Emails []contact.Email
	Phones []contact.Phone
}

// Fault is what is wrong, and the cure. It repeats nothing of the file.
type Fault struct {
	Line    int // 0 for the file as a whole
	Problem string
	Cure    string
}

func (f *Fault) Error() string {
	if f.Line == 0 {
		return f.Problem + "; " + f.Cure
	}
	return fmt.Sprintf("line %d: %s; %s", f.Line, f.Problem, f.Cure)
}

// Read reads a list. The first line that is not blank names the columns; which
// are meant is told by their names. What is wrong with a row is among the
// Faults; the error is a *Fault where the file as a whole cannot be used, or
// what reading it failed with.
func Read(r io.Reader) (*List, error) {
	text, err := decode(&bounded{r, mostBytes})
	if err != nil {
		return nil, err
	}
	s := &splitter{in: bufio.NewReaderSize(text, mostRecord), line: 1}
	l := &List{}
	var columns []meaning
	for {
		cells, line, err := s.next(columns == nil)
		switch fault, bad := errors.AsType[*Fault](err); {
		case errors.Is(err, io.EOF) && columns == nil:
			return nil, &Fault{0, "the list is empty", "write a first line with the names of the columns, such as phone,email, and a line for each person"}
		case errors.Is(err, io.EOF):
			return l, nil
		case bad && fault.Line > 0 && columns != nil && !s.lost:
			l.Faults = append(l.Faults, *fault)
			continue
		case err != nil:
			return nil, err
		case columns == nil:
			if columns, err = readHeader(cells, line); err != nil {
				return nil, err
			}
			for _, c := range columns {
				l.Timed = l.Timed || c == when
			}
			continue
		}
		row, fault := read(columns, cells, line)
		if fault != nil {
			l.Faults = append(l.Faults, *fault)
		} else {
			l.Rows = append(l.Rows, row)
		}
		if len(l.Rows)+len(l.Faults) > MostRows {
			return nil, &Fault{0, fmt.Sprintf("the list has more than %d rows", MostRows), "split it into several"}
		}
	}
}

// read gives what a row says.
func read(columns []meaning, cells []string, line int) (Row, *Fault) {
	row := Row{Line: line}
	var fault *Fault
	for i, cell := range cells {
		if i >= len(columns) {
			if strings.TrimSpace(cell) != "" {
				return row, &Fault{line, "has more cells than there are columns", "put quotes around a cell that holds the separator"}
			}
			continue
		}
		if cell = bare(cell); nothing[strings.ToLower(cell)] || columns[i] != phone && columns[i] != email {
			continue
		}
		var err error
		if columns[i] == phone {
			var p contact.Phone
			if p, err = contact.ParsePhone(cell); err == nil {
				row.Phones = append(row.Phones, p)
			}
		} else {
			var e contact.Email
			if e, err = contact.ParseEmail(cell); err == nil {
				row.Emails = append(row.Emails, e)
			}
		}
		if err != nil && fault == nil {
			fault = unreadable(line, columns[i], cell)
		}
	}
	switch {
	case fault != nil: // even beside a good one: a list that is half wrong may mean somebody else
		return row, fault
	case len(row.Phones)+len(row.Emails) == 0:
		return row, &Fault{line, "has neither a phone number nor an email address", "add one of the two, or take the row out"}
	}
	return row, nil
}

// nothing is what stands in a cell where nothing is known.
var nothing = map[string]bool{
	"": true, "-": true, "--": true, "n/a": true, "na": true, "#n/a": true, "none": true, "null": true, "nan": true, "unknown": true, "ninguno": true,
}

// unreadable says what is wrong with a cell without repeating it.
func unreadable(line int, m meaning, cell string) *Fault {
	switch {
	case strings.ContainsRune(cell, 0):
		return &Fault{line, "holds a zero byte", "save the list again as CSV, and look at this row"}
	case m == phone && strings.ContainsAny(cell, "eE") && strings.ContainsAny(cell, ".,+"):
		return &Fault{line, "the spreadsheet has shortened the phone number", "format the column as text, enter the number again and save"}
	case strings.HasPrefix(cell, "="):
		return &Fault{line, "holds a formula where " + string(m) + " should stand", "write the value itself"}
	case m == phone:
		return &Fault{line, "the phone number cannot be read", "write it like +13035550142"}
	default:
		return &Fault{line, "the email address cannot be read", "write one address alone, like ann@example.com"}
	}
}

// bare takes off what spreadsheets put around a number so that it stays a text.
func bare(cell string) string {
	cell = strings.Map(func(r rune) rune {
		switch r {
		case '\u00a0', '\u202f', '\t', '\n', '\r':
			return ' '
		case '\u200b', '\u200e', '\u200f', '\u202a', '\u202c', '\u2060', '\ufeff': // marks that copying leaves behind
			return -1
		}
		return r
	}, cell)
	cell = strings.TrimSpace(cell)
	if inner, ok := strings.CutPrefix(cell, `="`); ok && strings.HasSuffix(inner, `"`) {
		cell = strings.TrimSuffix(inner, `"`)
	}
	return strings.TrimSpace(strings.TrimPrefix(cell, "'"))
}

// bounded fails where a list goes on for too long, instead of ending there.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return 0, &Fault{0, "the list is longer than 16 MB", "keep the columns of phone and email, or split it into several"}
	}
	return n, err
}

// text makes a line valid UTF-8: what is none is what Windows writes in western
// languages. Line by line, because people join files.
func text(line string) string {
	if utf8.ValidString(line) {
		return line
	}
	decoded, err := charmap.Windows1252.NewDecoder().String(line)
	if err != nil {
		return strings.ToValidUTF8(line, string(utf8.RuneError))
	}
	return decoded
}
