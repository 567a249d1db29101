package sigma

import (
	"slices"
	"strings"
)

// Levels of severity, lowest first.
var Levels = []string{"informational", "low", "medium", "high", "critical"}

// statuses that the specification names.
var statuses = []string{"stable", "test", "experimental", "deprecated", "unsupported"}

// Rule is one loaded rule. It is immutable.
type Rule struct {
	ID string
	// Name is what correlations and filters may call the rule instead of its id.
	Name           string
	Title          string
	Status         string
	Description    string
	Author         string
	Level          string
	Logsource      Logsource
	Tags           []string
	References     []string
	FalsePositives []string
	// Fields are what the author suggests to look at.
	Fields []string
	// Tactics are the ATT&CK tactics of the tags as written, for example
	// "execution"; Techniques the identifiers in capitals, "T1059.004".
	Tactics    []string
	Techniques []string
	// File is the path within its file system, Line where the rule begins.
	File string
	Line int

	// Correlation is set in correlation rules, which Match never returns: they
	// are about the matches of other rules.
	Correlation *Correlation

	// order is the rule's place in the order in which matches are reported.
	order int
	// cond is the condition over predicates, as written.
	cond *expr
}

// Key names the rule in reports: its id, or its file where it has none.
func (r *Rule) Key() string {
	if r.ID != "" {
		return r.ID
	}
	return r.File
}

// Severity is the index of the level in Levels, -1 for a rule without level.
func (r *Rule) Severity() int { return slices.Index(Levels, r.Level) }

// classifyTags fills Tactics and Techniques from the attack.* tags. Tactics
// are data: any name that is not another kind of ATT&CK identifier is one.
func (r *Rule) classifyTags() {
	for _, tag := range r.Tags {
		name, ok := strings.CutPrefix(strings.ToLower(tag), "attack.")
		switch {
		case !ok:
		case isIdentifier(name, "t"):
			r.Techniques = append(r.Techniques, strings.ToUpper(name))
		case isIdentifier(name, "g"), isIdentifier(name, "s"), isIdentifier(name, "m"),
			isIdentifier(name, "c"), isIdentifier(name, "ds"), isIdentifier(name, "dc"):
		default:
			r.Tactics = append(r.Tactics, strings.ReplaceAll(name, "_", "-"))
		}
	}
}

// isIdentifier reports whether name is prefix and digits, as in t1059.004.
func isIdentifier(name, prefix string) bool {
	digits, ok := strings.CutPrefix(name, prefix)
	return ok && digits != "" && strings.Trim(digits, "0123456789.") == ""
}
