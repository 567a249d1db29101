package redact

import "strings"

// inside searches an argument or a word that has blanks as the words of a text.
func (s *scan) inside(w word, depth int) {
	if depth >= maxDepth || !divisible(w) {
		return
	}
	list := split(w, s.words[depth+1][:0])
	s.words[depth+1] = list
	if len(list) == 1 && len(list[0].text) == len(w.text) {
		s.quotations(w, depth)
		return
	}
	s.commands(list, depth+1)
}

// quotations searches the quoted parts of one word, as --header="A: b".
func (s *scan) quotations(w word, depth int) {
	for i := 0; i < len(w.text); i++ {
		if w.text[i] != '"' && w.text[i] != '\'' {
			continue
		}
		if end := closing(w.text, i); end > 0 {
			inner := word{arg: w.arg, start: w.start + i + 1, end: w.start + end, text: w.text[i+1 : end], quoted: true}
			s.inside(inner, depth+1)
			i = end
		}
	}
}

// divisible tells whether a word is more than one to a shell.
func divisible(w word) bool {
	for i := range len(w.text) {
		if divides[w.text[i]] {
			return true
		}
	}
	return false
}

var divides = [256]bool{' ': true, '\t': true, '\n': true, '|': true, ';': true, '<': true, '>': true}

// split takes a text apart as a shell would, roughly: at blanks and separators
// outside quotes. A word in quotes loses them.
func split(w word, list []word) []word {
	text := w.text
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == ' ' || c == '\t':
			i++
		case isSeparator(c):
			list = append(list, word{arg: w.arg, start: w.start + i, end: w.start + i + 1, text: text[i : i+1], separator: true})
			i++
		default:
			end := wordEnd(text, i)
			list = append(list, bare(w, i, end))
			i = end
		}
	}
	return list
}

// bare is the word from i to end, without the quotes around it.
func bare(w word, i, end int) word {
	from, to := unquote(w.text, i, end)
	return word{arg: w.arg, start: w.start + from, end: w.start + to, text: w.text[from:to], quoted: from > i}
}

func isSeparator(c byte) bool { return strings.IndexByte("|;&()\n<>", c) >= 0 }

// wordEnd is where a word ends that begins at i. A quote that is not closed is
// an ordinary character.
func wordEnd(text string, i int) int {
	for i < len(text) {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			i++
		case c == '\'' || c == '"':
			if end := closing(text, i); end > 0 {
				i = end
			}
		case c == '&' || c == ';':
			// Within a query or a connection string they separate values.
			if !anotherName(text[i+1:]) || i+1 == len(text) {
				return i
			}
		case c == ' ' || c == '\t' || isSeparator(c):
			return i
		}
		i++
	}
	return len(text)
}

// closing is the index of the quote that closes the one at i, or 0.
func closing(text string, i int) int {
	for j := i + 1; j < len(text); j++ {
		if text[j] == '\\' && text[i] == '"' {
			j++
		} else if text[j] == text[i] {
			return j
		}
	}
	return 0
}

// urls notes the password in the authority of URLs, and a token in the place of
// the user.
func (s *scan) urls(w word) {
	if s.disabled[idURL] {
		return
	}
	for from := 0; ; {
		at := strings.Index(w.text[from:], "://")
		if at < 0 {
			return
		}
		from += at + 3
		end := from + authority(w.text[from:])
		user := w.text[from:end]
		if host := strings.LastIndexByte(user, '@'); host > 0 {
			user = user[:host]
			if colon := strings.IndexByte(user, ':'); colon >= 0 {
				s.secret(w, from+colon+1, from+len(user), 0)
			} else if len(user) >= 20 {
				s.secret(w, from, from+len(user), 0)
			}
		}
		from = end
	}
}

// authority is the length of a URL's authority.
func authority(text string) int {
	for i := range len(text) {
		if strings.IndexByte("/?# \t\n\"'<>", text[i]) >= 0 {
			return i
		}
	}
	return len(text)
}

// custom applies the configured regular expressions.
func (s *scan) custom() {
	for _, re := range s.matches {
		for i, a := range s.args {
			for _, m := range re.FindAllStringSubmatchIndex(a, maxHits) {
				if m[2] >= 0 {
					s.secret(word{arg: i, end: len(a), text: a}, m[2], m[3], 0)
				}
			}
		}
	}
}
