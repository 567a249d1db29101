package sigma

import (
	"encoding/base64"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// comparisons by modifier.
var comparisons = map[string]comparison{"lt": less, "lte": lessEqual, "gt": greater, "gte": greaterEqual}

// encodings by modifier: each turns a pattern into those to look for.
var encodings = map[string]func(p pattern, line int) ([]pattern, error){
	"utf16le":      wide(false, false),
	"wide":         wide(false, false),
	"utf16be":      wide(true, false),
	"utf16":        wide(false, true),
	"base64":       encodeBase64,
	"base64offset": encodeBase64Offset,
	"windash":      expandDashes,
}

// modifiers of one detection item, read from "field|modifier|…".
type modifiers struct {
	all, cased, neq bool
	// anchor is contains, startswith, endswith or "".
	anchor string
	// ask is what to do with the values instead of matching patterns.
	ask     predicate
	flags   string // of |re
	compare comparison
	part    timePart
	// encode are the encodings and "expand", in the order written.
	encode []string
}

// parseModifiers reads the names after the field. An unknown name is refused
// as unsupported, a combination without meaning as malformed.
func parseModifiers(names []string, line int) (modifiers, error) {
	var m modifiers
	for _, name := range names {
		if err := m.add(strings.ToLower(name), line); err != nil {
			return m, err
		}
	}
	return m, m.check(names, line)
}

// check refuses what would otherwise be read and ignored.
func (m *modifiers) check(names []string, line int) error {
	all := strings.Join(names, "|")
	switch {
	case m.anchor != "" && m.ask != askPattern && m.ask != askField && m.ask != askRegexp:
		return malformed(line, "modifier |%s does not go with |%s", m.anchor, all)
	case slices.Contains(m.encode, "expand") && m.ask == askRegexp:
		return unsupported(line, "placeholders in a regular expression (|%s)", all)
	case len(m.encode) > 0 && m.ask != askPattern:
		return malformed(line, "modifier |%s does not go with |%s", m.encode[0], all)
	case m.cased && m.ask != askPattern && m.ask != askField:
		return malformed(line, "modifier |cased does not go with |%s", all)
	}
	return nil
}

func (m *modifiers) add(name string, line int) error {
	if m.anchor != "" && (name == "base64" || name == "base64offset" || name == "re") {
		// The anchor has made wildcards of its own before.
		return malformed(line, "modifier |%s does not go after |%s", name, m.anchor)
	}
	if _, ok := encodings[name]; ok || name == "expand" {
		m.encode = append(m.encode, name)
		return nil
	}
	if op, ok := comparisons[name]; ok {
		m.compare = op
		return m.setAsk(askCompare, line)
	}
	if _, ok := timeParts[timePart(name)]; ok {
		m.part = timePart(name)
		return m.setAsk(askCompare, line)
	}
	return m.addNamed(name, line)
}

func (m *modifiers) addNamed(name string, line int) error {
	switch name {
	case "all":
		m.all = true
	case "cased":
		m.cased = true
	case "neq":
		m.neq = true
	case "contains", "startswith", "endswith":
		if m.anchor != "" && m.anchor != name {
			return malformed(line, "modifier |%s does not go with |%s", name, m.anchor)
		}
		m.anchor = name
	case "re":
		return m.setAsk(askRegexp, line)
	case "i", "m", "s", "ignorecase", "multiline", "dotall":
		return m.addFlag(flagNames[name], line)
	case "cidr":
		return m.setAsk(askCIDR, line)
	case "exists":
		return m.setAsk(askExists, line)
	case "fieldref":
		return m.setAsk(askField, line)
	case "":
		return malformed(line, "modifier without name")
	default:
		return unsupported(line, "modifier |%s", name)
	}
	return nil
}

// flagNames are the flags of regular expressions by their modifiers: the
// specification's, and the long names of the reference implementation.
var flagNames = map[string]string{"i": "i", "m": "m", "s": "s", "ignorecase": "i", "multiline": "m", "dotall": "s"}

func (m *modifiers) addFlag(name string, line int) error {
	if m.ask != askRegexp {
		return malformed(line, "modifier |%s without |re before it", name)
	}
	m.flags += name
	return nil
}

// setAsk sets what the item asks; only a comparison of a time's part may be
// given in two modifiers.
func (m *modifiers) setAsk(ask predicate, line int) error {
	if m.ask != askPattern && (m.ask != askCompare || ask != askCompare) {
		return malformed(line, "modifiers that exclude each other")
	}
	m.ask = ask
	return nil
}

// loader of patterns: the placeholders of |expand.
type placeholders map[string][]string

// patterns turns one value into the patterns that stand for it.
func (m *modifiers) patterns(v *node, lists placeholders) ([]pattern, error) {
	all := []pattern{parsePattern(v.text)}
	for _, name := range m.encode {
		var next []pattern
		for _, p := range all {
			encoded, err := encode(name, p, v.line, lists)
			if err != nil {
				return nil, err
			}
			if next = append(next, encoded...); len(next) > maxNodes {
				return nil, malformed(v.line, "value stands for more than %d patterns", maxNodes)
			}
		}
		all = next
	}
	for i, p := range all {
		all[i] = m.anchored(p)
	}
	return all, nil
}

func encode(name string, p pattern, line int, lists placeholders) ([]pattern, error) {
	if name == "expand" {
		return lists.expand(p, line)
	}
	return encodings[name](p, line)
}

func (m *modifiers) anchored(p pattern) pattern {
	if m.anchor == "contains" || m.anchor == "endswith" {
		p = p.anyBefore()
	}
	if m.anchor == "contains" || m.anchor == "startswith" {
		p = p.anyAfter()
	}
	return p
}

// expand turns every %name% of a pattern into the values of that placeholder.
// One without a list stays, for the processing pipelines to fill.
func (lists placeholders) expand(p pattern, line int) ([]pattern, error) {
	return substitute(markPlaceholders(p), line, func(name string) ([]pattern, bool) {
		values, ok := lists[name]
		var patterns []pattern
		for _, v := range values {
			patterns = append(patterns, parsePattern(v))
		}
		return patterns, ok
	})
}

// placeholderName is a placeholder in a value, or an escaped percent sign.
var placeholderName = regexp.MustCompile(`\\%|%([\w.-]+)%`)

// markPlaceholders makes pieces of the placeholders in the literals.
func markPlaceholders(p pattern) pattern {
	var out pattern
	for _, part := range p {
		if part.wild != 0 {
			out = out.piece(part)
			continue
		}
		text, from := part.lit, 0
		for _, at := range placeholderName.FindAllStringSubmatchIndex(text, -1) {
			out = out.literal(text[from:at[0]])
			if at[2] < 0 {
				out = out.literal("%")
			} else {
				out = out.piece(piece{wild: '%', lit: text[at[2]:at[3]]})
			}
			from = at[1]
		}
		out = out.literal(text[from:])
	}
	return out
}

// substitute replaces placeholders by each of their values; those that values
// does not know stay.
func substitute(p pattern, line int, values func(name string) ([]pattern, bool)) ([]pattern, error) {
	done := []pattern{nil}
	for _, part := range p {
		choices := []pattern{{part}}
		if part.wild == '%' {
			if found, ok := values(part.lit); ok {
				choices = found
			}
		}
		if len(done)*len(choices) > maxNodes {
			return nil, malformed(line, "placeholders stand for more than %d patterns", maxNodes)
		}
		done = product(done, choices)
	}
	return done, nil
}

func product(heads, tails []pattern) []pattern {
	out := make([]pattern, 0, len(heads)*len(tails))
	for _, h := range heads {
		for _, t := range tails {
			out = append(out, slices.Clone(h).concat(t))
		}
	}
	return out
}

func wide(bigEndian, bom bool) func(pattern, int) ([]pattern, error) {
	return func(p pattern, _ int) ([]pattern, error) {
		return []pattern{p.mapLiterals(func(s string) string { return encodeUTF16(s, bigEndian, bom) })}, nil
	}
}

// encodable returns the text of a value that is to be encoded whole.
func encodable(modifier string, p pattern, line int) (string, error) {
	if name, open := p.placeholder(); open {
		return "", unsupported(line, "|%s of placeholder %%%s%%, which has no list", modifier, name)
	}
	text, ok := p.plain()
	if !ok {
		return "", malformed(line, "|%s of a value with wildcards", modifier)
	}
	return text, nil
}

func encodeBase64(p pattern, line int) ([]pattern, error) {
	text, err := encodable("base64", p, line)
	if err != nil {
		return nil, err
	}
	return []pattern{pattern(nil).literal(base64.StdEncoding.EncodeToString([]byte(text)))}, nil
}

func encodeBase64Offset(p pattern, line int) ([]pattern, error) {
	text, err := encodable("base64offset", p, line)
	if err != nil {
		return nil, err
	}
	var out []pattern
	for _, encoded := range base64Offsets(text) {
		if encoded == "" {
			return nil, malformed(line, "|base64offset: %q is too short", text)
		}
		out = append(out, pattern(nil).literal(encoded))
	}
	return out, nil
}

func expandDashes(p pattern, line int) ([]pattern, error) {
	done := []pattern{nil}
	for _, part := range p {
		choices := []pattern{{part}}
		if part.wild == 0 {
			variants, ok := dashVariants(part.lit)
			if !ok || len(done)*len(variants) > maxNodes {
				return nil, unsupported(line, "|windash of a value with more than %d dashes", maxDashes)
			}
			choices = choices[:0]
			for _, v := range variants {
				choices = append(choices, pattern(nil).literal(v))
			}
		}
		done = product(done, choices)
	}
	return done, nil
}

// mappedBits is the length of ::ffff:0:0/96, in front of an IPv4 address.
const mappedBits = 96

// parseCIDR reads a network; an address alone is the network of that address.
// Values are compared as IPv4 where they can be, so that networks are too.
func parseCIDR(text string, line int) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, malformed(line, "|cidr: %q is not a network", text)
		}
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	if prefix.Addr().Is4In6() && prefix.Bits() >= mappedBits {
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-mappedBits)
	}
	return prefix.Masked(), nil
}
