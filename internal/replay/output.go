package replay

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"baize/internal/alert"
	"baize/internal/engine"
	"baize/internal/extsort"
	"baize/internal/incident"
	"baize/internal/lru"
)

// maxRecent bounds the alerts whose newest revision waits in memory.
const maxRecent = 10_000

// output gathers what the engine hands out, outside memory where it is much.
type output struct {
	dir    string
	recent *lru.Map[string, alert.Alert]
	// alerts by (id, revision), incidents by (opened, id, revision), members by
	// alert, traces by (time, alert).
	alerts, incidents, members, traces *extsort.Sorter
	trace                              bool
}

func newOutput(dir string, trace bool) *output {
	return &output{
		dir: dir, trace: trace, recent: lru.New[string, alert.Alert](maxRecent),
		alerts: extsort.New(dir), incidents: extsort.New(dir), members: extsort.New(dir), traces: extsort.New(dir),
	}
}

func (o *output) close() error {
	return errors.Join(o.alerts.Close(), o.incidents.Close(), o.members.Close(), o.traces.Close())
}

func (o *output) add(out *engine.Output) error {
	for i := range out.Alerts {
		if err := o.addAlert(&out.Alerts[i]); err != nil {
			return err
		}
	}
	for i := range out.Incidents {
		if err := o.addIncident(&out.Incidents[i]); err != nil {
			return err
		}
	}
	for i := range out.Traces {
		if err := o.addTrace(&out.Traces[i]); err != nil {
			return err
		}
	}
	return nil
}

// addAlert keeps the newest revision in memory, and spills that of the alert
// that changed longest ago.
func (o *output) addAlert(a *alert.Alert) error {
	if o.recent.Peek(a.ID) == nil && o.recent.Len() == maxRecent {
		for id, oldest := range o.recent.All() {
			if err := o.spillAlert(oldest); err != nil {
				return err
			}
			o.recent.Delete(id)
			break
		}
	}
	o.recent.Put(a.ID, *a, 0)
	return nil
}

func (o *output) spillAlert(a *alert.Alert) error {
	return addJSON(o.alerts, revisionKey(nil, a.ID, a.Revision), a)
}

func (o *output) addIncident(i *incident.Incident) error {
	return addJSON(o.incidents, revisionKey(timeKey(i.Opened), i.ID, i.Revision), i)
}

func (o *output) addTrace(t *engine.Trace) error {
	return addJSON(o.traces, append(timeKey(t.Time), t.Alert...), provenanceOf(t))
}

// addJSON encodes as the API does: nothing is escaped for HTML.
func addJSON(s *extsort.Sorter, key []byte, v any) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	return s.Add(key, bytes.TrimSuffix(body.Bytes(), []byte("\n")))
}

func timeKey(t time.Time) []byte {
	key := binary.BigEndian.AppendUint64(nil, uint64(t.Unix())^1<<63)
	return binary.BigEndian.AppendUint32(key, uint32(t.Nanosecond()))
}

func revisionKey(prefix []byte, id string, revision uint64) []byte {
	key := append(prefix, id...)
	key = append(key, 0)
	return binary.BigEndian.AppendUint64(key, revision)
}

// newest yields, of the records whose keys differ in the revision alone, the
// last.
func newest(s *extsort.Sorter) iter.Seq[extsort.Record] {
	return func(yield func(extsort.Record) bool) {
		var last extsort.Record
		for r := range s.All() {
			if last.Key != nil && string(unrevised(last.Key)) != string(unrevised(r.Key)) && !yield(last) {
				return
			}
			last = r
		}
		if last.Key != nil {
			yield(last)
		}
	}
}

func unrevised(key []byte) []byte { return key[:len(key)-8] }

// writers of the three files; nil for those not asked for.
type writers struct{ alerts, incidents, provenance io.Writer }

// counts of what was written.
type counts struct{ alerts, incidents int }

// write writes what the log came to. Alerts are in order of (time, id),
// incidents in order of (opened, id), as the server lists them.
func (o *output) write(w writers) (counts, error) {
	var n counts
	var err error
	for _, a := range o.recent.All() {
		if err := o.spillAlert(a); err != nil {
			return n, err
		}
	}
	if n.incidents, err = o.writeIncidents(w.incidents); err != nil {
		return n, fmt.Errorf("write incidents: %w", err)
	}
	if n.alerts, err = o.writeAlerts(w.alerts); err != nil {
		return n, fmt.Errorf("write alerts: %w", err)
	}
	if err := writeRecords(w.provenance, o.traces); err != nil {
		return n, fmt.Errorf("write provenance: %w", err)
	}
	return n, nil
}

// writeIncidents writes those that stand, and notes whose members their alerts are.
func (o *output) writeIncidents(w io.Writer) (int, error) {
	out := bufio.NewWriter(w)
	count := 0
	for r := range newest(o.incidents) {
		var i struct {
			ID         string   `json:"id"`
			MergedInto string   `json:"merged_into"`
			Alerts     []string `json:"alerts"`
		}
		if err := json.Unmarshal(r.Value, &i); err != nil {
			return count, err
		}
		if i.MergedInto != "" {
			continue
		}
		count++
		for _, a := range i.Alerts {
			if err := o.members.Add([]byte(a), []byte(i.ID)); err != nil {
				return count, err
			}
		}
		if err := writeLine(out, r.Value); err != nil {
			return count, err
		}
	}
	return count, errors.Join(o.incidents.Err(), out.Flush())
}

// writeAlerts says of each alert which incident it came to belong to: both are
// gone through in the order of alert ids, and the result in that of time.
func (o *output) writeAlerts(w io.Writer) (count int, err error) {
	final := extsort.New(o.dir)
	defer func() { err = errors.Join(err, final.Close()) }()
	member, stop := iter.Pull(o.members.All())
	defer stop()
	at, more := member()
	for r := range newest(o.alerts) {
		var a alert.Alert
		if err := json.Unmarshal(r.Value, &a); err != nil {
			return 0, err
		}
		for more && string(at.Key) < a.ID {
			at, more = member()
		}
		for ; more && string(at.Key) == a.ID; at, more = member() {
			a.Incident = string(at.Value)
		}
		count++
		if err := addJSON(final, append(timeKey(a.Time), a.ID...), a); err != nil {
			return 0, err
		}
	}
	if err := errors.Join(o.alerts.Err(), o.members.Err()); err != nil {
		return 0, err
	}
	return count, writeRecords(w, final)
}

func writeRecords(w io.Writer, s *extsort.Sorter) error {
	out := bufio.NewWriter(w)
	for r := range s.All() {
		if err := writeLine(out, r.Value); err != nil {
			return err
		}
	}
	return errors.Join(s.Err(), out.Flush())
}

func writeLine(out *bufio.Writer, line []byte) error {
	if _, err := out.Write(line); err != nil {
		return err
	}
	return out.WriteByte('\n')
}
