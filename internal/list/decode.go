package list

import (
	"bufio"
	"bytes"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// decode makes UTF-16 out of Excel's "Unicode text" UTF-8, takes a byte order
// mark away, and refuses what is a workbook and no list.
func decode(r io.Reader) (io.Reader, error) {
	in := bufio.NewReader(r)
	begin, err := in.Peek(64)
	if err != nil && err != io.EOF {
		return nil, err
	}
	const save = "open it in the spreadsheet, choose Save as, and there CSV UTF-8"
	switch {
	case bytes.HasPrefix(begin, []byte("PK\x03\x04")), bytes.HasPrefix(begin, []byte("\xd0\xcf\x11\xe0")):
		return nil, &Fault{0, "this is a workbook and no CSV", save}
	case bytes.HasPrefix(begin, []byte("%PDF")), bytes.HasPrefix(begin, []byte("\x1f\x8b")):
		return nil, &Fault{0, "this is no CSV", save}
	case bytes.HasPrefix(begin, []byte("\xef\xbb\xbf")):
		_, _ = in.Discard(3)
	case bytes.HasPrefix(begin, []byte("\xff\xfe")), bytes.HasPrefix(begin, []byte("\xfe\xff")):
		return transform.NewReader(in, unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewDecoder()), nil
	case zeros(begin, 1) && !zeros(begin, 0): // without its mark
		return transform.NewReader(in, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder()), nil
	case zeros(begin, 0) && !zeros(begin, 1):
		return transform.NewReader(in, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder()), nil
	}
	return in, nil
}

// zeros reports whether most bytes of those that are first, third and so on
// from place i are zero: ASCII in UTF-16.
func zeros(b []byte, i int) bool {
	n, of := 0, 0
	for ; i < len(b); i += 2 {
		of++
		if b[i] == 0 {
			n++
		}
	}
	return n > 0 && n*10 >= of*9
}
