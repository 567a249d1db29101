package sigma

import (
	"unicode"
	"unicode/utf8"
)

// Case folding: the equivalence of Unicode simple folding, the one that
// strings.EqualFold and (?i) of package regexp use, so that a literal taken
// out of a regular expression is a sound prefilter for it.

// foldRune returns the representative of r's class: the lower-case ASCII
// letter where the class has one, else the smallest rune.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}
	least := r
	for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
		least = min(least, o)
	}
	if least < utf8.RuneSelf {
		return foldRune(least)
	}
	return least
}

// appendFold appends the folded s to dst. Bytes that are not UTF-8 stay.
func appendFold(dst []byte, s string) []byte {
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			dst = append(dst, s[0])
		} else {
			dst = utf8.AppendRune(dst, foldRune(r))
		}
		s = s[size:]
	}
	return dst
}

// fold returns the folded s.
func fold(s string) string { return string(appendFold(nil, s)) }

// isASCII reports whether every byte of s is below 0x80: then folding is
// the automaton's byte classes and needs no copy.
func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
