package taxonomy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"baize/internal/event"
	"baize/internal/sigma"
)

// ErrLine reports a line that is neither a Baize event nor a flat object.
var ErrLine = errors.New("neither an event (with kind) nor an object with logsource")

// Parse reads one line of NDJSON: a Baize event, which is one record for each
// of its Sources, or a flat object of Sigma field names with
// "logsource":{"product","category","service"}.
func Parse(line []byte) ([]sigma.Record, error) {
	var head struct {
		Kind      json.RawMessage `json:"kind"`
		Logsource json.RawMessage `json:"logsource"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, fmt.Errorf("reading a record: %w", err)
	}
	if head.Logsource != nil {
		return parseFlat(line)
	}
	if head.Kind == nil {
		return nil, ErrLine
	}
	ev := new(event.Event)
	if err := json.Unmarshal(line, ev); err != nil {
		return nil, fmt.Errorf("reading an event: %w", err)
	}
	var records []sigma.Record
	for _, source := range Sources(ev, nil) {
		records = append(records, As(ev, source))
	}
	return records, nil
}

// flat is a foreign record: field names as the rules use them.
type flat struct {
	source sigma.Logsource
	fields map[string]any
}

func parseFlat(line []byte) ([]sigma.Record, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var f flat
	if err := d.Decode(&f.fields); err != nil {
		return nil, fmt.Errorf("reading a flat object: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading a flat object: more than one on a line")
	}
	var head struct {
		Logsource sigma.Logsource `json:"logsource"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, fmt.Errorf("reading logsource: %w", err)
	}
	f.source = sigma.Logsource{
		Product:  strings.ToLower(head.Logsource.Product),
		Category: strings.ToLower(head.Logsource.Category),
		Service:  strings.ToLower(head.Logsource.Service),
	}
	delete(f.fields, "logsource")
	return []sigma.Record{&f}, nil
}

func (f *flat) Logsource() sigma.Logsource { return f.source }

func (f *flat) Schema() *sigma.Schema { return nil }

func (f *flat) Field(_ int, name string, out *sigma.Values) { lookup(f.fields, name, out) }

// lookup adds the values of a field: under its whole name, or below objects
// whose names are its parts between dots.
func lookup(object map[string]any, name string, out *sigma.Values) {
	if v, ok := object[name]; ok {
		value(v, out)
		return
	}
	for i := 0; i < len(name); i++ {
		if name[i] != '.' {
			continue
		}
		if inner, ok := object[name[:i]]; ok {
			descend(inner, name[i+1:], out)
		}
	}
}

// descend looks name up in an object, or in every object of an array.
func descend(v any, name string, out *sigma.Values) {
	switch v := v.(type) {
	case map[string]any:
		lookup(v, name, out)
	case []any:
		for _, item := range v {
			descend(item, name, out)
		}
	}
}

// value adds a JSON value. An object is not a value.
func value(v any, out *sigma.Values) {
	switch v := v.(type) {
	case nil:
		out.Null()
	case string:
		out.String(v)
	case bool:
		out.Bool(v)
	case json.Number:
		number(v, out)
	case []any:
		for _, item := range v {
			value(item, out)
		}
	}
}

func number(n json.Number, out *sigma.Values) {
	if whole, err := n.Int64(); err == nil {
		out.Int(whole)
	} else if float, err := n.Float64(); err == nil {
		out.Float(float)
	} else {
		out.String(n.String())
	}
}

func (f *flat) Strings(out *sigma.Values) { stringsOf(f.fields, out) }

// stringsOf adds every text at any depth, in order of the names.
func stringsOf(v any, out *sigma.Values) {
	switch v := v.(type) {
	case string:
		out.String(v)
	case []any:
		for _, item := range v {
			stringsOf(item, out)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			stringsOf(v[name], out)
		}
	}
}
