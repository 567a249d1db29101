package sigma

import "unsafe"

// Stats describes what a set is compiled to.
type Stats struct {
	Rules int
	// Groups of rules with the same log source, and the Literals and States of
	// all their automata.
	Groups, Literals, States int
	// Bytes is the memory of automata, indexes and programs.
	Bytes int
	// Tests are the predicates that literals alone do not decide.
	Tests int
	// Always is the number of rules that no literal announces: they are
	// evaluated for every record of their log source.
	Always int
}

// Stats returns what the set is compiled to.
func (s *Set) Stats() Stats {
	stats := Stats{Rules: len(s.rules), Groups: len(s.groups)}
	for _, g := range s.groups {
		stats.Literals += len(g.announced)
		stats.Tests += len(g.tests)
		stats.Always += len(g.always)
		stats.Bytes += g.bytes()
		for _, scan := range g.scans {
			stats.States += len(scan.link)
		}
	}
	return stats
}

// bytes is the memory of what a group is compiled to.
func (g *group) bytes() int {
	n := int(unsafe.Sizeof(test{}))*len(g.tests) + 4*len(g.always)
	for _, scan := range g.scans {
		n += scan.bytes()
	}
	for i := range g.announced {
		a := &g.announced[i]
		n += int(unsafe.Sizeof(*a)) + 4*len(a.outright) + 8*len(a.pairs) + 8*len(a.others)
	}
	for i := range g.steps {
		n += g.steps[i].bytes()
	}
	return n
}

func (s *step) bytes() int {
	n := int(unsafe.Sizeof(*s)) + 4*len(s.facts)
	for i := range s.kids {
		n += s.kids[i].bytes()
	}
	return n
}
