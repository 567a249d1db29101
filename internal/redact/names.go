package redact

import "strings"

// Ids of the patterns that are not data.
const (
	idNames  = "names"
	idURL    = "url"
	idHeader = "header"
	idCookie = "cookie"
	idPiped  = "piped"
	idSQL    = "sql"
	idPEM    = "private-key"
)

// secretWords end the name of a secret as a word of their own: db.pass,
// X-Auth-Token, clientSecret.
var secretWords = map[string]bool{
	"password": true, "passwd": true, "passphrase": true, "passwort": true, "pass": true, "pwd": true, "passcode": true,
	"secret": true, "token": true, "apikey": true, "psk": true, "authtoken": true, "userpass": true, "dbpass": true,
	"rootpass": true, "adminpass": true, "smtppass": true, "pgpass": true, "sshpass": true, "requirepass": true, "masterauth": true, "signature": true, "sig": true, "storepass": true, "keypass": true,
	"jwt": true, "sas": true, "credential": true, "creds": true, "contrasena": true, "kennwort": true,
}

// secretEndings end a name without any mark: PGPASSWORD, dbpassword.
var secretEndings = []string{"password", "passwd", "passphrase", "secret", "token", "apikey", "secretkey", "accesskey", "privatekey", "accountkey", "_pwd", "_pass", "rediscli_auth"}

// keyKinds make a secret of a key: api-key, AccountKey.
var keyKinds = map[string]bool{
	"api": true, "secret": true, "access": true, "private": true, "account": true, "shared": true, "encryption": true,
	"auth": true, "master": true, "signing": true, "storage": true, "subscription": true, "sharedaccess": true, "app": true, "deploy": true, "service": true, "license": true, "unseal": true, "hmac": true, "aes": true, "write": true, "ingest": true,
}

// harmless words before the last say that it is none: next_token pages, a
// one-pass build compiles.
var harmless = map[string]bool{
	"next": true, "page": true, "starting": true, "continuation": true, "start": true, "sync": true, "resume": true,
	"max": true, "num": true, "min": true, "cancel": true, "no": true, "single": true, "two": true, "one": true,
	"first": true, "second": true, "multi": true, "proxy": true, "fast": true, "high": true, "low": true, "band": true,
	"reset": true, "forgot": true, "change": true, "show": true, "disable": true, "allow": true, "require": true, "per": true,
}

// ending is the last two letters of a name: most names end otherwise than any
// of a secret.
func ending(name string) [2]byte {
	return [2]byte{lower(name[len(name)-2]), lower(name[len(name)-1])}
}

func lower(c byte) byte {
	if isUpper(c) {
		c += 'a' - 'A'
	}
	return c
}

// maxName bounds a name, in bytes.
const maxName = 64

// secretName tells whether a name is that of a secret.
func (p *patterns) secretName(name string) bool {
	if len(name) < 2 || len(name) > maxName || !p.ends[ending(name)] {
		return false
	}
	if p.disabled[idNames] && len(p.names) == 0 {
		return false
	}
	name = strings.TrimPrefix(strings.TrimLeft(name, "-"), "D")
	before, last := lastWords(name)
	if p.names[last] || p.names[strings.ToLower(name)] {
		return true
	}
	if p.disabled[idNames] || harmless[before] {
		return false
	}
	if secretWords[last] || last == "key" && keyKinds[before] {
		return true
	}
	lower := strings.ToLower(name)
	for _, ending := range secretEndings {
		if strings.HasSuffix(lower, ending) {
			return true
		}
	}
	return false
}

// lastWords are the last two words of a name in small letters. Words end at
// '-', '_', '.', ':' and '/', and where a capital follows a small letter.
func lastWords(name string) (before, last string) {
	start := wordStart(name)
	last = strings.ToLower(name[start:])
	rest := strings.TrimRight(name[:start], "-_.:/")
	return strings.ToLower(rest[wordStart(rest):]), last
}

func wordStart(name string) int {
	for i := len(name) - 1; i > 0; i-- {
		c := name[i-1]
		if strings.IndexByte("-_.:/[", c) >= 0 || isUpper(name[i]) && c >= 'a' && c <= 'z' {
			return i
		}
	}
	return 0
}

func isUpper(c byte) bool  { return c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return isUpper(c) || c >= 'a' && c <= 'z' }
func isName(c byte) bool   { return isLetter(c) || isDigit(c) || c == '_' || c == '-' || c == '.' }

// named looks for names of secrets in a word: what stands behind them in it is
// noted, what comes as the next word is expected.
func (s *scan) named(c *command, w word, depth int) {
	text := w.text
	c.setter = c.setter || setters[text]
	if strings.HasPrefix(text, "-") || c.setter {
		if s.bareName(text) {
			c.expect = value
			return
		}
	}
	s.statement(c, text)
	for i := 1; i < len(text); i++ {
		if text[i] != '=' && text[i] != ':' {
			continue
		}
		start, end := nameBefore(text, i)
		if start == end || !s.header(c, w, start, i, depth) && !s.secretName(text[start:end]) {
			continue
		}
		if c.expect == cookie || c.expect == credentials {
			return
		}
		from := i + 1
		if strings.HasPrefix(text[i:], "=>") {
			from++
		}
		to := valueEnd(text, from)
		if taken := depth == 0 || w.quoted; taken && text[0] == '-' && strings.Trim(text[:start], "-") == "" && text[i] == '=' && plausible(text[from:], depth > 0) {
			to = len(text) // of an option that a shell has taken apart already
		}
		switch {
		case from < len(text) && to > from:
			s.secret(w, from, to, depth)
		case text[i] == ':' && to == len(text):
			c.expect = literal
		}
		i = max(i, to-1)
	}
}

// bareName tells whether a whole word is a secret's name, as --password is.
func (s *scan) bareName(text string) bool {
	for i := range len(text) {
		if !isName(text[i]) && text[i] != ':' && text[i] != '/' {
			return false
		}
	}
	return s.secretName(text)
}

// statement expects the value of SQL's PASSWORD 'x' and IDENTIFIED … BY 'x'.
func (s *scan) statement(c *command, text string) {
	switch {
	case s.disabled[idSQL] || len(text) > len("identified"):
	case strings.EqualFold(text, "identified"):
		c.by = true
	case c.by && (strings.EqualFold(text, "by") || strings.EqualFold(text, "as")), strings.EqualFold(text, "password"):
		c.expect = quotedValue
	}
}

// header expects the secret of a header that has one by its name. It returns
// true if the secret stands directly behind the name.
func (s *scan) header(c *command, w word, start, at, depth int) bool {
	switch name := w.text[start:at]; {
	case w.text[at] != ':' && w.text[at] != '=':
		return false
	case (strings.EqualFold(name, "authorization") || strings.EqualFold(name, "proxy-authorization")) && !s.disabled[idHeader]:
		c.expect, c.split = credentials, ""
		if at+1 < len(w.text) && authScheme(w.text[at+1:]) {
			c.expect = given
			return false
		}
		if at+1 < len(w.text) {
			c.expect = nothing
		}
		return at+1 < len(w.text) && w.text[at+1] != ' '
	case w.text[at] == ':' && (strings.EqualFold(name, "cookie") || strings.EqualFold(name, "set-cookie")) && !s.disabled[idCookie]:
		if at+1 == len(w.text) {
			c.expect = cookie
		}
		s.cookies(w, at+1, depth)
	}
	return false
}

// nameBefore finds the name that ends before a separator, perhaps in quotes.
func nameBefore(text string, at int) (start, end int) {
	end = at
	if end > 0 && (text[end-1] == '"' || text[end-1] == '\'') {
		end--
	}
	start = end
	for start > 0 && end-start <= maxName && isName(text[start-1]) {
		start--
	}
	return start, end
}

// valueEnd is where a value ends that begins at from: at its closing quote; or
// where another NAME= begins behind a separator; or with the text.
func valueEnd(text string, from int) int {
	if from < len(text) && (text[from] == '"' || text[from] == '\'') {
		if end := strings.IndexByte(text[from+1:], text[from]); end >= 0 {
			return from + end + 2
		}
	}
	for i := from; i < len(text); i++ {
		switch text[i] {
		case '&', ';', ',', '|':
			if anotherName(text[i+1:]) {
				return i
			}
		case '"', '\'', ' ', '\t', '\n', '\\':
			return i
		}
	}
	return len(text)
}

// anotherName tells whether NAME= or "NAME": or nothing follows.
func anotherName(text string) bool {
	if text == "" {
		return true
	}
	for i := range min(len(text), maxName) {
		switch c := text[i]; {
		case c == '=' || c == ':' && i > 1 && text[i-1] == '"':
			return i > 0
		case !isName(c) && c != ' ' && c != '"':
			return false
		}
	}
	return false
}
