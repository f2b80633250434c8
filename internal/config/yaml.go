package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// document is a clinic's file as it is read. It is walked by hand because the
// library's strict decoder stops at the first mistake.
type document struct {
	file   string
	lines  map[string]int // where each key stands; nil when there is no document
	faults Faults
}

// fault blames a key, at its line where it has one.
func (d *document) fault(key, problem, cure string) {
	d.at(d.lines[key], key+": "+problem, cure)
}

// at blames a line, or with 0 the file.
func (d *document) at(line int, problem, cure string) {
	d.faults = append(d.faults, Fault{File: d.file, Line: line, Problem: problem, Cure: cure})
}

// read fills the struct from the content, by its yaml tags.
func (d *document) read(content []byte, into reflect.Value) {
	body, ok := d.parse(content)
	if !ok {
		d.lines = nil
		return
	}
	fields, known := map[string]reflect.Value{}, []string(nil)
	for field, value := range into.Fields() {
		key := field.Tag.Get("yaml")
		fields[key], known = value, append(known, key)
	}
	for _, pair := range body {
		key, line := pair.Key.GetToken().Value, line(pair.Key)
		value, ok := fields[key]
		switch {
		case !ok:
			d.at(line, quote(key)+" is unknown", meant(key, known, "remove it, or see deploy/clinic.yaml for what there is"))
		case d.lines[key] != 0:
			d.at(line, quote(key)+" stands here a second time", "keep one of the two")
		default:
			d.lines[key] = line
			d.set(key, pair.Value, value)
		}
	}
}

// parse gives the pairs of the one mapping that the file must be.
func (d *document) parse(content []byte) ([]*ast.MappingValueNode, bool) {
	const cure = "write one setting a line, such as name: JoyDeVie"
	file, err := parser.ParseBytes(content, 0)
	if err != nil {
		at, problem := 0, "not YAML"
		if e, ok := errors.AsType[yaml.Error](err); ok {
			problem += ": " + e.GetMessage()
			if token := e.GetToken(); token != nil {
				at = token.Position.Line
			}
		}
		d.at(at, printable(problem), cure+"; put quotes around a value with special characters")
		return nil, false
	}
	var body []*ast.MappingValueNode
	documents := 0
	for _, doc := range file.Docs {
		switch node := doc.Body.(type) {
		case nil, *ast.CommentGroupNode:
			continue
		case *ast.MappingNode:
			body = node.Values
		case *ast.MappingValueNode:
			body = []*ast.MappingValueNode{node}
		default:
			d.at(line(node), "not a list of settings", cure)
			return nil, false
		}
		documents++
	}
	if documents > 1 {
		d.at(0, "holds more than one document", "remove the line --- and what follows")
		return nil, false
	}
	return body, true
}

func line(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// set reads a value into its field.
func (d *document) set(key string, node ast.Node, value reflect.Value) {
	var ok bool
	switch field := value.Addr().Interface().(type) {
	case *string:
		if *field, ok = scalar(node); !ok {
			d.fault(key, "must be a single text", "write "+key+": and the text, in quotes if it has special characters")
		}
	case *bool:
		text, _ := scalar(node)
		on, err := strconv.ParseBool(text)
		if *field = on; err != nil && text != "" {
			d.fault(key, quote(text)+" is neither true nor false", "write "+key+": true, or false")
		}
	case *[]string:
		if *field, ok = list(node); !ok {
			d.fault(key, "must be a list", "write "+key+": [one, another]")
		}
	case *map[string]string:
		if *field, ok = mapping(node); !ok {
			d.fault(key, "must be pairs", `write for example `+key+`: {mon-fri: "9:00-17:00"}`)
		}
	case *Retention:
		d.setRetention(key, node, field)
	case *map[string]map[string]string:
		d.setWindows(key, node, field)
	case *Pace:
		d.setPace(key, node, field)
	case *map[string]Form:
		if *field, ok = forms(node); !ok {
			d.fault(key, "must be forms by name, each with its fields", "write for example "+key+": {website: {email: your-email, message: your-message}}")
		}
	case *time.Duration:
		text, _ := scalar(node)
		var err error
		if *field, err = time.ParseDuration(text); err != nil {
			d.fault(key, quote(text)+" is no time", "write seconds or minutes, such as 60s or 2m")
		}
	case *[]Reminder:
		var pairs map[string]string
		if pairs, ok = mapping(node); !ok {
			d.fault(key, "must be pairs", "write for example "+key+": {24h: 20h, 2h: 90m}, or {} for none")
		}
		*field = nil
		for _, before := range slices.Sorted(maps.Keys(pairs)) {
			b, err1 := parseBefore(before)
			late, err2 := parseBefore(pairs[before])
			if err := errors.Join(err1, err2); err != nil {
				d.fault(key, err.Error(), "write hours or minutes, such as 24h: 20h")
			}
			*field = append(*field, Reminder{b, late})
		}
		slices.SortFunc(*field, func(a, b Reminder) int { return cmp.Compare(b.Before, a.Before) })
	case *[]time.Duration:
		var texts []string
		if texts, ok = list(node); !ok {
			d.fault(key, "must be a list", "write "+key+": [1d, 3d, 7d], or [] for none")
		}
		*field = nil
		for _, text := range texts {
			after, err := parseAfter(text)
			if err != nil {
				d.fault(key, err.Error(), "write days or hours, such as 3d or 12h")
			}
			*field = append(*field, after)
		}
	}
}

// scalar gives the text of a plain value as it stands, so that a number or a
// yes without quotes is a text too.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return strings.TrimSpace(n.Value), true
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value), true
	case *ast.NullNode:
		return "", true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	default:
		return "", false
	}
}

func list(n ast.Node) ([]string, bool) {
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		return nil, false
	}
	var texts []string
	for _, item := range sequence.Values {
		text, ok := scalar(item)
		if !ok {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, true
}

// pairs gives what a mapping holds.
func pairs(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	default:
		return nil, false
	}
}

func mapping(n ast.Node) (map[string]string, bool) {
	pairs, ok := pairs(n)
	if !ok {
		return nil, false
	}
	texts := map[string]string{}
	for _, pair := range pairs {
		text, ok := scalar(pair.Value)
		key := pair.Key.GetToken().Value
		if _, twice := texts[key]; !ok || twice {
			return nil, false
		}
		texts[key] = text
	}
	return texts, true
}

// parseAfter reads "3d" or "12h".
func parseAfter(text string) (time.Duration, error) {
	after, ok := parseTime(text, map[string]time.Duration{"d": day, "h": time.Hour})
	if !ok {
		return 0, fmt.Errorf("%s is no time after the message", quote(text))
	}
	return after, nil
}

// parseBefore reads "24h" or "90m": a day would be another thing on the night
// on which the clocks change.
func parseBefore(text string) (time.Duration, error) {
	before, ok := parseTime(text, map[string]time.Duration{"h": time.Hour, "m": time.Minute})
	if !ok {
		return 0, fmt.Errorf("%s is no time in hours or minutes", quote(text))
	}
	return before, nil
}

// parseTime reads a whole number above zero with one of the units.
func parseTime(text string, units map[string]time.Duration) (time.Duration, bool) {
	if len(text) < 2 {
		return 0, false
	}
	n, err := strconv.ParseUint(text[:len(text)-1], 10, 16)
	each := units[text[len(text)-1:]]
	return time.Duration(n) * each, err == nil && n > 0 && each > 0
}

// unquoted says why a file cannot be read, without its name.
func unquoted(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
