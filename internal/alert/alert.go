// Package alert is the model of an alert: a rule or a detector fired. It is
// pure data, shared by the engine that raises alerts, the merger that groups
// them into incidents, the state that keeps them and the clients that show
// them. The JSON form is a contract; only id, time and host.id are required.
package alert

import (
	"encoding/json"
	"time"

	"baize/internal/event"
	"baize/internal/label"
	"baize/internal/provenance"
)

// Kinds of alert.
const (
	KindRule   = "rule"
	KindChain  = "chain"
	KindProbe  = "probe"
	KindBlock  = "block"
	KindSensor = "sensor"
)

// Alert says that a rule or a detector fired. Repeats of the same rule and key
// entity, in the same service instance or else the same lineage, are one alert
// whose Count grows and whose Revision rises.
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
	Service string `json:"service,omitempty"`
	// Image is the name of the image of the container that it happened in; empty
	// outside of containers.
	Image string `json:"image,omitempty"`
	// Labels of the image, or else of the host, as they were when this revision was made.
	Labels   label.Labels `json:"labels,omitzero"`
	Entities []Entity     `json:"entities,omitempty"`
	// Count is how many times it fired; 0 reads as 1.
	Count uint64 `json:"count,omitempty"`
	// Event is the first event that fired it, whole: the evidence.
	Event *event.Event `json:"event,omitempty"`
	// Recent are the latest repeats, the latest last: at most MaxRecent.
	Recent []Repeat `json:"recent,omitempty"`
	// Of a correlation's alert: Group is what the events have in common,
	// Evidence those that completed it, in order of time and without what is
	// lengthy, and Contributing how many there were.
	Group        []GroupValue   `json:"group,omitempty"`
	Evidence     []*event.Event `json:"evidence,omitempty"`
	Contributing uint64         `json:"contributing,omitempty"`
	// Intrusion that its process is part of; empty where there is none.
	Intrusion string `json:"intrusion,omitempty"`
	// Path is the way back from the process to the entry point, as it was when the
	// alert was raised.
	Path *provenance.Graph `json:"path,omitempty"`
	// Of a kill chain: its stages, and from 0 to 100 how much of a chain they make.
	Stages []provenance.Stage `json:"stages,omitempty"`
	Score  int                `json:"score,omitempty"`
	// Incident it belongs to; empty until merged, and in foreign input.
	Incident string `json:"incident,omitempty"`
	// Extra keeps the fields this version does not know.
	Extra map[string]json.RawMessage `json:"-"`
}

// MaxRecent bounds the repeats that an alert names one by one.
const MaxRecent = 8

// Repeat is one firing after the first: enough to find its event, and who it was.
type Repeat struct {
	Time time.Time `json:"time"`
	Boot string    `json:"boot,omitempty"`
	// Seq is the number of the event among those of its host and boot.
	Seq     uint64 `json:"seq,omitempty"`
	Lineage string `json:"lineage,omitempty"`
	Process string `json:"process,omitempty"`
	// CommandLine is cut at MaxRecentCommand bytes.
	CommandLine string `json:"command_line,omitempty"`
	// Count is how many like it the event stands for, where more than one.
	Count uint64 `json:"count,omitempty"`
}

// MaxRecentCommand bounds, in bytes, the command line of a Repeat.
const MaxRecentCommand = 256

// GroupValue is one of the values by which a correlation groups events.
type GroupValue struct {
	Field string `json:"field"`
	Value string `json:"value"`
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
	// EntityKey is the fingerprint of a key that somebody logged in with.
	EntityKey = "key"
	EntityURL = "url"
)

// EntityTypes are all of them.
var EntityTypes = []string{
	EntityProcess, EntityHash, EntityFile, EntityIP, EntityDomain, EntityCommand, EntityAccount, EntityContainer, EntityStack, EntitySession, EntityKey, EntityURL,
}

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
