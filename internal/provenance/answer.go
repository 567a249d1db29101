package provenance

import (
	"slices"
	"time"
)

// States of an answer and of a stage.
const (
	// Yes : it was seen.
	Yes = "yes"
	// NotSeen : it was not seen, and telemetry was complete for all of the window.
	NotSeen = "not_seen"
	// Unknown : it was not seen, and something may have been missed.
	Unknown = "unknown"
)

// The questions that are asked of every intrusion: which files it brought,
// where it persists, whether its trojans are deleted, whether it moved to other
// hosts, what was read or left.
const (
	Files       = "files"
	Persistence = "persistence"
	Deleted     = "deleted"
	Lateral     = "lateral"
	Data        = "data"
)

// Questions in the order in which they are asked.
var Questions = []string{Files, Persistence, Deleted, Lateral, Data}

// Answer to one question, with what it rests on.
type Answer struct {
	State string `json:"state"`
	// Evidence for a yes, the most telling first; for an unknown, what is missing.
	Evidence []string `json:"evidence,omitempty"`
	// More is how many pieces of evidence are not listed.
	More int `json:"more,omitempty"`
	// Incomplete are the classes of telemetry that were not complete: the answer
	// is then "at least".
	Incomplete []string `json:"incomplete,omitempty"`
	// AsOf is how far the host's sensor has vouched for what it saw.
	AsOf time.Time `json:"as_of,omitzero"`
}

// Unanswered are all questions as unknown: nothing vouches for an answer.
func Unanswered() map[string]Answer {
	answers := make(map[string]Answer, len(Questions))
	for _, q := range Questions {
		answers[q] = Answer{State: Unknown}
	}
	return answers
}

// MaxEvidence bounds the pieces of evidence that an answer lists.
const MaxEvidence = 16

// Join is the answer to a question for several intrusions together: yes where one
// says yes, not seen only where all say so. Trojans are deleted where all are: one
// that is there, or may be, says more than those that are not. Evidence of the
// answer that counts comes first; that of others is left out where it says less.
func Join(question string, a, b Answer) Answer {
	if rank(question, &b) > rank(question, &a) {
		a, b = b, a
	}
	out := a
	if a.State == b.State || question == Deleted {
		out.join(&b)
	}
	for _, class := range b.Incomplete {
		if !slices.Contains(out.Incomplete, class) {
			out.Incomplete = append(slices.Clone(out.Incomplete), class)
		}
	}
	slices.Sort(out.Incomplete)
	if b.AsOf.Before(out.AsOf) {
		out.AsOf = b.AsOf
	}
	return out
}

// join adds the evidence of another answer. Two intrusions that turned out to be
// one give the same.
func (a *Answer) join(b *Answer) {
	a.Evidence, a.More = union(a.Evidence, b.Evidence), a.More+b.More
	if over := len(a.Evidence) - MaxEvidence; over > 0 {
		a.Evidence, a.More = a.Evidence[:MaxEvidence], a.More+over
	}
}

// rank orders answers by what they say about all.
func rank(question string, a *Answer) int {
	if question == Deleted && a.State == NotSeen && len(a.Evidence) > 0 {
		return 4 // one is there
	}
	switch {
	case a.State == Unknown && question == Deleted:
		return 3
	case a.State == Yes:
		return 2
	case a.State == Unknown:
		return 1
	}
	return 0
}
