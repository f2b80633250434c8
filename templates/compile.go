package templates

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// newMarkdown is CommonMark without underlined headings: a line of dashes
// always begins the small print, never turns the line above into a heading.
func newMarkdown() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(parser.NewHTMLBlockParser(), 900),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(parser.DefaultInlineParsers()...),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
	)
}

// compiler turns the body of one message into its HTML and its text part.
type compiler struct {
	src    *source
	tags   tags
	md     []byte // the body as Markdown, tags replaced
	starts []int  // where each line of src.body begins in md

	html  *builder // main or small
	main  builder
	small builder // what stands after the line of dashes
	text  builder
	sections
	dests map[string]bool // link destinations: a literal, or the name of a field
	used  map[string]field
}

// frame is what an element passes to the ones inside it.
type frame struct {
	first, rest string // prefixes of the text part
	tight       bool
}

// compile fills html, small and text. Faults go to src.
func (c *compiler) compile() {
	c.html = &c.main
	var md bytes.Buffer
	for _, l := range c.src.body {
		c.starts = append(c.starts, md.Len())
		if strings.Contains(l.text, "&#") {
			c.src.failAt(l.at, "a character written as a number", "write the character itself")
			continue
		}
		md.WriteString(c.tags.replace(l.text, func(what, cure string) { c.src.failAt(l.at, what, cure) }))
		md.WriteByte('\n')
	}
	c.md = md.Bytes()
	c.blocks(newMarkdown().Parse(text.NewReader(c.md)), frame{})
}

// scope runs f for the inside of n: sections that begin there must end there.
func (c *compiler) scope(n ast.Node, f func()) {
	floor := c.floor
	c.floor = len(c.open)
	f()
	for len(c.open) > c.floor {
		o := c.open[len(c.open)-1]
		c.fail(n, "{{#"+o.of.name+"}} is not ended in the paragraph, list or quotation in which it begins",
			"add {{/"+o.of.name+"}} there, or put both tags on lines of their own")
		c.take(tag{'/', o.of})
		c.html.end()
		c.text.end()
	}
	c.floor = floor
}

func (c *compiler) blocks(parent ast.Node, in frame) {
	c.scope(parent, func() {
		for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
			c.block(n, in)
			in.first, in.tight = in.rest, false
		}
	})
}

func (c *compiler) block(n ast.Node, in frame) {
	switch n := n.(type) {
	case *ast.Paragraph, *ast.TextBlock:
		c.paragraph(n, in)
	case *ast.Heading:
		if n.Level > 2 {
			c.fail(n, "a heading of level "+strings.Repeat("#", n.Level), "use # once or ##")
		}
		style := heading1
		under := byte('=')
		if n.Level == 2 {
			style, under = heading2, '-'
		}
		if in.rest != "" {
			under = 0
		}
		c.element(style, n, block{in.first, in.rest, under, in.tight})
	case *ast.ThematicBreak:
		if n.Parent().Kind() != ast.KindDocument || c.html == &c.small || len(c.open) > 0 {
			c.fail(n, "a line of dashes that does not begin the small print", "use it once, outside quotations, lists and sections")
			return
		}
		c.text.literal(strings.Repeat("-", width))
		c.text.flush(block{})
		c.html = &c.small
	case *ast.Blockquote:
		c.quote(n, in)
	case *ast.List:
		c.list(n, in)
	case *ast.LinkReferenceDefinition:
		c.fail(n, "a link defined apart from its words", "write [words]({{some_url}})")
	case *ast.HTMLBlock:
		c.fail(n, "HTML", "write it as Markdown; a < that is meant as such is &lt;")
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		c.fail(n, "a block of code", "begin the line without spaces, or quote with >")
	default:
		c.fail(n, "a "+n.Kind().String(), "use paragraphs, ## headings, - lists and > quotations")
	}
}

// paragraph writes a paragraph, a button, or a section tag around blocks.
func (c *compiler) paragraph(n ast.Node, in frame) {
	first := n.FirstChild()
	if first == nil {
		return
	}
	if first == n.LastChild() {
		if t, ok := first.(*ast.Text); ok {
			if tag, ok := c.tags.only(string(t.Value(c.md))); ok && tag.kind != 0 {
				c.tag(n, tag)
				return
			}
		}
		if l, ok := first.(*ast.Link); ok && n.Kind() == ast.KindParagraph {
			c.button(n, l, in)
			return
		}
	}
	if n.Kind() == ast.KindTextBlock { // an item of a list without empty lines
		c.inlines(n)
		c.text.flush(block{in.first, in.rest, 0, in.tight})
		return
	}
	c.element(paragraphStyle, n, block{in.first, in.rest, 0, in.tight})
}

func (c *compiler) element(s element, n ast.Node, b block) {
	c.html.literal(s.open)
	c.inlines(n)
	c.html.literal(s.close)
	c.text.flush(b)
}

// button is a paragraph that is one link.
func (c *compiler) button(n ast.Node, l *ast.Link, in frame) {
	c.html.literal(buttonStyle.open)
	dest := c.destination(n, l)
	c.html.literal(buttonMiddle)
	c.scope(n, func() { c.children(l) })
	c.html.literal(buttonStyle.close)
	if dest.name != "" {
		c.text.literal(":\n")
		c.text.value(dest)
	}
	c.text.flush(block{in.first, in.rest, 0, in.tight})
}

// quote writes a quotation when it holds words of the person, else a panel.
// Only the former is marked with > in the text part: mail programs fold away
// what looks quoted, and help must stay in sight.
func (c *compiler) quote(n *ast.Blockquote, in frame) {
	s, mark := panelStyle, "  "
	if c.holdsLines(n) {
		s, mark = quoteStyle, quoted
	}
	c.html.literal(s.open)
	c.blocks(n, frame{in.first + mark, in.rest + mark, in.tight})
	c.html.literal(s.close)
}

func (c *compiler) holdsLines(n ast.Node) bool {
	found := false
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			for _, r := range string(t.Value(c.md)) {
				if tag, ok := c.tags.at(r); ok && tag.of.lines {
					found = true
				}
			}
		}
		return ast.WalkContinue, nil
	})
	return found
}

func (c *compiler) list(n *ast.List, in frame) {
	s := bulletStyle
	if n.IsOrdered() {
		s = numberStyle
	}
	c.html.literal(s.open)
	number := max(n.Start, 1)
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if n.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		c.html.literal(itemStyle.open)
		c.blocks(item, frame{
			first: in.rest + mark, rest: in.rest + strings.Repeat(" ", len(mark)),
			tight: n.IsTight && item != n.FirstChild(),
		})
		c.html.literal(itemStyle.close)
	}
	c.html.literal(s.close)
}

// fail reports a fault at the line on which n begins.
func (c *compiler) fail(n ast.Node, what, cure string) {
	at := place{c.src.file, len(c.src.head) + 2}
	if i, found := slices.BinarySearch(c.starts, c.offset(n)); len(c.src.body) > 0 {
		if !found {
			i--
		}
		at = c.src.body[max(i, 0)].at
	}
	c.src.failAt(at, what, cure)
}

// offset finds where n begins in the Markdown, or what stands before or around
// it where the parser did not say.
func (c *compiler) offset(n ast.Node) int {
	for n != nil {
		if t, ok := n.(*ast.Text); ok {
			return t.Segment.Start
		}
		if n.Pos() >= 0 {
			return n.Pos()
		}
		if n.PreviousSibling() != nil {
			n = n.PreviousSibling()
		} else {
			n = n.Parent()
		}
	}
	return 0
}
