package sigma

import (
	"encoding/base64"
	"net/netip"
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
	if m.anchor != "" && m.ask != askPattern && m.ask != askField {
		return m, malformed(line, "modifier |%s does not go with |%s", m.anchor, strings.Join(names, "|"))
	}
	if len(m.encode) > 0 && m.ask != askPattern {
		return m, malformed(line, "modifier |%s does not go with |%s", m.encode[0], strings.Join(names, "|"))
	}
	return m, nil
}

func (m *modifiers) add(name string, line int) error {
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
	case "i", "m", "s":
		return m.addFlag(name, line)
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

// expand replaces the first %name% by each value of that placeholder, and
// goes on with what follows it.
func (lists placeholders) expand(p pattern, line int) ([]pattern, error) {
	done := []pattern{nil}
	for _, part := range p {
		choices := []pattern{{part}}
		if part.wild == 0 {
			var err error
			if choices, err = lists.expandText(part.lit, line); err != nil {
				return nil, err
			}
		}
		if len(done)*len(choices) > maxNodes {
			return nil, malformed(line, "placeholders stand for more than %d patterns", maxNodes)
		}
		done = product(done, choices)
	}
	return done, nil
}

// expandText expands the placeholders of a literal.
func (lists placeholders) expandText(text string, line int) ([]pattern, error) {
	before, rest, found := strings.Cut(text, "%")
	name, after, closed := strings.Cut(rest, "%")
	if !found || !closed {
		return []pattern{pattern(nil).literal(text)}, nil
	}
	values, ok := lists[name]
	if !ok {
		return nil, unsupported(line, "placeholder %%%s%% has no values", name)
	}
	tails, err := lists.expandText(after, line)
	if err != nil {
		return nil, err
	}
	var heads []pattern
	for _, v := range values {
		heads = append(heads, pattern(nil).literal(before).literal(v))
	}
	return product(heads, tails), nil
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

func encodeBase64(p pattern, line int) ([]pattern, error) {
	text, ok := p.plain()
	if !ok {
		return nil, malformed(line, "|base64 of a value with wildcards")
	}
	return []pattern{pattern(nil).literal(base64.StdEncoding.EncodeToString([]byte(text)))}, nil
}

func encodeBase64Offset(p pattern, line int) ([]pattern, error) {
	text, ok := p.plain()
	if !ok {
		return nil, malformed(line, "|base64offset of a value with wildcards")
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
