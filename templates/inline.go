package templates

import (
	"bufio"
	"bytes"
	"html"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	ghtml "github.com/yuin/goldmark/renderer/html"
)

// literalLinks are the only destinations that a source may spell out. They are
// how a person reaches help, and must not depend on a setting.
var literalLinks = []string{"tel:988", "sms:988", "tel:911"}

// inlines writes what stands inside a paragraph or heading.
func (c *compiler) inlines(n ast.Node) { c.scope(n, func() { c.children(n) }) }

func (c *compiler) children(parent ast.Node) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			c.words(n, n.Value(c.md))
			switch {
			case n.HardLineBreak():
				c.html.literal("<br>\n")
				c.text.literal("\n")
			case n.SoftLineBreak():
				c.html.literal(" ")
				c.text.literal(" ")
			}
		case *ast.String:
			c.words(n, n.Value)
		case *ast.Emphasis:
			name := []string{"em", "strong"}[n.Level-1]
			c.html.literal("<" + name + ">")
			c.inlines(n)
			c.html.literal("</" + name + ">")
		case *ast.Link:
			c.html.literal(linkOpen)
			dest := c.destination(n, n)
			c.html.literal(linkMiddle)
			c.inlines(n)
			c.html.literal("</a>")
			if dest.name != "" {
				c.text.literal(" (")
				c.text.value(dest)
				c.text.literal(")")
			}
		case *ast.Image:
			c.fail(n, "an image", "leave it out: a remote image tells the sender who reads, and many mail programs show none")
		case *ast.CodeSpan:
			c.fail(n, "code", "leave the back-ticks out")
		case *ast.AutoLink:
			c.fail(n, "an address as a link", "write [words]({{some_url}})")
		case *ast.RawHTML:
			c.fail(n, "HTML", "write it as Markdown; a < that is meant as such is &lt;")
		default:
			c.fail(n, "a "+n.Kind().String(), "use words, **bold** and [links]({{some_url}})")
		}
	}
}

// words writes text in which characters may stand for tags.
func (c *compiler) words(n ast.Node, raw []byte) {
	var unescaped bytes.Buffer
	w := bufio.NewWriter(&unescaped)
	ghtml.DefaultWriter.Write(w, raw) // resolves \* and &amp; as CommonMark does, and escapes for HTML
	_ = w.Flush()                     // a bytes.Buffer takes everything
	s := html.UnescapeString(unescaped.String())
	if strings.Contains(s, "://") || strings.Contains(strings.ToLower(s), "www.") {
		c.fail(n, "an address among the words", "write [words]({{some_url}}): mail programs make links of bare addresses")
	}
	start := 0
	emit := func(end int) {
		c.html.literal(html.EscapeString(s[start:end]))
		c.text.literal(s[start:end])
	}
	for i, r := range s {
		t, ok := c.tags.at(r)
		if !ok {
			continue
		}
		emit(i)
		start = i + utf8.RuneLen(r)
		if t.kind == 0 && t.of.url {
			c.fail(n, "{{"+t.of.name+"}} among the words", "write [words]({{"+t.of.name+"}})")
			continue
		}
		if t.kind == 0 && t.of.lines && !inQuote(n) {
			c.fail(n, "{{"+t.of.name+"}} outside a quotation", "write > {{"+t.of.name+"}} on a line of its own")
			continue
		}
		c.tag(n, t)
	}
	emit(len(s))
}

func inQuote(n ast.Node) bool {
	for ; n != nil; n = n.Parent() {
		if n.Kind() == ast.KindBlockquote {
			return true
		}
	}
	return false
}

// tag writes a tag to both parts, if it may stand here.
func (c *compiler) tag(n ast.Node, t tag) {
	if what, cure := c.problem(t); what != "" {
		c.fail(n, what, cure)
		return
	}
	c.take(t)
	c.used[t.of.name] = t.of
	t.write(c.html)
	t.write(&c.text)
}

// destination writes where a link goes, and says by which field, if any.
func (c *compiler) destination(n ast.Node, l *ast.Link) field {
	if len(l.Title) > 0 {
		c.fail(n, "a link with a title", "say it in the words of the link")
	}
	if l.FirstChild() == nil {
		c.fail(n, "a link without words", "say where it goes")
	}
	dest := string(l.Destination)
	if slices.Contains(literalLinks, dest) {
		c.dests[dest] = true
		c.html.literal(dest)
		return field{}
	}
	t, ok := c.tags.only(dest)
	if !ok || t.kind != 0 || !t.of.url {
		c.fail(n, "a link to somewhere else", "link to {{some_url}} or to one of "+strings.Join(literalLinks, ", "))
		return field{}
	}
	if what, cure := c.problem(t); what != "" {
		c.fail(n, what, cure)
		return field{}
	}
	c.dests[t.of.name] = true
	c.used[t.of.name] = t.of
	c.html.value(t.of)
	return t.of
}
