package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
	"time"
)

// record is one line of go test -json; see `go doc test2json`.
type record struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Elapsed    float64
	Output     string
}

// unit is a test, or a package where the test is empty.
type unit struct{ pkg, test string }

// report gathers what a run says. It holds the output of a test only until the
// test has passed.
type report struct {
	out                     io.Writer
	output                  map[unit][]string
	passed, failed, skipped int
	packages, broken        int
	skips                   []string
	started                 time.Time
}

func newReport(out io.Writer) *report {
	return &report{out: out, output: map[unit][]string{}, started: time.Now()}
}

// read consumes the JSON lines of go test. A line of another form, such as a
// build error of an old toolchain, is passed on as it is.
func (r *report) read(lines io.Reader) error {
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		var rec record
		if json.Unmarshal(scanner.Bytes(), &rec) != nil || rec.Action == "" {
			fmt.Fprintln(r.out, scanner.Text())
			continue
		}
		r.take(rec)
	}
	return scanner.Err()
}

func (r *report) take(rec record) {
	key := unit{rec.Package, rec.Test}
	switch rec.Action {
	case "output":
		r.output[key] = append(r.output[key], rec.Output)
	case "build-output":
		fmt.Fprint(r.out, rec.Output)
	case "pass", "fail", "skip":
		if rec.Test == "" {
			r.endPackage(rec)
		} else {
			r.endTest(rec)
		}
		delete(r.output, key)
	}
}

func (r *report) endTest(rec record) {
	switch rec.Action {
	case "pass":
		r.passed++
	case "fail":
		r.failed++
		fmt.Fprintf(r.out, "--- %s %s\n%s", rec.Package, rec.Test, r.text(rec))
	case "skip":
		r.skipped++
		r.skips = append(r.skips, fmt.Sprintf("%s %s: %s", rec.Package, rec.Test, r.reason(rec)))
	}
}

func (r *report) endPackage(rec record) {
	r.packages++
	switch rec.Action {
	case "pass":
		fmt.Fprintf(r.out, "ok      %s %.1fs\n", rec.Package, rec.Elapsed)
	case "fail":
		r.broken++
		fmt.Fprintf(r.out, "%sFAIL    %s %.1fs\n", r.text(rec), rec.Package, rec.Elapsed)
	}
}

func (r *report) text(rec record) string {
	return strings.Join(r.output[unit{rec.Package, rec.Test}], "")
}

// reason is the line that t.Skip printed.
func (r *report) reason(rec record) string {
	for _, line := range r.output[unit{rec.Package, rec.Test}] {
		text := strings.TrimSpace(line)
		if text != "" && !strings.HasPrefix(text, "=== ") && !strings.HasPrefix(text, "--- ") {
			return text
		}
	}
	return "no reason given"
}

// finish prints the output of tests that never ended, then the summary.
func (r *report) finish() {
	for key, lines := range r.output {
		if key.test != "" {
			r.failed++
			fmt.Fprintf(r.out, "--- %s %s did not end\n%s", key.pkg, key.test, strings.Join(lines, ""))
		}
	}
	fmt.Fprint(r.out, r.summary())
}

// unexcused is an error that names the skips whose reason does not match.
func (r *report) unexcused(allowed *regexp.Regexp) error {
	var failed []error
	for _, skip := range r.skips {
		if !allowed.MatchString(skip) {
			failed = append(failed, fmt.Errorf("must not be skipped here: %s", skip))
		}
	}
	return errors.Join(failed...)
}

// summary is the counts, after one line for each skip.
func (r *report) summary() string {
	var b strings.Builder
	sort.Strings(r.skips)
	for _, skip := range r.skips {
		fmt.Fprintf(&b, "SKIP %s\n", skip)
	}
	fmt.Fprintf(&b, "go: %d passed, %d failed, %d skipped; %d packages, %d of them failed; %s\n",
		r.passed, r.failed, r.skipped, r.packages, r.broken, time.Since(r.started).Round(time.Second))
	return b.String()
}
