// Package incident merges alerts that belong together into incidents, and
// explains every merge. It is pure and deterministic: the same alerts in the
// same order give the same incidents, and time comes from the alerts.
package incident

import (
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/label"
	"baize/internal/provenance"
)

// Statuses of an incident.
const (
	StatusOpen   = "open"
	StatusClosed = "closed"
)

// Incident is a set of alerts of one intrusion, and why they belong together.
type Incident struct {
	ID string `json:"id"`
	// Revision rises with every change; a store applies only a higher one.
	Revision uint64    `json:"revision,omitempty"`
	Org      string    `json:"org,omitempty"`
	Opened   time.Time `json:"opened"`
	Updated  time.Time `json:"updated"`
	Status   string    `json:"status"`
	// MergedInto is the older incident this one became part of.
	MergedInto string `json:"merged_into,omitempty"`
	// Verdict of a closed incident, see Verdicts.
	Verdict string `json:"verdict,omitempty"`
	// RecurrenceOf is the closed incident that this one goes on from.
	RecurrenceOf string `json:"recurrence_of,omitempty"`
	// Campaign is the incident that was full when this one would have joined it, and
	// that incident's own id where there are such: it is told of once for all.
	Campaign string `json:"campaign,omitempty"`
	// Related are incidents with which it has something in common that does not
	// suffice.
	Related []string `json:"related,omitempty"`
	// Level is the highest level among the alerts.
	Level string `json:"level,omitempty"`
	// Score is the risk from 0 to 100.
	Score int    `json:"score"`
	Title string `json:"title"`
	// Account tells in one paragraph what happened, from the facts alone.
	Account   string       `json:"account"`
	AccountZH string       `json:"account_zh,omitempty"`
	Hosts     []event.Host `json:"hosts"`
	// Labels of its alerts' images and hosts, each once, at most capLabels.
	Labels []label.Labels `json:"labels,omitempty"`
	// Siblings are hosts of the same services that it has not hit, at most
	// label.MaxSiblings; MoreSiblings is how many there are beyond.
	Siblings     []label.Sibling `json:"siblings,omitempty"`
	MoreSiblings int             `json:"more_siblings,omitempty"`
	Alerts       []string        `json:"alerts"`
	Count        uint64          `json:"count,omitempty"` // alerts with their repeats
	Entities     []alert.Entity  `json:"entities"`
	Reasons      []Reason        `json:"reasons"`
	Tactics      []string        `json:"tactics"`
	// Answers to the five questions, by name; each yes, not_seen or unknown.
	Answers map[string]provenance.Answer `json:"answers,omitempty"`
	// Intrusions are those that its alerts are part of, one for each host at least.
	Intrusions []string `json:"intrusions,omitempty"`
}

// Reason says why two alerts belong together.
type Reason struct {
	A      string  `json:"a"`
	B      string  `json:"b"`
	Reason string  `json:"reason"`
	Entity string  `json:"entity,omitempty"`
	Weight float64 `json:"weight"`
}
