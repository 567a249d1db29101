package redact

import "strings"

// Lengths of a secret, in bytes. A longer one than maxSecret has the alphabet
// of a token, in which no command can be written.
const (
	minSecret = 2
	maxSecret = 256
	maxToken  = 8192
)

// noSecrets are values that are none.
var noSecrets = map[string]bool{
	"true": true, "false": true, "yes": true, "no": true, "none": true, "null": true, "nil": true, "prompt": true,
	"ask": true, "stdin": true, "env": true, "file": true, "off": true, "on": true, "auto": true, "default": true,
	"required": true, "optional": true, "undefined": true, "xxx": true, "basic": true, "bearer": true, "token": true,
}

// plausible tells whether a value may be replaced. It may not if it is known to
// be no secret, and not if hiding it could hide what a shell would do: then it
// stays readable, though it may be a secret. inText says that a shell may read
// it, so that a variable stands for something else.
func plausible(v string, inText bool) bool {
	switch {
	case len(v) < minSecret || len(v) > maxToken:
		return false
	case len(v) > maxSecret && !isToken(v):
		return false
	case strings.HasPrefix(v, "[redacted"), noSecrets[strings.ToLower(v)], isMask(v), isReference(v, inText):
		return false
	}
	return !isPath(v) && !isCommand(v)
}

// isCommand tells whether a shell could do something with v beyond taking it as
// a word: expand, substitute, or open a connection. With blanks, anything but
// plain words could.
func isCommand(v string) bool {
	blank, brace := false, false
	for i := range len(v) {
		switch c := v[i]; {
		case c == '`' || c < ' ' || c == 0x7f:
			return true
		case c == ' ':
			blank = true
		case c == '{':
			brace = true
		case c == ',' && brace:
			return true
		case c == '(' && i > 0 && strings.IndexByte("$<>", v[i-1]) >= 0, c == '{' && i > 0 && v[i-1] == '$':
			return true
		}
	}
	if strings.Contains(v, "${") || strings.Contains(v, "/dev/tcp/") || strings.Contains(v, "/dev/udp/") {
		return true
	}
	return blank && !isWords(v)
}

func isWords(v string) bool {
	for i := range len(v) {
		if c := v[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte(" .,!?'_-", c) < 0 && c < 0x80 {
			return false
		}
	}
	return true
}

func isToken(v string) bool {
	for i := range len(v) {
		if c := v[i]; !isName(c) && strings.IndexByte("+/=~", c) < 0 {
			return false
		}
	}
	return true
}

// isMask tells whether a value was made unreadable already, or is a place for one.
func isMask(v string) bool {
	first, last := v[0], v[len(v)-1]
	if first == '<' && last == '>' || first == '{' && last == '}' || first == '%' && last == '%' {
		return true
	}
	return strings.Trim(v, "*") == "" || strings.Trim(v, "x") == "" || strings.Trim(v, ".") == "" || strings.Trim(v, "-") == ""
}

// isReference tells whether a value says where the secret is.
func isReference(v string, inText bool) bool {
	for _, prefix := range []string{"file:", "env:", "fd:", "arn:", "vault:", "id=", "type=", "src=", "ssm://", "data:", "valueFrom"} {
		if strings.HasPrefix(v, prefix) {
			return true
		}
	}
	return inText && v[0] == '$' && len(v) > 1 && (isLetter(v[1]) || v[1] == '_' || v[1] == '{' || isDigit(v[1])) && isName(v[len(v)-1]) && strings.Trim(v[1:], letters) == "" ||
		strings.Contains(v, "://")
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

// isPath tells whether a value is a path, by its beginning and because none of
// its parts looks random.
func isPath(v string) bool {
	v = strings.TrimPrefix(v, "@")
	switch {
	case strings.HasPrefix(v, "/"), strings.HasPrefix(v, "./"), strings.HasPrefix(v, "../"), strings.HasPrefix(v, "~/"):
	default:
		return false
	}
	for part := range strings.SplitSeq(v, "/") {
		if isRandom(part) {
			return false
		}
	}
	return true
}

// isRandom tells whether a part of a path has capitals, small letters and
// digits mixed over 12 bytes, as base64 has.
func isRandom(part string) bool {
	var upper, lower, digit int
	for i := range len(part) {
		switch c := part[i]; {
		case isUpper(c):
			upper++
		case isDigit(c):
			digit++
		case isLetter(c):
			lower++
		}
	}
	return len(part) >= 12 && upper > 1 && lower > 1 && digit > 0 && !strings.Contains(part, ".")
}

// isPorts tells whether a value is a mapping of ports or addresses.
func isPorts(v string) bool { return strings.Contains(v, ":") && strings.Trim(v, "0123456789.:") == "" }
