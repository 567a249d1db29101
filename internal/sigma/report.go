package sigma

import (
	"errors"
	"fmt"
	"strings"
)

// Problem says why a file could not be loaded whole.
type Problem struct {
	File string `json:"file"`
	// Line is 1-based; 0 where the whole file is meant.
	Line   int    `json:"line,omitempty"`
	Reason string `json:"reason"`
}

// String returns FILE:LINE: REASON.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Reason
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Reason)
}

// Report is the outcome of a Load. Every file is counted exactly once: as
// loaded if all of its rules are in force, as invalid if any is malformed,
// else as unsupported. The good rules of a file that is not loaded whole are
// in force all the same.
type Report struct {
	Files       int       `json:"files"`
	Loaded      int       `json:"loaded"`
	Unsupported []Problem `json:"unsupported"`
	Invalid     []Problem `json:"invalid"`
	// Rules is the number of rules in force.
	Rules int `json:"rules"`
}

// Err returns an error that names every invalid file, or nil if there is none.
func (r *Report) Err() error {
	if len(r.Invalid) == 0 {
		return nil
	}
	lines := make([]string, len(r.Invalid))
	for i, p := range r.Invalid {
		lines[i] = p.String()
	}
	return errors.New("invalid rules: " + strings.Join(lines, "; "))
}

// fault is an error of one rule, with the line it stands on.
type fault struct {
	line        int
	unsupported bool
	reason      string
}

func (f *fault) Error() string { return f.reason }

// malformed makes the fault of a rule that breaks the specification.
func malformed(line int, format string, args ...any) error {
	return &fault{line: line, reason: fmt.Sprintf(format, args...)}
}

// unsupported makes the fault of a rule that asks for what is not evaluated.
func unsupported(line int, format string, args ...any) error {
	return &fault{line: line, unsupported: true, reason: fmt.Sprintf(format, args...)}
}

// collect counts one file by the faults of its documents.
func (r *Report) collect(file string, faults []error) {
	r.Files++
	if len(faults) == 0 {
		r.Loaded++
		return
	}
	p := Problem{File: file}
	bad := false
	var reasons []string
	for _, err := range faults {
		var f *fault
		if !errors.As(err, &f) {
			f = &fault{reason: err.Error()}
		}
		if first := len(reasons) == 0; first || !f.unsupported && !bad {
			p.Line = f.line
		}
		bad = bad || !f.unsupported
		reasons = append(reasons, f.reason)
	}
	p.Reason = strings.Join(reasons, "; ")
	if bad {
		r.Invalid = append(r.Invalid, p)
	} else {
		r.Unsupported = append(r.Unsupported, p)
	}
}
