package taxonomy

import (
	"net/netip"
	"slices"

	"baize/internal/event"
	"baize/internal/sigma"
)

// Record is an event as rules of one log source see it.
type Record struct {
	event    *event.Event
	source   sigma.Logsource
	internal []netip.Prefix
	lineage  string
}

// Of returns ev as a record of the log source of its kind. ev is not copied.
func Of(ev *event.Event) *Record { return As(ev, Logsource(ev.Kind)) }

// As returns ev as a record of one of its Sources.
func As(ev *event.Event, source sigma.Logsource) *Record {
	return &Record{event: ev, source: source}
}

// Event is the event behind the record.
func (r *Record) Event() *event.Event { return r.event }

// Place says to which lineage the event belongs: what provenance knows and the
// event alone does not.
func (r *Record) Place(lineage string) { r.lineage = lineage }

// Adapter turns events into records without allocating. It is for one
// goroutine: a record is good until the next call.
type Adapter struct {
	// Internal are networks that count as inside, beside the private,
	// loopback and link-local ones that always do.
	Internal []netip.Prefix
	record   Record
	sources  []sigma.Logsource
	all      []Record
	records  []sigma.Record
}

// Of returns ev as a record of the log source of its kind that is good until the next call.
func (a *Adapter) Of(ev *event.Event) *Record { return a.As(ev, Logsource(ev.Kind)) }

// As returns ev as a record of one of its Sources that is good until the next call.
func (a *Adapter) As(ev *event.Event, source sigma.Logsource) *Record {
	a.record = Record{event: ev, source: source, internal: a.Internal}
	return &a.record
}

// Records returns ev, of the given lineage, as a record of each of its Sources.
func (a *Adapter) Records(ev *event.Event, lineage string) []sigma.Record {
	a.sources = Sources(ev, a.sources[:0])
	a.all, a.records = a.all[:0], a.records[:0]
	for _, source := range a.sources {
		a.all = append(a.all, Record{event: ev, source: source, internal: a.Internal, lineage: lineage})
	}
	for i := range a.all {
		a.records = append(a.records, &a.all[i])
	}
	return a.records
}

// Logsource implements sigma.Record.
func (r *Record) Logsource() sigma.Logsource { return r.source }

// Schema implements sigma.Record.
func (r *Record) Schema() *sigma.Schema { return schema }

// Field implements sigma.Record.
func (r *Record) Field(id int, name string, out *sigma.Values) {
	if id < 0 {
		if id = schema.ID(name); id < 0 {
			r.extra(name, out)
			return
		}
	}
	fields[id].get(r, out)
}

// Strings implements sigma.Record: the texts an analyst would search, each
// once, and no identifiers.
func (r *Record) Strings(out *sigma.Values) {
	if r.seesAudit() {
		r.auditTexts(out)
		return
	}
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
