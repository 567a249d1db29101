// Package label says which service, owner and group hosts and images belong to,
// and which hosts are of a service. What an administrator assigned is a record of
// the engine's log; which hosts there are, and which images run there, is told by
// their events. The package is pure: both are functions of the log.
package label

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"baize/internal/event"
)

// Labels of a host or an image; "" where nobody assigned one.
type Labels struct {
	// Service is the business that runs there.
	Service string `json:"service,omitempty"`
	// Owner answers for it.
	Owner string `json:"owner,omitempty"`
	// Group is the team, department or environment that it is counted to.
	Group string `json:"group,omitempty"`
}

// Kinds of what an assignment is about.
const (
	KindHost  = "host"
	KindImage = "image"
)

// Limits of assignments. All that are in force fit in one record of the log.
const (
	// MaxAssignments bounds those in force.
	MaxAssignments = 2_000
	// MaxMatch bounds a pattern, MaxLabel each of the labels, in bytes.
	MaxMatch = 256
	MaxLabel = 100
)

// ErrInvalid reports an assignment that cannot be in force; the text says why.
var ErrInvalid = errors.New("invalid label assignment")

// Assignment gives labels to the hosts, or the images, that it matches. There is one
// at most for each organisation, kind and match.
type Assignment struct {
	ID   string `json:"id"`
	Org  string `json:"org,omitempty"`
	Kind string `json:"kind"`
	// Match is the id or name of hosts, or the name of images; * stands for any text.
	// A name is what the host calls itself: an id is safer.
	Match string `json:"match"`
	Labels
	By string    `json:"by,omitempty"`
	At time.Time `json:"at"`
}

// Identify gives the assignment the id that its organisation, kind and match have.
func (a *Assignment) Identify() {
	sum := sha256.Sum256([]byte(a.Org + "\x00" + a.Kind + "\x00" + a.Match))
	a.ID = "l-" + hex.EncodeToString(sum[:8])
}

// Check says what is wrong with an assignment. The error is ErrInvalid.
func (a *Assignment) Check() error {
	labels := []string{a.Service, a.Owner, a.Group}
	for _, c := range []struct {
		wrong bool
		what  string
	}{
		{a.ID == "", "it has no id"},
		{a.Kind != KindHost && a.Kind != KindImage, fmt.Sprintf("kind %.40q is neither %s nor %s", a.Kind, KindHost, KindImage)},
		{!text(a.Match, MaxMatch) || a.Match == "", fmt.Sprintf("it must match an id or name of at most %d bytes, * for any text", MaxMatch)},
		{a.Labels == (Labels{}), "a service, an owner or a group is required"},
		{slices.ContainsFunc(labels, func(l string) bool { return !text(l, MaxLabel) }), fmt.Sprintf("labels are printable text of at most %d bytes", MaxLabel)},
	} {
		if c.wrong {
			return fmt.Errorf("%w: %s", ErrInvalid, c.what)
		}
	}
	return nil
}

// text reports whether s can be shown on one line, without space around it.
func text(s string, most int) bool {
	unseen := func(r rune) bool { return !unicode.IsPrint(r) }
	return len(s) <= most && utf8.ValidString(s) && strings.TrimSpace(s) == s && !strings.ContainsFunc(s, unseen)
}

// String is the assignment in one line, for a log.
func (a *Assignment) String() string {
	said := a.Kind + " " + a.Match + ":"
	for _, l := range [][2]string{{"service", a.Service}, {"owner", a.Owner}, {"group", a.Group}} {
		if l[1] != "" {
			said += " " + l[0] + " " + l[1]
		}
	}
	return said
}

// Set is assignments in the form in which they are asked for. It does not change.
type Set struct {
	list []Assignment
	// exact are assignments without a wildcard, globs the others, the one that says
	// most about a name first.
	exact map[subject]*Assignment
	globs map[subject][]*Assignment
}

// subject is what an assignment is looked up by; a match of globs is empty.
type subject struct{ org, kind, match string }

// NewSet checks assignments and returns their set.
func NewSet(list []Assignment) (*Set, error) {
	if len(list) > MaxAssignments {
		return nil, fmt.Errorf("%w: %d assignments, at most %d", ErrInvalid, len(list), MaxAssignments)
	}
	s := &Set{list: slices.Clone(list), exact: map[subject]*Assignment{}, globs: map[subject][]*Assignment{}}
	for i := range s.list {
		a := &s.list[i]
		if err := a.Check(); err != nil {
			return nil, fmt.Errorf("%s: %w", a.ID, err)
		}
		if strings.Contains(a.Match, "*") {
			key := subject{a.Org, a.Kind, ""}
			s.globs[key] = append(s.globs[key], a)
		} else {
			s.exact[subject{a.Org, a.Kind, a.Match}] = a
		}
	}
	for _, globs := range s.globs {
		slices.SortFunc(globs, func(a, b *Assignment) int {
			return cmp.Or(cmp.Compare(literal(b.Match), literal(a.Match)), b.At.Compare(a.At), cmp.Compare(a.ID, b.ID))
		})
	}
	return s, nil
}

// literal counts the bytes of a pattern that are no wildcard.
func literal(pattern string) int { return len(pattern) - strings.Count(pattern, "*") }

// List are the assignments, as NewSet was given them.
func (s *Set) List() []Assignment {
	if s == nil {
		return nil
	}
	return slices.Clone(s.list)
}

// Of are the labels of what happens on a host, in a container of an image ("" for
// none). An image that has labels has them instead of the host's: what runs in a
// container is its image's business.
func (s *Set) Of(org string, h event.Host, image string) Labels {
	if s == nil || len(s.list) == 0 {
		return Labels{}
	}
	if image != "" {
		if l := s.find(org, KindImage, image); l != (Labels{}) {
			return l
		}
	}
	return s.find(org, KindHost, h.ID, h.Name)
}

// find fills each label from the assignment that says most about the names: one that
// is a name, the first name first, then the pattern with most text of its own.
func (s *Set) find(org, kind string, names ...string) Labels {
	var l Labels
	for _, name := range names {
		if a := s.exact[subject{org, kind, name}]; a != nil && name != "" {
			l.fill(a.Labels)
		}
	}
	for _, a := range s.globs[subject{org, kind, ""}] {
		if slices.ContainsFunc(names, func(name string) bool { return name != "" && Match(a.Match, name) }) {
			l.fill(a.Labels)
		}
	}
	return l
}

// fill takes over what l lacks.
func (l *Labels) fill(from Labels) {
	l.Service, l.Owner, l.Group = cmp.Or(l.Service, from.Service), cmp.Or(l.Owner, from.Owner), cmp.Or(l.Group, from.Group)
}

// Match reports whether a pattern, in which * stands for any text, is that of a name.
func Match(pattern, name string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	name, ok := strings.CutPrefix(name, first)
	for ok {
		part, more, wild := strings.Cut(rest, "*")
		if !wild {
			return strings.HasSuffix(name, part)
		}
		_, name, ok = strings.Cut(name, part)
		rest = more
	}
	return false
}
