package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Limits of one rule file. They bound what a hostile file can cost.
const (
	maxFileSize = 1 << 20
	maxNodes    = 50_000
	maxDepth    = 64
)

// shape is the kind of a YAML node.
type shape uint8

const (
	shapeNull shape = iota
	shapeString
	shapeInt
	shapeFloat
	shapeBool
	shapeList
	shapeMap
)

// node is a YAML node with its line: all that the loader needs of YAML.
type node struct {
	shape shape
	line  int
	// text of a scalar; whole numbers in decimal.
	text  string
	num   float64
	items []*node
	// keys of a map, in the order of items.
	keys []key
}

// key is a key of a map.
type key struct {
	name string
	line int
}

// get returns the value of a key of a map, nil if it has none.
func (n *node) get(name string) *node {
	for i, k := range n.keys {
		if k.name == name {
			return n.items[i]
		}
	}
	return nil
}

// at is the line of a key of a map, or of the map if it lacks the key.
func (n *node) at(name string) int {
	for _, k := range n.keys {
		if k.name == name {
			return k.line
		}
	}
	return n.line
}

// scalar reports whether the node is a single value.
func (n *node) scalar() bool { return n.shape < shapeList }

// parseYAML reads the documents of one file. Empty documents are left out.
func parseYAML(data []byte) ([]*node, error) {
	if len(data) > maxFileSize {
		return nil, malformed(0, "file is larger than %d bytes", maxFileSize)
	}
	if err := checkText(data); err != nil {
		return nil, err
	}
	var docs []*node
	for _, part := range splitDocuments(normal(string(data))) {
		n, err := parseDocument(part)
		if err != nil {
			return nil, err
		}
		if n != nil {
			docs = append(docs, n)
		}
	}
	return docs, nil
}

// checkText refuses what is not YAML text: other encodings than UTF-8, and
// control characters (YAML 1.2, chapter 5.1), which the parser would let pass.
func checkText(data []byte) error {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return malformed(1, "file is UTF-16: rules are UTF-8")
	}
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		switch {
		case r == utf8.RuneError && size == 1:
			return malformed(lineAt(data, at), "not UTF-8 (byte %#02x)", data[at])
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0x7f:
			return malformed(lineAt(data, at), "control character %#02x", data[at])
		}
		at += size
	}
	return nil
}

// lineAt is the 1-based line of a byte.
func lineAt(data []byte, at int) int { return 1 + bytes.Count(data[:at], []byte("\n")) }

// normal takes out the byte order mark, and ends lines in one way: the parser
// takes the mark for a part of the first key, and counts some "\r\n" twice.
func normal(text string) string {
	return strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
}

// part is the text of one document; before counts the lines above it.
type part struct {
	text   string
	before int
}

// splitDocuments splits a stream before each line that begins with the marker
// "---", and leaves out parts without content. The parser could do it, but
// drops the document behind an empty one.
func splitDocuments(text string) []part {
	var parts []part
	start, before, line, at := 0, 0, 0, 0
	content := false
	end := func() {
		if content {
			parts = append(parts, part{text: text[start:at], before: before})
		}
		start, before, content = at, line, false
	}
	for piece := range strings.Lines(text) {
		if isMarker(piece) {
			end()
		}
		content = content || hasContent(piece)
		line++
		at += len(piece)
	}
	end()
	return parts
}

func isMarker(line string) bool {
	rest, found := strings.CutPrefix(line, "---")
	return found && (rest == "" || strings.ContainsAny(rest[:1], " \t\n"))
}

// hasContent reports whether a line is more than a marker, a comment or a directive.
func hasContent(line string) bool {
	if isMarker(line) {
		line = line[len("---"):]
	}
	line = strings.TrimSpace(line)
	return line != "" && line != "..." && line[0] != '#' && line[0] != '%'
}

// parseDocument parses one document; nil if it is empty.
func parseDocument(p part) (n *node, err error) {
	// The parser is not ours; a panic in it is a file that cannot be read.
	defer func() {
		if r := recover(); r != nil {
			n, err = nil, malformed(p.before+1, "YAML: the parser failed: %v", r)
		}
	}()
	file, err := parser.ParseBytes([]byte(p.text), 0)
	if err != nil {
		return nil, syntaxFault(err, p.before)
	}
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		if n != nil {
			return nil, malformed(p.before+lineOf(doc.Body), "YAML: a document must begin with a line ---")
		}
		c := converter{anchors: map[string]ast.Node{}, before: p.before}
		if n, err = c.convert(doc.Body, 0); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// syntaxFault keeps the position of a YAML syntax error.
func syntaxFault(err error, before int) error {
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
		return malformed(before+syntax.Token.Position.Line, "YAML: %s", syntax.Message)
	}
	return malformed(before+1, "YAML: %s", firstLine(err.Error()))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// converter turns one document of the parser's tree into nodes and resolves
// aliases. It counts nodes, so that nested aliases cannot multiply for ever.
type converter struct {
	anchors map[string]ast.Node
	nodes   int
	// before counts the lines above the document.
	before int
}

func (c *converter) convert(n ast.Node, depth int) (*node, error) {
	line := c.before + lineOf(n)
	if c.nodes++; c.nodes > maxNodes {
		return nil, malformed(line, "YAML: more than %d nodes", maxNodes)
	}
	if depth > maxDepth {
		return nil, malformed(line, "YAML: nested deeper than %d", maxDepth)
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return c.mapping(n.Values, line, depth)
	case *ast.MappingValueNode:
		return c.mapping([]*ast.MappingValueNode{n}, line, depth)
	case *ast.SequenceNode:
		return c.sequence(n, line, depth)
	case *ast.AnchorNode:
		c.anchors[n.Name.String()] = n.Value
		return c.convert(n.Value, depth+1)
	case *ast.AliasNode:
		target, ok := c.anchors[n.Value.String()]
		if !ok {
			return nil, malformed(line, "YAML: alias *%s has no anchor", n.Value)
		}
		return c.convert(target, depth+1)
	case *ast.TagNode:
		return nil, unsupported(line, "YAML tag %s", n.Start.Value)
	}
	return scalarNode(n, line)
}

func (c *converter) mapping(values []*ast.MappingValueNode, line, depth int) (*node, error) {
	out := &node{shape: shapeMap, line: line}
	seen := make(map[string]bool, len(values))
	for _, pair := range values {
		if pair.Key.IsMergeKey() {
			return nil, unsupported(line, "YAML merge key <<")
		}
		k, err := c.convert(pair.Key, depth+1)
		if err != nil {
			return nil, err
		}
		if !k.scalar() {
			return nil, malformed(k.line, "YAML: a key must be a single value")
		}
		// The parser misses keys that are written in different ways.
		if seen[k.text] {
			return nil, malformed(k.line, "YAML: mapping key %q already defined", k.text)
		}
		seen[k.text] = true
		v, err := c.convert(pair.Value, depth+1)
		if err != nil {
			return nil, err
		}
		out.keys = append(out.keys, key{name: k.text, line: k.line})
		out.items = append(out.items, v)
	}
	return out, nil
}

func (c *converter) sequence(n *ast.SequenceNode, line, depth int) (*node, error) {
	out := &node{shape: shapeList, line: line}
	for _, item := range n.Values {
		v, err := c.convert(item, depth+1)
		if err != nil {
			return nil, err
		}
		out.items = append(out.items, v)
	}
	return out, nil
}

func scalarNode(n ast.Node, line int) (*node, error) {
	switch n := n.(type) {
	case nil, *ast.NullNode:
		return &node{shape: shapeNull, line: line}, nil
	case *ast.StringNode:
		return &node{shape: shapeString, line: line, text: n.Value}, nil
	case *ast.LiteralNode:
		return &node{shape: shapeString, line: line, text: n.Value.Value}, nil
	case *ast.BoolNode:
		return &node{shape: shapeBool, line: line, text: fmt.Sprint(n.Value)}, nil
	case *ast.IntegerNode:
		return integerNode(n, line)
	case *ast.FloatNode:
		return &node{shape: shapeFloat, line: line, num: n.Value, text: string(appendFloat(nil, n.Value))}, nil
	}
	return nil, malformed(line, "YAML: %s is not allowed here", n.Type())
}

func integerNode(n *ast.IntegerNode, line int) (*node, error) {
	out := &node{shape: shapeInt, line: line, text: fmt.Sprint(n.Value)}
	switch v := n.Value.(type) {
	case int64:
		out.num = float64(v)
	case uint64:
		out.num = float64(v)
	default:
		return nil, malformed(line, "YAML: %v is not a whole number", n.Value)
	}
	return out, nil
}

// lineOf is the 1-based line of a node, 0 if the parser did not say.
func lineOf(n ast.Node) int {
	if n == nil {
		return 0
	}
	token := n.GetToken()
	if token == nil || token.Position == nil {
		return 0
	}
	if m, ok := n.(*ast.MappingValueNode); ok && m.Key != nil {
		if t := m.Key.GetToken(); t != nil && t.Position != nil {
			return t.Position.Line
		}
	}
	return token.Position.Line
}
