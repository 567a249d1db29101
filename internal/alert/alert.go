// Package alert is the model of an alert: a rule or a detector fired. It is
// pure data, shared by the engine that raises alerts, the merger that groups
// them into incidents, the state that keeps them and the clients that show
// them. The JSON form is a contract; only id, time and host.id are required.
package alert

import (
	"encoding/json"
	"time"

	"baize/internal/event"
)

// Kinds of alert.
const (
	KindRule   = "rule"
	KindChain  = "chain"
	KindProbe  = "probe"
	KindBlock  = "block"
	KindSensor = "sensor"
)

// Alert says that a rule or a detector fired. Repeats of the same rule, lineage
// and key entity are one alert whose Count grows and whose Revision rises.
type Alert struct {
	// ID is a hash of rule, lineage and first event: the same in a replay.
	ID string `json:"id"`
	// Revision rises with every change; a store applies only a higher one.
	Revision uint64    `json:"revision,omitempty"`
	Kind     string    `json:"kind,omitempty"`
	Time     time.Time `json:"time"`
	// Last is the time of the latest repeat.
	Last    time.Time  `json:"last,omitzero"`
	Org     string     `json:"org,omitempty"`
	Host    event.Host `json:"host"`
	Rule    *Rule      `json:"rule,omitempty"`
	Lineage string     `json:"lineage,omitempty"`
	Context string     `json:"context,omitempty"`
	// Service is the ID of the service-instance context that encloses Context.
	Service  string   `json:"service,omitempty"`
	Entities []Entity `json:"entities,omitempty"`
	// Count is how many times it fired; 0 reads as 1.
	Count uint64 `json:"count,omitempty"`
	// Event is the first event that fired it, whole: the evidence.
	Event *event.Event `json:"event,omitempty"`
	// Incident it belongs to; empty until merged, and in foreign input.
	Incident string `json:"incident,omitempty"`
	// Extra keeps the fields this version does not know.
	Extra map[string]json.RawMessage `json:"-"`
}

// Rule names what fired.
type Rule struct {
	ID    string `json:"id,omitempty"`
	Title string `json:"title,omitempty"`
	// Level is informational, low, medium, high or critical.
	Level      string   `json:"level,omitempty"`
	Tactics    []string `json:"tactics,omitempty"`
	Techniques []string `json:"techniques,omitempty"`
}

// Entity types, the things that alerts share.
const (
	EntityProcess   = "process"
	EntityHash      = "hash"
	EntityFile      = "file"
	EntityIP        = "ip"
	EntityDomain    = "domain"
	EntityCommand   = "command"
	EntityAccount   = "account"
	EntityContainer = "container"
	EntityStack     = "stack"
	EntitySession   = "session"
	EntityURL       = "url"
)

// Entity is one thing an alert speaks of.
type Entity struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	// Role is subject, destination, source, parent, …
	Role string `json:"role,omitempty"`
	// Inode is the key of a file entity.
	Inode string `json:"inode,omitempty"`
	Port  uint16 `json:"port,omitempty"`
}
