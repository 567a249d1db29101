package taxonomy

import (
	"net/netip"
	"slices"

	"baize/internal/event"
	"baize/internal/sigma"
)

// Record is an event as rules see it.
type Record struct {
	event    *event.Event
	internal []netip.Prefix
}

// Of returns ev as a record. ev is not copied.
func Of(ev *event.Event) *Record { return &Record{event: ev} }

// Adapter turns events into records without allocating. It is for one
// goroutine: a record is good until the next call of Of.
type Adapter struct {
	// Internal are networks that count as inside, beside the private,
	// loopback and link-local ones that always do.
	Internal []netip.Prefix
	record   Record
}

// Of returns ev as a record that is good until the next call.
func (a *Adapter) Of(ev *event.Event) *Record {
	a.record = Record{event: ev, internal: a.Internal}
	return &a.record
}

// Logsource implements sigma.Record.
func (r *Record) Logsource() sigma.Logsource { return Logsource(r.event.Kind) }

// Schema implements sigma.Record.
func (r *Record) Schema() *sigma.Schema { return schema }

// Field implements sigma.Record.
func (r *Record) Field(id int, name string, out *sigma.Values) {
	if id < 0 {
		if id = schema.ID(name); id < 0 {
			return
		}
	}
	fields[id].get(r, out)
}

// Strings implements sigma.Record: the texts an analyst would search, each
// once, and no identifiers.
func (r *Record) Strings(out *sigma.Values) {
	for _, id := range keywordFields {
		fields[id].get(r, out)
	}
}

// keywords are the fields that keywords search.
var keywords = []string{
	"CommandLine", "Image", "CurrentDirectory", "User", "Process.Name", "Process.Script",
	"ParentImage", "ParentCommandLine", "TargetFilename", "SourceFilename", "QueryName",
	"QueryResults", "Container.Name", "Container.Image", "Event.Message",
}

var keywordFields = func() []int {
	ids := make([]int, len(keywords))
	for i, name := range keywords {
		ids[i] = schema.ID(name)
	}
	return ids
}()

// schema numbers the fields in the order of the table.
var schema = func() *sigma.Schema {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return sigma.NewSchema(names...)
}()

// Fields are the names of all fields, sorted.
func Fields() []string { return slices.Sorted(slices.Values(schema.Names())) }
