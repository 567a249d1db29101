package ruletest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"baize/internal/sigma"
)

// Result of a run.
type Result struct {
	// Rules with a test file, and Events judged.
	Rules    int       `json:"rules"`
	Events   int       `json:"events"`
	Failures []Failure `json:"failures"`
}

// Failure is one thing that is not as it should be.
type Failure struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Reason string `json:"reason"`
}

// String returns FILE:LINE: REASON.
func (f Failure) String() string {
	if f.Line == 0 {
		return f.File + ": " + f.Reason
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Reason)
}

// Run loads the rules below root and runs the tests beside them. A rule that
// does not load, that has no test file, or whose tests lack a match or a
// non-match, is a failure, as is a test file without rule.
func Run(root fs.FS) *Result {
	set, report := sigma.Load(root)
	r := &Result{Failures: []Failure{}}
	for _, list := range [][]sigma.Problem{report.Invalid, report.Unsupported} {
		for _, p := range list {
			r.Failures = append(r.Failures, Failure(p))
		}
	}
	byFile := map[string][]*sigma.Rule{}
	for _, rule := range set.Rules() {
		byFile[rule.File] = append(byFile[rule.File], rule)
	}
	walk := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			r.file(root, set, byFile, name)
		}
		return err
	})
	if walk != nil {
		r.fail(".", 0, "%v", walk)
	}
	return r
}

func (r *Result) fail(file string, line int, format string, args ...any) {
	r.Failures = append(r.Failures, Failure{File: file, Line: line, Reason: fmt.Sprintf(format, args...)})
}

// file runs the tests of one rule file; of a test file it only looks whether
// there is a rule to it.
func (r *Result) file(root fs.FS, set *sigma.Set, byFile map[string][]*sigma.Rule, name string) {
	stem := strings.TrimSuffix(name, path.Ext(name))
	if path.Ext(name) == ".test" && byFile[stem+".yml"] == nil && byFile[stem+".yaml"] == nil {
		r.fail(name, 0, "no rule loaded from %s.yml", stem)
		return
	}
	rules := byFile[name]
	if rules == nil {
		return
	}
	text, err := fs.ReadFile(root, stem+".test")
	if errors.Is(err, fs.ErrNotExist) {
		r.fail(name, 0, "rule has no tests: %s.test is missing", stem)
		return
	}
	if err != nil {
		r.fail(stem+".test", 0, "%v", err)
		return
	}
	r.Rules += len(rules)
	r.judge(stem+".test", text, set, rules)
}

// judge runs one script against the rules of its file.
func (r *Result) judge(name string, text []byte, set *sigma.Set, rules []*sigma.Rule) {
	steps, err := parse(text)
	if err != nil {
		r.fail(name, 0, "%v", err)
		return
	}
	positive, negative := false, false
	run := newRun(r, name, set, rules)
	for _, s := range steps {
		expects := s.what == expectMatch || s.what == expectAlert
		positive = positive || expects && s.want
		negative = negative || expects && !s.want
		run.step(s)
	}
	if !positive {
		r.fail(name, 0, "no event that the rule matches")
	}
	if !negative {
		r.fail(name, 0, "no event that the rule leaves alone")
	}
}
