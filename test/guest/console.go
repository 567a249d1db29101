package guest

import (
	"fmt"
	"strings"
)

// Lines of the guest's init around what its command writes.
const (
	beginLine = "baize-guest: begin"
	endLine   = "baize-guest: end "
)

// parseConsole finds a command's output and exit status among what the guest
// wrote to its console.
func parseConsole(text string) (output string, status int, err error) {
	text = strings.ReplaceAll(text, "\r", "")
	_, rest, ok := strings.Cut(text, beginLine+"\n")
	output, last, ended := strings.Cut(rest, endLine)
	if !ok || !ended {
		return text, 0, ErrNoEnd
	}
	if _, err := fmt.Sscanf(last, "%d", &status); err != nil {
		return text, 0, fmt.Errorf("%w: %q", ErrNoEnd, last)
	}
	return output, status, nil
}

// Result is one test of a test binary's verbose output.
type Result struct {
	Name string
	// Outcome is PASS, FAIL or SKIP.
	Outcome string
	// Took is its duration as it was written, such as 1.23s.
	Took string
	// Output is what the test said.
	Output string
}

// ParseTests reads the top tests of a test binary run with -test.v.
func ParseTests(output string) []Result {
	var out []Result
	var said strings.Builder
	for line := range strings.Lines(output) {
		outcome, name, ok := strings.Cut(strings.TrimPrefix(line, "--- "), ": ")
		if !ok || !strings.HasPrefix(line, "--- ") {
			said.WriteString(line)
			continue
		}
		name, took, _ := strings.Cut(strings.TrimSpace(name), " ")
		out = append(out, Result{Name: name, Outcome: outcome, Took: strings.Trim(took, "()"), Output: said.String()})
		said.Reset()
	}
	return out
}
