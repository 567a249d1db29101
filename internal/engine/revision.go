package engine

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"baize/internal/event"
)

// Bounds of one revision of the rules: bytes of its files together, and their
// number. What exceeds either is not adopted.
const (
	MaxRuleBytes = 12 << 20
	MaxRuleFiles = 20_000
)

// RuleFile is one file of the rules, as an event.EngineRuleFile carries it.
type RuleFile struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// RuleRevision is the records that put files in force, in the order of their
// paths, and the digest that names them. They belong in one message of the log.
func RuleRevision(files []RuleFile, now time.Time) ([]*event.Event, string, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b RuleFile) int { return strings.Compare(a.Path, b.Path) })
	tree, err := RuleTree(files)
	if err != nil {
		return nil, "", err
	}
	digest, err := digestOf([]fs.FS{tree})
	if err != nil {
		return nil, "", err
	}
	events := make([]*event.Event, 0, len(files)+1)
	for i := range files {
		text, err := json.Marshal(files[i])
		if err != nil {
			return nil, "", err
		}
		events = append(events, &event.Event{Kind: event.EngineRuleFile, Time: now, Message: string(text)})
	}
	return append(events, &event.Event{Kind: event.EngineRules, Time: now, Message: digest}), digest, nil
}

// stage keeps a file of the revision to come.
func (e *Engine) stage(ev *event.Event) {
	var f RuleFile
	if err := json.Unmarshal([]byte(ev.Message), &f); err != nil {
		e.problem = "rule file: " + err.Error()
		return
	}
	e.size += len(f.Path) + len(f.Text)
	if len(e.staged) < MaxRuleFiles && e.size <= MaxRuleBytes {
		e.staged = append(e.staged, f)
	}
}

// adopt puts the staged files in force, all at once. A record that comes
// without files names rules that the reader of the log has to have.
func (e *Engine) adopt(ev *event.Event) {
	files := e.staged
	e.staged, e.size = nil, 0
	switch {
	case e.cfg.PinRules || len(files) == 0:
		e.revision = ev.Message
	case ev.Message != e.revision || e.files == nil:
		rules, err := compileRevision(files, ev.Message)
		if err != nil {
			e.problem = err.Error()
			return
		}
		e.use(rules)
		e.revision, e.files = ev.Message, files
	}
}

// use puts rules in force. What correlations remember goes on in those that the
// new rules have in the same form.
func (e *Engine) use(rules Rules) {
	e.rules = rules
	if rules == nil {
		return
	}
	before := e.machine
	if e.machine = rules.Machine(); before != nil {
		e.machine.Restore(before.Snapshot())
	}
}

// compileRevision compiles files, which must be those that digest names.
func compileRevision(files []RuleFile, digest string) (Rules, error) {
	tree, err := RuleTree(files)
	if err != nil {
		return nil, err
	}
	rules, _, err := LoadRules(tree)
	if err != nil {
		return nil, err
	}
	if rules.Digest() != digest {
		return nil, fmt.Errorf("rule revision %s is not whole: its files are %s", digest, rules.Digest())
	}
	return rules, nil
}

// RuleTree is files as a file system.
func RuleTree(files []RuleFile) (*zip.Reader, error) {
	var body bytes.Buffer
	w := zip.NewWriter(&body)
	for i := range files {
		f, err := w.CreateHeader(&zip.FileHeader{Name: files[i].Path, Method: zip.Store})
		if err == nil {
			_, err = io.WriteString(f, files[i].Text)
		}
		if err != nil {
			return nil, fmt.Errorf("rule file %q: %w", files[i].Path, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("rule files: %w", err)
	}
	return zip.NewReader(bytes.NewReader(body.Bytes()), int64(body.Len()))
}
