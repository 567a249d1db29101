package policy

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"baize/internal/engine"
	"baize/internal/server/state"
	"baize/internal/sigma"
)

// Limits of packs.
const (
	MaxPacks = 32
	// MaxPackBytes bounds the files of one pack together, MaxPackFiles their
	// number, MaxFile each, in bytes.
	MaxPackBytes = 4 << 20
	MaxPackFiles = 5_000
	MaxFile      = 128 << 10
	// MaxVersions are kept of a pack; the one that counts always is.
	MaxVersions = 10
	maxPath     = 200
)

// draft is the packs as a change would have them.
type draft struct {
	packs    map[string]*draftPack
	disabled map[string]state.DisabledRule
	// pipelines of the server, which belong to no pack.
	pipelines []engine.RuleFile
	change    state.PolicyChange
}

type draftPack struct {
	state.Pack
	version state.PackVersion
	// files have the pack's name before their paths.
	files  []engine.RuleFile
	report sigma.Report
}

// draft reads what the state has.
func (m *Manager) draft(ctx context.Context) (*draft, error) {
	d := &draft{packs: map[string]*draftPack{}, disabled: map[string]state.DisabledRule{}, change: state.PolicyChange{Keep: MaxVersions}}
	packs, err := m.cfg.State.Packs(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range packs {
		version, err := m.cfg.State.PackVersion(ctx, p.Name, p.Current)
		if err != nil {
			return nil, err
		}
		d.packs[p.Name] = &draftPack{Pack: p, version: version}
		if d.packs[p.Name].files, err = unzip(p.Name, version.Body); err != nil {
			return nil, err
		}
	}
	if d.pipelines, err = readPipelines(m.cfg.Pipelines); err != nil {
		return nil, err
	}
	rules, err := m.cfg.State.DisabledRules(ctx)
	for _, r := range rules {
		d.disabled[r.Rule] = r
	}
	return d, err
}

func (d *draft) names() []string { return slices.Sorted(maps.Keys(d.packs)) }

func (d *draft) disabledList() []string { return slices.Sorted(maps.Keys(d.disabled)) }

// pack returns a pack of the draft, or state.ErrNotFound.
func (d *draft) pack(name string) (*draftPack, error) {
	if p := d.packs[name]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("pack %q: %w", name, state.ErrNotFound)
}

// apply checks the draft against what is in force, keeps it and tells the log.
func (m *Manager) applyLocked(ctx context.Context, d *draft, lenient string) error {
	v, err := d.view()
	if err != nil {
		return err
	}
	if lenient != everything {
		if err := m.view.Load().newlyInvalid(v, lenient); err != nil {
			return err
		}
	}
	for i := range d.change.Versions {
		version := &d.change.Versions[i]
		if version.Report, err = json.Marshal(d.packs[version.Pack].report); err != nil {
			return err
		}
	}
	for _, p := range d.packs {
		d.change.Packs = append(d.change.Packs, p.Pack)
	}
	if err := m.cfg.State.ChangePolicy(ctx, d.change); err != nil {
		return err
	}
	m.view.Store(v)
	for _, p := range v.pipelineProblems {
		m.cfg.Log.Error("processing pipeline is not in force", "problem", p)
	}
	return m.announceLocked(context.WithoutCancel(ctx), v)
}

// everything as the lenient pack lets all invalid files pass, named in reports.
const everything = "*"

// newlyInvalid refuses a view in which files are invalid that were not before,
// but for those of the pack lenient: a pack that is half loaded in silence
// detects less than its owner believes.
func (v *View) newlyInvalid(next *View, lenient string) error {
	known := map[string]bool{}
	for _, p := range v.Packs {
		for _, problem := range p.Report.Invalid {
			known[p.Name+"/"+problem.String()] = true
		}
	}
	refusal := &InvalidError{}
	for _, p := range next.Packs {
		for _, problem := range p.Report.Invalid {
			if p.Name != lenient && !known[p.Name+"/"+problem.String()] {
				problem.File = p.Name + "/" + problem.File
				refusal.Problems = append(refusal.Problems, problem)
			}
		}
	}
	if len(refusal.Problems) > 0 {
		return refusal
	}
	return nil
}

// InvalidError names the invalid files for which a change was refused.
type InvalidError struct{ Problems []sigma.Problem }

// Error names the first of them.
func (e *InvalidError) Error() string {
	return fmt.Sprintf("nothing was changed: %d rule files would be invalid, the first: %s", len(e.Problems), e.Problems[0])
}

// Unwrap returns ErrInvalid.
func (e *InvalidError) Unwrap() error { return ErrInvalid }

var packName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// reserved are the names that the tree of rules has beside packs.
var reserved = []string{BuiltIn, sigma.PipelineDir, engine.DisabledFile}

// isPackName says whether somebody may give a pack that name.
func isPackName(name string) bool {
	return packName.MatchString(name) && !slices.Contains(reserved, name)
}

// checkFiles says why files cannot be those of a pack.
func checkFiles(files map[string]string) error {
	size := 0
	for name, text := range files {
		size += len(name) + len(text)
		switch {
		case !fs.ValidPath(name) || len(name) > maxPath || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '\\' }):
			return fmt.Errorf("%w: %.60q is no path of a rule file", ErrInvalid, name)
		case !utf8.ValidString(name) || !utf8.ValidString(text):
			return fmt.Errorf("%w: %.60q is not UTF-8", ErrInvalid, name)
		case len(text) > MaxFile:
			return fmt.Errorf("%w: %s has %d bytes, at most %d", ErrLimit, name, len(text), MaxFile)
		}
	}
	switch {
	case len(files) == 0:
		return fmt.Errorf("%w: there is no rule file: rules are *.yml and *.yaml, lists of placeholders lists/*.txt", ErrInvalid)
	case len(files) > MaxPackFiles || size > MaxPackBytes:
		return fmt.Errorf("%w: %d files of %d bytes, a pack has at most %d of %d", ErrLimit, len(files), size, MaxPackFiles, MaxPackBytes)
	}
	return nil
}

// IsRuleFile says whether a file is part of a pack: a rule or a list of
// placeholders. What else stands beside them is left out.
func IsRuleFile(name string) bool {
	switch path.Ext(name) {
	case ".yml", ".yaml":
		return true
	case ".txt":
		return path.Base(path.Dir(name)) == sigma.ListDir
	}
	return false
}

// zipped is files as a pack version keeps them.
func zipped(files map[string]string) ([]byte, error) {
	var body bytes.Buffer
	w := zip.NewWriter(&body)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.Create(name)
		if err == nil {
			_, err = f.Write([]byte(files[name]))
		}
		if err != nil {
			return nil, fmt.Errorf("keep %s: %w", name, err)
		}
	}
	err := w.Close()
	return body.Bytes(), err
}

// unzip is the inverse of zipped, with the pack's name before the paths.
func unzip(pack string, body []byte) ([]engine.RuleFile, error) {
	r, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		return nil, fmt.Errorf("files of pack %s: %w", pack, err)
	}
	files := make([]engine.RuleFile, 0, len(r.File))
	for _, f := range r.File {
		text, err := fs.ReadFile(r, f.Name)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("file %s of pack %s", f.Name, pack), err)
		}
		files = append(files, engine.RuleFile{Path: pack + "/" + f.Name, Text: string(text)})
	}
	return files, nil
}
