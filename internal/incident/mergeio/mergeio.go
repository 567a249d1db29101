// Package mergeio runs the merger over a file of alerts, whoever raised them:
// entities may be poor and lineage missing.
package mergeio

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"baize/internal/alert"
	"baize/internal/event/eventio"
	"baize/internal/incident"
)

// Limits of what is kept to merge with; every alert's line is written at any size.
const (
	maxAlerts = 300_000
	maxKeys   = 600_000
)

// errIncomplete reports an alert without what every alert must have.
var errIncomplete = errors.New("not an alert: id, time and host.id are required")

// With is a reason that an alert was found to belong with another when it
// arrived.
type With struct {
	With   string  `json:"with"`
	Type   string  `json:"type"`
	Entity string  `json:"entity,omitempty"`
	Weight float64 `json:"weight"`
}

// Line is what is written for one alert.
type Line struct {
	Alert    string `json:"alert"`
	Incident string `json:"incident"`
	Reasons  []With `json:"reasons"`
}

// Common is one line of a baseline file: an entity that is ordinary on the
// fleet, and on how many hosts it was seen.
type Common struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	Hosts int    `json:"hosts,omitempty"`
}

// ReadBaseline reads what is ordinary, one Common a line. bad is called for
// each line that is none.
func ReadBaseline(in io.Reader, bad func(error)) (map[string]bool, error) {
	common := map[string]bool{}
	err := lines(in, bad, func(line []byte) error {
		var c Common
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		if c.Type == "" || c.Value == "" {
			return errors.New("not an entity: type and value are required")
		}
		common[c.Type+":"+c.Value] = true
		return nil
	})
	return common, err
}

// Merge reads alerts in their order of arrival and writes, after the last, a
// Line for each in the same order. bad is called for each line that is no
// alert; the rest is merged. It returns the number of alerts.
func Merge(in io.Reader, out io.Writer, common map[string]bool, bad func(error)) (int, error) {
	m := incident.New(incident.Config{Alerts: maxAlerts, Keys: maxKeys}, incident.NewGiven(common))
	var merged []Line
	joined := map[string]string{}
	now := int64(math.MinInt64)
	err := lines(in, bad, func(line []byte) error {
		a, err := parse(line)
		if err != nil {
			return err
		}
		now = max(now, a.Time.UnixNano())
		id, reasons := m.Add(&a, incident.Facts{}, now)
		merged = append(merged, Line{Alert: a.ID, Incident: id, Reasons: withs(a.ID, reasons)})
		for _, i := range m.Ended() {
			if i.MergedInto != "" {
				joined[i.ID] = i.MergedInto
			}
		}
		m.Discard()
		return nil
	})
	if err != nil {
		return len(merged), err
	}
	return len(merged), write(out, merged, joined)
}

func parse(line []byte) (alert.Alert, error) {
	var a alert.Alert
	if err := json.Unmarshal(line, &a); err != nil {
		return a, err
	}
	if a.ID == "" || a.Time.IsZero() || a.Host.ID == "" {
		return a, errIncomplete
	}
	if a.Time = a.Time.UTC(); a.Time.Year() < 1678 || a.Time.Year() > 2261 {
		return a, fmt.Errorf("time %s is out of range", a.Time.Format(time.RFC3339))
	}
	return a, nil
}

func withs(id string, reasons []incident.Reason) []With {
	list := make([]With, 0, len(reasons))
	for _, r := range reasons {
		other := r.B
		if other == id {
			other = r.A
		}
		list = append(list, With{With: other, Type: r.Reason, Entity: r.Entity, Weight: r.Weight})
	}
	return list
}

func write(out io.Writer, merged []Line, joined map[string]string) error {
	buffered := bufio.NewWriter(out)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	for i := range merged {
		for next, ok := joined[merged[i].Incident]; ok; next, ok = joined[merged[i].Incident] {
			merged[i].Incident = next
		}
		if err := enc.Encode(merged[i]); err != nil {
			return fmt.Errorf("write merged alerts: %w", err)
		}
	}
	return buffered.Flush()
}

// lines calls take for every line that is not empty, and bad for each that
// take refuses.
func lines(in io.Reader, bad func(error), take func([]byte) error) error {
	r, err := eventio.NewReader(in)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // reading only: nothing is lost
	for {
		line, err := r.NextLine()
		if _, long := errors.AsType[*eventio.LineError](err); long {
			bad(err)
			continue
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(line) == 0 {
			continue
		}
		if err := take(line); err != nil {
			bad(&eventio.LineError{Line: r.Line(), Err: err})
		}
	}
}
