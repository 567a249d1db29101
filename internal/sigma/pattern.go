package sigma

import "strings"

// piece is a literal of a pattern, or a wildcard.
type piece struct {
	// wild is '*' (any text), '?' (any one character), '%' (the placeholder
	// named lit, which no longer stands in what is matched), or 0 for a literal.
	wild byte
	lit  string
}

// pattern is a Sigma string: literals and wildcards. Two literals, or two '*',
// never stand side by side.
type pattern []piece

// parsePattern reads the notation of rule values: '*' and '?' are wildcards,
// '\' takes the special meaning from a following '*', '?' or '\', and is
// itself before anything else.
func parsePattern(s string) pattern {
	var p pattern
	var lit strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(`*?\`, s[i+1]) >= 0:
			i++
			lit.WriteByte(s[i])
		case c == '*' || c == '?':
			p = p.literal(lit.String()).wildcard(c)
			lit.Reset()
		default:
			lit.WriteByte(c)
		}
	}
	return p.literal(lit.String())
}

// literal appends text.
func (p pattern) literal(s string) pattern {
	if s == "" {
		return p
	}
	if n := len(p); n > 0 && p[n-1].wild == 0 {
		joined := append(pattern{}, p...)
		joined[n-1].lit += s
		return joined
	}
	return append(p[:len(p):len(p)], piece{lit: s})
}

// wildcard appends '*' or '?'.
func (p pattern) wildcard(c byte) pattern {
	if n := len(p); c == '*' && n > 0 && p[n-1].wild == '*' {
		return p
	}
	return append(p[:len(p):len(p)], piece{wild: c})
}

// concat appends a whole pattern.
func (p pattern) concat(q pattern) pattern {
	for _, part := range q {
		p = p.piece(part)
	}
	return p
}

// piece appends one piece.
func (p pattern) piece(part piece) pattern {
	switch part.wild {
	case 0:
		return p.literal(part.lit)
	case '%':
		return append(p[:len(p):len(p)], part)
	}
	return p.wildcard(part.wild)
}

// placeholder returns the name of the first placeholder that is left.
func (p pattern) placeholder() (name string, found bool) {
	for _, part := range p {
		if part.wild == '%' {
			return part.lit, true
		}
	}
	return "", false
}

// anyBefore and anyAfter allow any text in front of, or behind, the pattern.
func (p pattern) anyBefore() pattern { return pattern{{wild: '*'}}.concat(p) }
func (p pattern) anyAfter() pattern  { return p.wildcard('*') }

// plain returns the text of a pattern without wildcards.
func (p pattern) plain() (string, bool) {
	switch {
	case len(p) == 0:
		return "", true
	case len(p) == 1 && p[0].wild == 0:
		return p[0].lit, true
	}
	return "", false
}

// mapLiterals applies f to every literal.
func (p pattern) mapLiterals(f func(string) string) pattern {
	var out pattern
	for _, part := range p {
		if part.wild == 0 {
			part.lit = f(part.lit)
		}
		out = out.piece(part)
	}
	return out
}

var escapeWildcards = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`)

// String returns the pattern in rule notation.
func (p pattern) String() string {
	var b strings.Builder
	for _, part := range p {
		switch part.wild {
		case 0:
			b.WriteString(escapeWildcards.Replace(part.lit))
		case '%':
			b.WriteString("%" + part.lit + "%")
		default:
			b.WriteByte(part.wild)
		}
	}
	return b.String()
}

// anchored is a pattern without inner wildcards: its literal, and whether it
// must stand at the beginning and at the end of the value.
type anchored struct {
	lit        string
	start, end bool
}

// anchored returns the simple form of p: [*] literal [*]. ok is false for
// patterns with other wildcards, and for those without a literal.
func (p pattern) anchored() (a anchored, ok bool) {
	a = anchored{start: true, end: true}
	if len(p) > 0 && p[0].wild == '*' {
		a.start = false
		p = p[1:]
	}
	if n := len(p); n > 0 && p[n-1].wild == '*' {
		a.end = false
		p = p[:n-1]
	}
	a.lit, ok = p.plain()
	return a, ok && (a.lit != "" || (a.start && a.end))
}
