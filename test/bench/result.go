package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Result is one line of what was promised.
type Result struct {
	Line  int     `json:"line"`
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Target as it was promised, for people.
	Target string `json:"target"`
	Met    bool   `json:"met"`
	// Peer is who else was measured in the same run; nil where nobody was.
	Peer *Peer `json:"peer"`
	// Runs are the raw figures, in the order in which they were taken.
	Runs []Run `json:"runs"`
}

// Peer is the figure of another program.
type Peer struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	// Absent says why there is no figure.
	Absent string `json:"absent,omitempty"`
}

// Run is one measurement under one condition.
type Run struct {
	Condition string             `json:"condition"`
	Figures   map[string]float64 `json:"figures"`
}

// String is the line as it is printed.
func (r *Result) String() string {
	verdict := "met"
	if !r.Met {
		verdict = "MISSED"
	}
	text := fmt.Sprintf("line %-2d %s: %.4g %s (target %s) %s", r.Line, r.Name, r.Value, r.Unit, r.Target, verdict)
	switch {
	case r.Peer == nil:
	case r.Peer.Absent != "":
		text += fmt.Sprintf("; %s was not measured: %s", r.Peer.Name, r.Peer.Absent)
	default:
		text += fmt.Sprintf("; %s in the same run: %.4g %s", r.Peer.Name, r.Peer.Value, r.Unit)
	}
	return text
}

// of are the figures of one condition, in order.
func of(runs []Run, condition, figure string) []float64 {
	var out []float64
	for _, r := range runs {
		if value, ok := r.Figures[figure]; ok && r.Condition == condition {
			out = append(out, value)
		}
	}
	return out
}

// median of values, 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// ratio is the median of one condition over that of another.
func ratio(runs []Run, condition, base, figure string) float64 {
	below := median(of(runs, base, figure))
	if below == 0 {
		return 0
	}
	return median(of(runs, condition, figure)) / below
}

// save puts results into the file, each in the place of an earlier one of the
// same line and name.
func save(file string, results ...Result) error {
	var all []Result
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return fmt.Errorf("read the results: %w", err)
	default:
		if err := json.Unmarshal(text, &all); err != nil {
			return fmt.Errorf("read the results: %w", err)
		}
	}
	for _, r := range results {
		all = slices.DeleteFunc(all, func(old Result) bool { return old.Line == r.Line && old.Name == r.Name })
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b Result) int { return a.Line - b.Line })
	if text, err = json.MarshalIndent(all, "", " "); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
