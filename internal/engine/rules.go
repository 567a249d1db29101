package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"baize/internal/alert"
	"baize/internal/sigma"
	"baize/internal/sigma/correlate"
)

// sigmaRules are Sigma rules with what alerts say of each.
type sigmaRules struct {
	set      *sigma.Set
	digest   string
	disabled map[string]bool
	rules    map[*sigma.Rule]*alert.Rule
}

// DisabledFile lists, at a root of rules, the rules below all roots that are
// not in force: one Rule.Key a line. Correlations in force still see the matches
// of the rules that they refer to.
const DisabledFile = "disabled"

// LoadRules reads the Sigma rules below the roots. The report says what is not
// in force and why; the error is about reading files alone.
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
	r := &sigmaRules{set: set, digest: digest, disabled: disabled, rules: map[*sigma.Rule]*alert.Rule{}}
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

// Machine implements Rules.
func (r *sigmaRules) Machine() *correlate.Machine {
	return correlate.New(r.set, correlate.Limits{Disabled: r.disabled})
}

// Named implements Rules.
func (r *sigmaRules) Named(rule *sigma.Rule) *alert.Rule { return r.rules[rule] }

// Digest implements Rules.
func (r *sigmaRules) Digest() string { return r.digest }
