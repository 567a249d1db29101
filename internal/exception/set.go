package exception

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"time"

	"baize/internal/event"
	"baize/internal/sigma"
	"baize/internal/taxonomy"
)

// Set is a list of exceptions, compiled. It is for one goroutine.
type Set struct {
	list       []Exception
	selections *sigma.Set
	// place of a selection's exception in list.
	place   map[*sigma.Rule]int
	adapter taxonomy.Adapter
	hits    []*sigma.Rule
	// holds says, by place, whether the selection held for the last event.
	holds []bool
}

// Compile compiles exceptions in the order in which they are asked. The error
// is ErrInvalid and names the exception and the line of its selection.
func Compile(list []Exception) (*Set, error) {
	files, err := documents(list)
	if err != nil {
		return nil, err
	}
	s := &Set{list: list, place: map[*sigma.Rule]int{}, holds: make([]bool, len(list))}
	var report *sigma.Report
	s.selections, report = sigma.Load(files)
	for _, p := range append(report.Invalid, report.Unsupported...) {
		return nil, fmt.Errorf("%w: selection of %s, line %d: %s", ErrInvalid, nameOf(list, p.File), max(0, p.Line-selectionLine), p.Reason)
	}
	for _, rule := range s.selections.Rules() {
		var i int
		if _, err := fmt.Sscanf(rule.File, fileForm, &i); err != nil || i >= len(list) {
			return nil, fmt.Errorf("%w: %s", ErrInvalid, rule.File)
		}
		s.place[rule] = i
	}
	return s, nil
}

// A selection compiles as the only one of a rule for every event of a host.
const (
	fileForm = "%d.yml"
	before   = "title: exception\nlogsource: {product: " + taxonomy.Product + "}\ndetection:\n  selection:\n"
	after    = "  condition: selection\n"
	indent   = "    "
)

// selectionLine is how many lines stand before the selection.
var selectionLine = strings.Count(before, "\n")

// documents writes the selections as rules. The indentation keeps whatever a
// selection says inside it.
func documents(list []Exception) (*zip.Reader, error) {
	var body bytes.Buffer
	w := zip.NewWriter(&body)
	for i := range list {
		text := strings.TrimRight(strings.ReplaceAll(list[i].Selection, "\r\n", "\n"), "\n\t ")
		if strings.TrimSpace(text) == "" {
			continue
		}
		f, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf(fileForm, i), Method: zip.Store})
		if err != nil {
			return nil, err
		}
		_, err = f.Write([]byte(before + indent + strings.ReplaceAll(text, "\n", "\n"+indent) + "\n" + after))
		if err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(body.Bytes()), int64(body.Len()))
}

func nameOf(list []Exception, file string) string {
	var i int
	if _, err := fmt.Sscanf(file, fileForm, &i); err != nil || i >= len(list) || list[i].ID == "" {
		return "the exception"
	}
	return "exception " + list[i].ID
}

// List returns the exceptions in their order.
func (s *Set) List() []Exception {
	if s == nil {
		return nil
	}
	return s.list
}

// Find returns the first exception in force at now that hides a firing of rule
// on ev; nil where none does. A nil set hides nothing.
func (s *Set) Find(rule string, ev *event.Event, now time.Time) *Exception {
	if s == nil || len(s.list) == 0 {
		return nil
	}
	matched := false
	for i := range s.list {
		x := &s.list[i]
		if !x.Active(now) || !x.covers(rule, ev.Host.ID, ev.Host.Name) {
			continue
		}
		if strings.TrimSpace(x.Selection) == "" {
			return x
		}
		if !matched {
			s.match(ev)
			matched = true
		}
		if s.holds[i] {
			return x
		}
	}
	return nil
}

// match finds which selections hold for ev.
func (s *Set) match(ev *event.Event) {
	clear(s.holds)
	s.hits = s.selections.Match(s.adapter.Of(ev), s.hits[:0])
	for _, hit := range s.hits {
		s.holds[s.place[hit]] = true
	}
}
