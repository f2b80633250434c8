package templates

import (
	"fmt"
	"html"
	"regexp"
	"strings"
)

// element is the HTML around the inside of one kind of block. Everything that
// a reader must see is in attributes and inline styles, since some programs
// drop <style>; classes only serve the dark scheme.
type element struct{ open, close string }

const (
	sans = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;"
	body = sans + "font-size:17px;line-height:26px;color:#1f2a2e;"
	fine = sans + "font-size:14px;line-height:21px;color:#55646a;"
)

var (
	paragraphStyle = element{`<p class="ink" style="margin:0 0 16px;` + body + `">`, "</p>\n"}
	smallStyle     = element{`<p class="soft" style="margin:0 0 10px;` + fine + `">`, "</p>\n"}
	heading1       = element{`<h1 class="ink" style="margin:0 0 16px;font-family:Georgia,'Times New Roman',serif;font-size:26px;line-height:32px;font-weight:600;color:#1f2a2e;">`, "</h1>\n"}
	heading2       = element{`<h2 class="ink" style="margin:8px 0 8px;` + sans + `font-size:18px;line-height:26px;font-weight:600;color:#1f2a2e;">`, "</h2>\n"}
	bulletStyle    = element{`<ul style="margin:0 0 16px;padding:0 0 0 22px;">` + "\n", "</ul>\n"}
	numberStyle    = element{`<ol style="margin:0 0 16px;padding:0 0 0 22px;">` + "\n", "</ol>\n"}
	itemStyle      = element{`<li class="ink" style="margin:0 0 8px;` + body + `">`, "</li>\n"}
	smallItemStyle = element{`<li class="soft" style="margin:0 0 6px;` + fine + `">`, "</li>\n"}
	quoteStyle     = element{`<blockquote class="line" style="margin:0 0 16px;padding:0 0 0 16px;border-left:4px solid #d9d3c7;">` + "\n", "</blockquote>\n"}

	// A panel is a table, since Outlook on Windows pads nothing else.
	panelStyle = element{
		`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px;"><tr><td class="wash" bgcolor="#e7f0ee" style="background-color:#e7f0ee;border-left:4px solid #1d5b5e;padding:16px 20px 4px;">` + "\n",
		"</td></tr></table>\n",
	}
	buttonStyle = element{
		`<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 16px;"><tr><td class="button" bgcolor="#1d5b5e" style="background-color:#1d5b5e;border-radius:99px;padding:13px 26px;"><a class="button-link" href="`,
		"</a></td></tr></table>\n",
	}
)

const (
	buttonMiddle = `" style="` + sans + `font-size:17px;line-height:24px;font-weight:600;color:#ffffff;text-decoration:none;display:inline-block;">`
	linkOpen     = `<a class="link" href="`
	linkMiddle   = `" style="color:#1d5b5e;text-decoration:underline;">`
)

var layoutTag = regexp.MustCompile(`\{\{([a-z]+)\}\}`)

// quiet follows the preheader in a list of messages, so that the program does
// not fill the line with the first words of the body: a lock screen shows it.
var quiet = strings.Repeat("&#847;&zwnj;&nbsp;", 90)

// page puts the parts of a message into the layout, as one program.
func page(layout string, known map[string]field, language string, parts map[string]program) (program, error) {
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
				return nil, fmt.Errorf("layout/email.html: the unknown tag {{%s}}; use lang, quiet, subject, preheader, main, small or a field", name)
			}
		}
		rest = rest[m[1]:]
	}
	b.literal(rest)
	return b.p, nil
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
