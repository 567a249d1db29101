package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/sigma"
	"baize/internal/taxonomy"
)

// sigmaRules matches events against a set of Sigma rules.
type sigmaRules struct {
	set     *sigma.Set
	digest  string
	adapter taxonomy.Adapter
	rules   map[*sigma.Rule]*alert.Rule
	hits    []*sigma.Rule
}

// DisabledFile lists, at a root of rules, the rules below all roots that are
// not in force: one Rule.Key a line.
const DisabledFile = "disabled"

// LoadRules reads the Sigma rules below the roots. The report says what is not
// in force and why; the error is about reading files alone. The result is for
// one engine.
func LoadRules(roots ...fs.FS) (Rules, *sigma.Report, error) {
	digest, err := digestOf(roots)
	if err != nil {
		return nil, nil, err
	}
	disabled, err := disabledIn(roots)
	if err != nil {
		return nil, nil, err
	}
	set, report := sigma.Load(roots...)
	r := &sigmaRules{set: set, digest: digest, rules: map[*sigma.Rule]*alert.Rule{}}
	for _, rule := range set.Rules() {
		if disabled[rule.Key()] {
			report.Rules--
			continue
		}
		r.rules[rule] = &alert.Rule{ID: rule.Key(), Title: rule.Title, Level: rule.Level, Tactics: rule.Tactics, Techniques: rule.Techniques}
	}
	return r, report, nil
}

func disabledIn(roots []fs.FS) (map[string]bool, error) {
	all := map[string]bool{}
	for _, root := range roots {
		text, err := fs.ReadFile(root, DisabledFile)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read disabled rules: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			all[strings.TrimSpace(line)] = true
		}
	}
	return all, nil
}

// digestOf names the content of all files below the roots, in the order in
// which they are read.
func digestOf(roots []fs.FS) (string, error) {
	h := sha256.New()
	for _, root := range roots {
		err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := fs.ReadFile(root, name)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(data)
			fmt.Fprintf(h, "%q %x\n", name, sum)
			return nil
		})
		if err != nil {
			return "", fmt.Errorf("read rules: %w", err)
		}
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

// Match implements Rules.
func (r *sigmaRules) Match(ev *event.Event, dst []*alert.Rule) []*alert.Rule {
	r.hits = r.adapter.Match(r.set, ev, r.hits[:0])
	for _, hit := range r.hits {
		if rule := r.rules[hit]; rule != nil { // disabled otherwise
			dst = append(dst, rule)
		}
	}
	return dst
}

// Digest implements Rules.
func (r *sigmaRules) Digest() string { return r.digest }
