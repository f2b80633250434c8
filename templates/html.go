package templates

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// element is the HTML around the inside of one kind of block. What a reader
// must see is in attributes and inline styles, since some programs drop
// <style>; classes only serve the dark scheme. Each style that is left out is
// one that no program can misread: paragraphs, lists and headings keep the
// margins that every program gives them, and type is set once for a cell.
type element struct{ open, close string }

const (
	sans = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;"
	body = sans + "font-size:17px;line-height:26px;color:#1f2a2e;"
)

var (
	paragraphStyle = element{"<p>", "</p>\n"}
	heading1       = element{`<h1 style="font-family:Georgia,'Times New Roman',serif;font-size:26px;line-height:32px;">`, "</h1>\n"}
	heading2       = element{`<h2 style="font-size:18px;">`, "</h2>\n"}
	bulletStyle    = element{`<ul style="padding-left:22px;">` + "\n", "</ul>\n"}
	numberStyle    = element{`<ol style="padding-left:22px;">` + "\n", "</ol>\n"}
	itemStyle      = element{`<li style="padding-bottom:6px;">`, "</li>\n"}

	// A quotation and a panel are tables, since Outlook on Windows pads nothing
	// else, and each says its type again, since tables inherit none there.
	quoteStyle = element{
		`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:16px 0;"><tr><td class="line ink" style="` + body + `border-left:4px solid #d9d3c7;padding-left:16px;">` + "\n",
		"</td></tr></table>\n",
	}
	panelStyle = element{
		`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:16px 0;"><tr><td class="wash ink" bgcolor="#e7f0ee" style="` + body + `border-left:4px solid #1d5b5e;padding:4px 20px;">` + "\n",
		"</td></tr></table>\n",
	}
	buttonStyle = element{
		`<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:16px 0;"><tr><td class="button" bgcolor="#1d5b5e" style="` + sans + `font-size:17px;line-height:24px;background-color:#1d5b5e;border-radius:99px;mso-padding-alt:13px 26px;"><a class="button-link" href="`,
		"</b></a></td></tr></table>\n",
	}
)

const (
	// All of a button can be pressed. Outlook on Windows knows no padding of
	// links, and takes mso-padding-alt of the cell.
	buttonMiddle = `" style="color:#ffffff;text-decoration:none;display:inline-block;padding:13px 26px;"><b>`
	linkOpen     = `<a class="link" href="`
	linkMiddle   = `" style="color:#1d5b5e;">`
)

var layoutTag = regexp.MustCompile(`\{\{([a-z]+)\}\}`)

// quiet follows the preheader in a list of messages, so that the program does
// not fill the line with the first words of the body: a lock screen shows it.
var quiet = strings.Repeat("&#847;&zwnj;&nbsp;", 90)

// page puts the parts of a message into the layout, as one program. The line
// is that of the error.
func page(layout string, known map[string]field, language string, parts map[string]program) (p program, line int, err error) {
	var b builder
	rest := layout
	for {
		m := layoutTag.FindStringSubmatchIndex(rest)
		if m == nil {
			break
		}
		b.literal(rest[:m[0]])
		switch name := rest[m[2]:m[3]]; name {
		case "lang":
			b.literal(language)
		case "quiet":
			b.literal(quiet)
		default:
			if part, ok := parts[name]; ok {
				b.splice(part)
			} else if f, ok := known[name]; ok && !f.staff {
				b.value(f)
			} else {
				done := layout[:len(layout)-len(rest)+m[0]]
				return nil, 1 + strings.Count(done, "\n"), fmt.Errorf("the unknown tag {{%s}}", name)
			}
		}
		rest = rest[m[1]:]
	}
	b.literal(rest)
	return b.p, 0, nil
}

// escaped is p with its literals escaped for HTML: a line of text, in a page.
func (p program) escaped() program {
	out := make(program, len(p))
	copy(out, p)
	for i := range out {
		out[i].text = html.EscapeString(out[i].text)
	}
	return out
}
