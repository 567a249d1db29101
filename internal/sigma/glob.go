package sigma

import "unicode/utf8"

// element is one step of a compiled pattern: a character or a wildcard.
type element rune

// Wildcards and bytes that are not UTF-8 live above the Unicode range.
const (
	anyText element = utf8.MaxRune + 1 + iota
	anyChar
	rawByte
)

// glob matches patterns that have inner wildcards, or that mind case.
type glob struct {
	steps []element
	cased bool
}

func newGlob(p pattern, cased bool) *glob {
	g := &glob{cased: cased}
	for _, part := range p {
		switch part.wild {
		case '*':
			g.steps = append(g.steps, anyText)
		case '?':
			g.steps = append(g.steps, anyChar)
		default:
			for s := part.lit; s != ""; {
				e, size := nextElement(s, cased)
				g.steps = append(g.steps, e)
				s = s[size:]
			}
		}
	}
	return g
}

// nextElement decodes the first character of s, folded unless cased.
func nextElement(s string, cased bool) (element, int) {
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 {
		return rawByte + element(s[0]), 1
	}
	if !cased {
		r = foldRune(r)
	}
	return element(r), size
}

// match reports whether the whole of s fits. It backtracks to the last '*'
// only, which is enough: time is at most len(pattern) * len(s).
func (g *glob) match(s string) bool {
	step, back, resume := 0, -1, 0
	pos := 0
	for pos < len(s) {
		e, size := nextElement(s[pos:], g.cased)
		switch {
		case step < len(g.steps) && g.steps[step] == anyText:
			back, resume = step, pos
			step++
		case step < len(g.steps) && (g.steps[step] == anyChar || g.steps[step] == e):
			step++
			pos += size
		case back >= 0:
			_, skipped := nextElement(s[resume:], true)
			resume += skipped
			step, pos = back+1, resume
		default:
			return false
		}
	}
	for step < len(g.steps) && g.steps[step] == anyText {
		step++
	}
	return step == len(g.steps)
}
