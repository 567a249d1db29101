// Package ruletest runs the tests that stand beside detection rules. The
// tests of NAME.yml are in NAME.test, in a small language of lines:
//
//	# a comment
//	event process.exec
//	  process.executable = /bin/sh
//	  process.args = ["sh","-c","id"]
//	{"kind":"process.exec","process":{"executable":"/bin/sh"}}
//	expect match
//
// "event KIND" begins an event; the lines below it set its fields by the path
// of their JSON names. A value that is JSON (and not a bare word) is taken as
// such, anything else is text. A line that begins with '{' is a whole event, or
// a flat object of Sigma field names. "expect match" or "expect none" says what
// every rule of the file makes of each event since the last expectation; rules
// that only correlations hear of are asked as well.
//
// For correlations time counts. An event without a time happens now; "advance
// 5m" lets time pass, with nothing but the clock's ticks. "expect alert" says that
// a rule of the file raised an alert since the last expectation, "expect alert
// NAME" that the rule of that id, name or title did; "expect no alert" and
// "expect no alert NAME" say the opposite:
//
//	event process.exec
//	  process.executable = /usr/bin/id
//	advance 30s
//	event process.exec
//	  process.executable = /usr/bin/whoami
//	expect alert Two discovery commands
package ruletest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"baize/internal/event"
	"baize/internal/sigma"
	"baize/internal/taxonomy"
)

// maxLine bounds a line of a script in bytes.
const maxLine = 1 << 20

// step is one thing that a script does, in its order.
type step struct {
	line int
	what action
	// records of an event: one for each of its log sources.
	records []sigma.Record
	// pause of an advance.
	pause time.Duration
	// want and name of an expectation.
	want bool
	name string
}

// action is what a step does.
type action uint8

const (
	process action = iota
	advance
	expectMatch
	expectAlert
)

// script is the parse of one test file.
type script struct {
	steps []step
	// open counts the steps behind the last expectation, events those that are
	// events.
	open, events int
	// draft is the event that "event" began.
	draft     map[string]any
	draftLine int
}

// parse reads a script. Errors name the line.
func parse(text []byte) ([]step, error) {
	var s script
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxLine)
	number := 0
	for lines.Scan() {
		number++
		if err := s.line(strings.TrimSpace(lines.Text()), number); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", number+1, err)
	}
	if s.draft != nil || s.open > 0 {
		return nil, fmt.Errorf("line %d: events without an expectation after them", number)
	}
	return s.steps, nil
}

func (s *script) line(text string, number int) error {
	word, rest, _ := strings.Cut(text, " ")
	switch {
	case text == "" || strings.HasPrefix(text, "#"):
		return nil
	case strings.HasPrefix(text, "{"):
		if err := s.finish(); err != nil {
			return err
		}
		return s.add([]byte(text), number)
	case word == "event":
		return s.begin(strings.TrimSpace(rest), number)
	case word == "advance":
		return s.advance(strings.TrimSpace(rest), number)
	case word == "expect":
		return s.expect(strings.TrimSpace(rest), number)
	}
	return s.assign(text)
}

func (s *script) begin(kind string, number int) error {
	if err := s.finish(); err != nil {
		return err
	}
	if kind == "" {
		return fmt.Errorf("event of what kind?")
	}
	s.draft = map[string]any{"kind": kind}
	s.draftLine = number
	return nil
}

// assign sets one field of the draft.
func (s *script) assign(text string) error {
	path, value, found := strings.Cut(text, "=")
	if !found {
		return fmt.Errorf("%q is not event, advance, expect, PATH = VALUE or JSON", text)
	}
	if s.draft == nil {
		return fmt.Errorf("no event to set %s of", strings.TrimSpace(path))
	}
	return set(s.draft, strings.Split(strings.TrimSpace(path), "."), literal(strings.TrimSpace(value)))
}

// literal is the JSON that text is, else the text.
func literal(text string) any {
	var v any
	if json.Unmarshal([]byte(text), &v) == nil {
		return v
	}
	return text
}

// set puts value below the names of path.
func set(object map[string]any, path []string, value any) error {
	for _, name := range path[:len(path)-1] {
		if object[name] == nil {
			object[name] = map[string]any{}
		}
		inner, ok := object[name].(map[string]any)
		if !ok {
			return fmt.Errorf("%s is already a value", name)
		}
		object = inner
	}
	object[path[len(path)-1]] = value
	return nil
}

// finish turns the draft into a record.
func (s *script) finish() error {
	if s.draft == nil {
		return nil
	}
	text, err := json.Marshal(s.draft)
	if err != nil {
		return fmt.Errorf("event of line %d: %w", s.draftLine, err)
	}
	s.draft = nil
	return s.add(text, s.draftLine)
}

// add appends a record. Events may have no field that the event model lacks:
// a misspelt name would make a negative test hold for nothing.
func (s *script) add(text []byte, number int) error {
	records, err := taxonomy.Parse(text)
	if err != nil {
		return fmt.Errorf("event of line %d: %w", number, err)
	}
	if _, ours := records[0].(*taxonomy.Record); ours {
		strict := json.NewDecoder(bytes.NewReader(text))
		strict.DisallowUnknownFields()
		if err := strict.Decode(new(event.Event)); err != nil {
			return fmt.Errorf("event of line %d: %w", number, err)
		}
	}
	s.step(step{line: number, what: process, records: records})
	s.events++
	return nil
}

func (s *script) step(next step) {
	s.steps = append(s.steps, next)
	s.open++
}

func (s *script) advance(text string, number int) error {
	if err := s.finish(); err != nil {
		return err
	}
	pause, err := time.ParseDuration(text)
	if err != nil || pause <= 0 {
		return fmt.Errorf("advance %q: want a time such as 90s or 5m", text)
	}
	s.step(step{line: number, what: advance, pause: pause})
	return nil
}

// expect reads an expectation: match, none, [no] alert [NAME].
func (s *script) expect(text string, number int) error {
	if err := s.finish(); err != nil {
		return err
	}
	next := step{line: number, want: true}
	rest, no := strings.CutPrefix(text, "no ")
	name, isAlert := strings.CutPrefix(rest, "alert")
	switch {
	case text == "match", text == "none":
		next.what, next.want = expectMatch, text == "match"
		if s.events == 0 {
			return fmt.Errorf("expect %s without an event before it", text)
		}
	case isAlert && (name == "" || name[0] == ' '):
		next.what, next.want, next.name = expectAlert, !no, strings.TrimSpace(name)
		if s.open == 0 {
			return fmt.Errorf("expect %s without an event before it", text)
		}
	default:
		return fmt.Errorf("expect %q: want match, none, alert or no alert", text)
	}
	s.steps = append(s.steps, next)
	s.open, s.events = 0, 0
	return nil
}
