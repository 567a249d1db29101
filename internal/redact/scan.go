package redact

import (
	"cmp"
	"slices"
	"strings"
)

// Limits of a scan.
const (
	// maxDepth is how deep text within an argument is taken apart: an argument
	// of sh -c is one deep, a quoted one within it two.
	maxDepth = 4
	// maxHits bounds what is replaced on one command line.
	maxHits = 64
)

// hit is a secret: bytes of an argument.
type hit struct{ arg, start, end int }

// word is an argument, or a word of text within one. text is args[arg][start:end].
type word struct {
	arg, start, end int
	text            string
	// separator says that it ends a command or opens a group.
	separator bool
	quoted    bool
}

// scan is one search; it is reused.
type scan struct {
	*patterns
	args  []string
	hits  []hit
	words [maxDepth + 1][]word
}

// argv searches a whole command line.
func (s *scan) argv(args []string) {
	s.args, s.hits = args, s.hits[:0]
	list := s.words[0][:0]
	for i, a := range args {
		w := word{arg: i, end: len(a), text: a}
		list = append(list, w)
		s.shaped(w)
		s.urls(w)
	}
	s.words[0] = list
	s.commands(list, 0)
	s.custom()
}

// settled are the hits in order, without those inside others.
func (s *scan) settled() []hit {
	if len(s.hits) < 2 {
		return s.hits
	}
	slices.SortFunc(s.hits, func(a, b hit) int {
		return cmp.Or(a.arg-b.arg, a.start-b.start, b.end-a.end)
	})
	kept := s.hits[:1]
	for _, h := range s.hits[1:] {
		if last := kept[len(kept)-1]; h.arg != last.arg || h.start >= last.end {
			kept = append(kept, h)
		}
	}
	return kept
}

// secret notes the bytes of w from one offset to another, if they may be
// replaced.
func (s *scan) secret(w word, from, to, depth int) {
	from, to = unquote(w.text, from, to)
	if len(s.hits) < maxHits && plausible(w.text[from:to], depth > 0 || from < to && w.text[from] == '$' && divisible(w)) {
		s.hits = append(s.hits, hit{w.arg, w.start + from, w.start + to})
	}
}

// unquote narrows a span to what is between its quotes.
func unquote(text string, from, to int) (int, int) {
	if to-from >= 2 && (text[from] == '"' || text[from] == '\'') && text[to-1] == text[from] {
		return from + 1, to - 1
	}
	return from, to
}

// commands searches words that are one or, with separators, more commands.
func (s *scan) commands(list []word, depth int) {
	start := 0
	for i := range list {
		if list[i].separator && list[i].text != "(" {
			s.command(list[start:i], depth)
			if list[i].text == "|" {
				s.piped(list[start:i], list[i+1:], depth)
			}
			start = i + 1
		}
	}
	s.command(list[start:], depth)
}

// command is the state of reading one command.
type command struct {
	// active are the conventions of the program that the words belong to.
	active []*Pattern
	// after is what active waits for, where it has come.
	after string
	// expect says how the next word is taken.
	expect expectation
	split  string
	setter bool
	by     bool // IDENTIFIED has come
}

type expectation int

const (
	nothing     expectation = iota
	value                   // behind an option or a setter's name
	literal                 // only if it does not read like prose: behind "name:"
	quotedValue             // only if it is quoted: behind an SQL keyword
	given                   // behind an option that is known to take a secret
	credentials             // behind Authorization:, a scheme may come first
	cookie                  // behind Cookie:, until the end
)

func (s *scan) command(list []word, depth int) {
	var c command
	for i, w := range list {
		if w.separator {
			continue
		}
		if c.expect != nothing {
			if s.expected(&c, w, depth) {
				continue
			}
		}
		s.word(&c, list, i, depth)
		s.inside(w, depth)
	}
}

// word takes one that is not a value.
func (s *scan) word(c *command, list []word, i, depth int) {
	w := list[i]
	if known, ok := s.program(w.text); ok {
		c.active, c.after = known, ""
		return
	}
	for _, p := range c.active {
		if p.After != "" && (w.text == p.After || p.After[0] == '-' && clustered(w.text, p.After)) {
			c.after = p.After
		}
	}
	for _, p := range c.active {
		if p.After == "" || p.After == c.after {
			s.convention(c, p, list, i, depth)
		}
	}
	if c.expect != nothing {
		return
	}
	if w.text != "" && (depth > 0 || w.text[0] == '-' || strings.IndexByte(w.text, ' ') < 0) {
		s.named(c, w, depth)
	}
}

// maxProgram bounds the file name of a program, in bytes.
const maxProgram = 32

// program finds the conventions of a program by its path.
func (s *scan) program(text string) ([]*Pattern, bool) {
	name := text[strings.LastIndexByte(text, '/')+1:]
	if name == "" || len(name) > maxProgram || text[0] == '-' {
		return nil, false
	}
	known, ok := s.programs[name]
	return known, ok
}

// convention applies one of a program's.
func (s *scan) convention(c *command, p *Pattern, list []word, i, depth int) {
	w := list[i]
	for _, option := range p.Options {
		if w.text == option || clustered(w.text, option) {
			c.expect, c.split = given, p.Split
			c.spend(p)
			return
		}
		if rest, ok := strings.CutPrefix(w.text, option+"="); ok && len(option) > 2 {
			s.part(w, len(w.text)-len(rest), p.Split, depth)
			return
		}
	}
	for _, option := range p.Attached {
		if rest, ok := strings.CutPrefix(w.text, option); ok && rest != "" && !isPorts(rest) {
			s.part(w, len(option), p.Split, depth)
			c.spend(p)
			return
		}
	}
	if p.Last && !strings.HasPrefix(w.text, "-") && w.text != p.After {
		if p.Split != "" || i == len(list)-1 && !anotherName(w.text) {
			s.part(w, 0, p.Split, depth)
		}
	}
}

// spend ends a convention that holds once.
func (c *command) spend(p *Pattern) {
	if p.once {
		c.active = nil
	}
}

// clustered tells whether a word is single-letter options that end with one
// that is looked for.
func clustered(text, option string) bool {
	if len(option) != 2 || option[0] != '-' || len(text) < 3 || len(text) > 8 || text[0] != '-' {
		return false
	}
	for i := 1; i < len(text); i++ {
		if !isLetter(text[i]) {
			return false
		}
	}
	if option == "-b" { // takes no value, so it may stand anywhere
		return strings.Contains(text, "b")
	}
	return text[len(text)-1] == option[1] && len(text) <= 5
}

// part notes the secret behind split, or everything where there is none.
func (s *scan) part(w word, from int, split string, depth int) {
	from, to := unquote(w.text, from, len(w.text))
	if split == "" {
		s.secret(w, from, to, depth)
		return
	}
	at := strings.Index(w.text[from:to], split)
	if at <= 0 {
		return
	}
	from += at + len(split)
	if end := strings.LastIndexByte(w.text[from:to], '@'); end > 0 && (split == ":" || split == "/") {
		to = from + end
	}
	s.secret(w, from, to, depth)
}
