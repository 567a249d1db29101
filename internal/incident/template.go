package incident

import (
	"net/netip"
	"slices"
	"strings"

	"baize/internal/alert"
)

// Placeholders of a template.
const (
	placeURL     = "<url>"
	placeAddress = "<addr>"
	placeFile    = "<tmp>"
	placeNumber  = "<n>"
	placeRandom  = "<rnd>"
)

// writable are the directories that everybody may write to. A name in them is its
// author's choice and rotates; the directory does so less often, see Loose.
var writable = []string{"/dev/shm/", "/tmp/", "/var/tmp/", "/run/shm/", "/var/run/", "/run/"}

// minTemplateWords is how many words a command template needs to say anything
// about who wrote it: every intruder runs id, uname -a and cat /etc/passwd.
const minTemplateWords = 4

// maxTemplate bounds the bytes of a command that make its template.
const maxTemplate = 2048

// commandTemplate is a command line with what an intruder rotates taken out:
// addresses, URLs, numbers, random words, and names in writable directories.
// It is "" for a command that says too little to recognise its author by.
func commandTemplate(command string) string {
	template, words, abstracted := template(command)
	if !abstracted || words < minTemplateWords {
		return ""
	}
	return template
}

// CommandTemplate is a command line with what rotates taken out, "" for one that
// says too little to recognise its author by.
func CommandTemplate(command string) string { return commandTemplate(command) }

// WritableTemplate is a path in a directory that anybody may write to, without what
// rotates in its last name; "" for any other.
func WritableTemplate(path string) string { return pathTemplate(path) }

// WritablePaths are the templates of the paths in directories that anybody may
// write to which a command names, each once.
func WritablePaths(command string) []string {
	if len(command) > maxTemplate {
		command = command[:maxTemplate]
	}
	var list []string
	for _, word := range strings.FieldsFunc(command, breaks) {
		if template := pathTemplate(word); template != "" && !slices.Contains(list, template) {
			list = append(list, template)
		}
	}
	return list
}

// minExactWords is how many words a command needs in which nothing rotates to
// be told from what everybody types.
const minExactWords = 6

// commandFeatures are what a command of an alert ties by: its template and the looser
// one, or within one service instance the whole of a long command that never varies.
// A service that runs the same check every minute does one thing, not a thousand.
// What is a habit on the fleet ties nothing.
func (m *Merger) commandFeatures(a *alert.Alert, command string, now int64) []feature {
	if template := m.base.Mark(a.Org, command, now); template != "" {
		list := []feature{{Kind: ReasonCommand, Value: template, Rarity: 1}}
		if other := Loose(template); other != template {
			list = append(list, feature{Kind: ReasonCommand, Value: other, Rarity: looseRarity})
		}
		return list
	}
	text, words, abstracted := template(command)
	if a.Service == "" || words < minExactWords || abstracted {
		return nil
	}
	return []feature{{Kind: ReasonCommand, Value: a.Service + " " + text, Rarity: 1}}
}

// looseRarity is what a looser template weighs of a template: enough beside one service
// or one key, and not beside one source.
const looseRarity = 0.85

// Loose is a template without the directories that everybody may write to.
func Loose(template string) string { return loosener.Replace(template) }

var loosener = func() *strings.Replacer {
	var pairs []string
	for _, dir := range writable {
		pairs = append(pairs, dir+placeFile, placeFile)
	}
	return strings.NewReplacer(pairs...)
}()

// Template is any command line with what rotates taken out.
func Template(command string) string {
	text, _, _ := template(command)
	return text
}

// Addresses are the hosts that a command names in URLs and by address, in order
// and each once.
func Addresses(command string) []string {
	if len(command) > maxTemplate {
		command = command[:maxTemplate]
	}
	var list []string
	for _, word := range strings.FieldsFunc(command, breaks) {
		_, rest, url := strings.Cut(word, "://")
		if !url {
			rest = word
		}
		host, _, _ := strings.Cut(rest, "/")
		if (url && host != "" || isAddress(host)) && !slices.Contains(list, host) {
			list = append(list, host)
		}
	}
	return list
}

// template also counts the words and says whether any was abstracted.
func template(command string) (text string, count int, abstracted bool) {
	if len(command) > maxTemplate {
		command = command[:maxTemplate]
	}
	words := strings.FieldsFunc(command, breaks)
	for i, word := range words {
		words[i] = abstract(word)
		abstracted = abstracted || words[i] != word
	}
	return strings.Join(words, " "), len(words), abstracted
}

// breaks splits at blanks and at what a shell takes for punctuation.
func breaks(r rune) bool { return strings.ContainsRune(" \t\n\r;|&<>()'\"`", r) }

// abstract takes out of one word what rotates.
func abstract(word string) string {
	if at := strings.Index(word, "://"); at > 0 {
		return placeURL
	}
	for _, dir := range writable {
		if strings.HasPrefix(word, dir) {
			return dir + placeFile
		}
	}
	host, rest, _ := strings.Cut(word, "/")
	if isAddress(host) {
		if rest != "" {
			return placeURL
		}
		return placeAddress
	}
	if number(word) {
		return placeNumber
	}
	if random(word) {
		return placeRandom
	}
	return word
}

func isAddress(word string) bool {
	if _, err := netip.ParseAddrPort(word); err == nil {
		return true
	}
	_, err := netip.ParseAddr(word)
	return err == nil
}

func number(word string) bool {
	digits := strings.TrimPrefix(word, "0x")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

// minRandom is the shortest word that may count as random, in bytes.
const minRandom = 12

// random recognises names made by a machine: long, of letters and digits
// mixed, with a good part of digits.
func random(word string) bool {
	if len(word) < minRandom {
		return false
	}
	digits, changes, upper := 0, 0, 0
	var last byte
	for i := range len(word) {
		kind := byte('-')
		switch c := word[i]; {
		case c >= '0' && c <= '9':
			digits++
			kind = '0'
		case c >= 'A' && c <= 'Z':
			upper++
			kind = 'A'
		case c >= 'a' && c <= 'z':
			kind = 'a'
		case strings.IndexByte("+/=_-", c) >= 0:
		default:
			return false
		}
		if i > 0 && kind != last {
			changes++
		}
		last = kind
	}
	return digits*5 >= len(word) || len(word) >= minEncoded && word[0] != '/' && word[0] != '-' && digits > 0 && upper*8 >= len(word) && changes*5 >= 2*len(word)
}

// minEncoded is the shortest word that may count as encoded: digits and letters of
// both cases, of another kind than the one before at two places of five or more.
const minEncoded = 24

// PathTemplate is a path with its last name taken out where that is a choice
// of its author, and the path itself otherwise.
func PathTemplate(path string) string {
	if dir := writableDir(path); dir != "" {
		return dir + placeFile
	}
	return path
}

// pathTemplate is a path in a writable directory with what rotates taken out of its
// last name; "" for any other path, whose name is the system's rather than the
// author's. A name of which that leaves too little is taken as it is: everybody puts
// his files into /tmp, many under one letter.
func pathTemplate(path string) string {
	dir := writableDir(path)
	if dir == "" {
		return ""
	}
	shape, letters := nameShape(path[len(dir):])
	if letters < minNameLetters {
		return path
	}
	return dir + shape
}

// writableDir is the directory of a path that anybody may write to, "" for others.
func writableDir(path string) string {
	for _, dir := range writable {
		if strings.HasPrefix(path, dir) {
			return path[:strings.LastIndexByte(path, '/')+1]
		}
	}
	return ""
}

// minNameLetters is how many letters of a name must be its author's choice.
const minNameLetters = 4

// nameShape is a file name with its numbers taken out, and how many letters are
// left. A number begins with a decimal digit and goes on in hexadecimal ones.
func nameShape(name string) (shape string, letters int) {
	var b strings.Builder
	for at := 0; at < len(name); at++ {
		c := name[at]
		if c >= '0' && c <= '9' {
			b.WriteString(placeNumber)
			for at+1 < len(name) && strings.IndexByte("0123456789abcdefABCDEF", name[at+1]) >= 0 {
				at++
			}
			continue
		}
		if c |= 0x20; c >= 'a' && c <= 'z' {
			letters++
		}
		b.WriteByte(name[at])
	}
	return b.String(), letters
}
