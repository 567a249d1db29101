// Package sigma loads Sigma rules and matches records against them.
//
// The language is that of the Sigma specification 2.1: every condition form,
// lists, maps, keywords, wildcards, placeholders, the value modifiers listed in
// modifier.go, filters, and the collections of Sigma 1. What the package does
// not evaluate it refuses by name as unsupported; what is malformed it reports
// as invalid with file and line. Nothing is skipped silently and one bad file
// never hides the others. Correlations are loaded here and evaluated by package
// correlate.
//
// Matching ignores case, by Unicode simple folding, except under |cased and
// |re. A field may hold several values: it matches if any of them does.
//
// All rules of one log source compile together. Every literal of a field is a
// pattern of that field's one Aho-Corasick automaton (A. Aho, M. Corasick,
// "Efficient string matching", CACM 18(6), 1975), so a record is read once per
// field whatever the number of rules. A rule is evaluated only if one of its
// triggers was seen: a set of literals without which its condition cannot
// hold. Regular expressions and other costly predicates run only behind that.
//
// The package is pure: rules come from an fs.FS, records from the caller, and
// there is no clock.
package sigma
