package sigma

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// maxDashes bounds |windash|: n dashes expand to 5^n patterns.
const maxDashes = 4

// dashes are the characters that Windows programs take for the dash of an option.
var dashes = []string{"-", "/", "\u2013", "\u2014", "\u2015"}

// encodeUTF16 returns s in UTF-16 as a string of bytes, with a byte order
// mark if bom.
func encodeUTF16(s string, bigEndian, bom bool) string {
	units := utf16.Encode([]rune(s))
	if bom {
		units = append([]uint16{0xfeff}, units...)
	}
	out := make([]byte, 0, 2*len(units))
	for _, u := range units {
		high, low := byte(u>>8), byte(u)
		if bigEndian {
			out = append(out, high, low)
		} else {
			out = append(out, low, high)
		}
	}
	return string(out)
}

// base64Offsets returns the three texts that s leaves in Base64 data, one for
// each position of s modulo 3, cut to the characters that s alone decides.
func base64Offsets(s string) [3]string {
	firstWhole := [3]int{0, 2, 3}
	cutAtEnd := [3]int{0, 3, 2}
	var out [3]string
	for offset := range out {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", offset) + s))
		last := len(encoded) - cutAtEnd[(len(s)+offset)%3]
		out[offset] = encoded[min(firstWhole[offset], last):last]
	}
	return out
}

// dashVariants returns s with every dash that begins an option replaced by
// each of dashes, in all combinations; false if there are more than maxDashes.
func dashVariants(s string) ([]string, bool) {
	places := optionDashes(s)
	if len(places) > maxDashes {
		return nil, false
	}
	variants := []string{""}
	from := 0
	for _, at := range places {
		var next []string
		for _, v := range variants {
			for _, d := range dashes {
				next = append(next, v+s[from:at.from]+d)
			}
		}
		variants, from = next, at.to
	}
	for i := range variants {
		variants[i] += s[from:]
	}
	return variants, true
}

// place is where a dash stands in a text: bytes from to to.
type place struct{ from, to int }

// optionDashes are the places of dashes that follow no word character and
// stand before one.
func optionDashes(s string) []place {
	var places []place
	for i := range s {
		for _, d := range dashes {
			end := i + len(d)
			if strings.HasPrefix(s[i:], d) && (i == 0 || !isWord(s[i-1])) && end < len(s) && isWord(s[end]) {
				places = append(places, place{i, end})
			}
		}
	}
	return places
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
