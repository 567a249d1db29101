package redact

import "strings"

// expected takes the word behind something that has a secret as value. It
// returns false for a word that is no value, which is then read as any other.
func (s *scan) expected(c *command, w word, depth int) bool {
	how := c.expect
	c.expect = nothing
	switch how {
	case given:
		s.part(w, 0, c.split, depth)
		return true
	case credentials:
		if authScheme(w.text) {
			c.expect = given
			c.split = ""
			return true
		}
		from, to := trimPunctuation(w.text)
		s.secret(w, from, to, depth)
		return true
	case cookie:
		c.expect = cookie
		s.cookies(w, 0, depth)
		return true
	case quotedValue:
		if !w.quoted {
			return false
		}
	case literal:
		if isProse(w.text) {
			return false
		}
	default:
		if strings.HasPrefix(w.text, "-") {
			return false
		}
		if c.setter && s.bareName(w.text) {
			c.expect = value // set --secret NAME VALUE
			return true
		}
	}
	from, to := trimPunctuation(w.text)
	if rest, ok := strings.CutPrefix(w.text[from:to], "pass:"); ok {
		from = to - len(rest)
	}
	if strings.ContainsAny(w.text, " \t") && depth < maxDepth && how == value && !plausible(w.text[from:to], depth > 0) {
		return false
	}
	s.secret(w, from, to, depth)
	return true
}

// authScheme tells whether a word of a header is the scheme, with the secret
// behind it.
func authScheme(text string) bool {
	switch strings.ToLower(text) {
	case "bearer", "basic", "token", "negotiate", "apikey", "digest", "bot":
		return true
	}
	return false
}

// trimPunctuation narrows a word of JSON or YAML to its value.
func trimPunctuation(text string) (from, to int) {
	to = len(text)
	for to > 0 && strings.IndexByte("},]", text[to-1]) >= 0 {
		to--
	}
	for to-from >= 2 && (text[from] == '"' || text[from] == '\'') && text[to-1] == text[from] {
		from++
		to--
	}
	return from, to
}

// isProse tells whether a word may be one of a sentence: only small letters.
func isProse(text string) bool {
	for i := range len(text) {
		if text[i] < 'a' || text[i] > 'z' {
			return false
		}
	}
	return true
}

// cookies notes the values of NAME=value pairs.
func (s *scan) cookies(w word, from, depth int) {
	if s.disabled[idCookie] {
		return
	}
	for from < len(w.text) {
		end := strings.IndexByte(w.text[from:], ';')
		if end < 0 {
			end = len(w.text) - from
		}
		if at := strings.IndexByte(w.text[from:from+end], '='); at > 0 {
			s.secret(w, from+at+1, from+end, depth)
		}
		from += end + 1
	}
}

// piped looks for a secret that a command prints into one that reads it.
func (s *scan) piped(before, after []word, depth int) {
	if s.disabled[idPiped] || len(before) < 2 {
		return
	}
	if program := before[0].text; program != "echo" && program != "printf" {
		return
	}
	last := before[len(before)-1]
	switch reader(after) {
	case "chpasswd":
		s.part(last, 0, ":", depth)
	case "secret":
		s.secret(last, 0, len(last.text), depth)
	}
}

// reader says what the command at the head of list reads from its input:
// "chpasswd" for user:secret, "secret", or "" for anything.
func reader(list []word) string {
	for i, w := range list {
		switch {
		case w.separator:
			return ""
		case strings.HasSuffix(w.text, "chpasswd"):
			return "chpasswd"
		case w.text == "--password-stdin", w.text == "--stdin", w.text == "--with-token", w.text == "--passphrase-fd",
			w.text == "-S" && i > 0 && list[0].text == "sudo", w.text == "cryptsetup":
			return "secret"
		}
	}
	return ""
}
