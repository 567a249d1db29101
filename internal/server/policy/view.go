package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"baize/internal/engine"
	"baize/internal/event"
	"baize/internal/server/bus"
	"baize/internal/server/state"
	"baize/internal/sigma"
	"baize/internal/taxonomy"
	"baize/internal/wire"
)

// View is the packs and rules as they are at one moment. It is immutable.
type View struct {
	// Digest names the revision of the rules.
	Digest string
	Packs  []Pack
	// Rules of all packs, by pack and file.
	Rules []Rule
	// Asked are the kinds of event that rules in force could match.
	Asked []event.Kind
	files []engine.RuleFile
	// pipelineProblems are of the pipelines of the server.
	pipelineProblems []sigma.Problem
}

// Pack is a pack with the version that counts.
type Pack struct {
	Name    string `json:"name"`
	Enabled bool   `json:"enabled"`
	Version
}

// Version is one version of a pack.
type Version struct {
	Number int    `json:"version" doc:"Number of the version"`
	Digest string `json:"digest"`
	// Source is built-in, directory or push.
	Source  string       `json:"source"`
	Author  string       `json:"author"`
	Created time.Time    `json:"created"`
	Report  sigma.Report `json:"report"`
}

// Rule is one rule of a pack.
type Rule struct {
	// Key is its id, or its file where it has none.
	Key   string `json:"rule"`
	Title string `json:"title"`
	Level string `json:"level,omitempty"`
	Pack  string `json:"pack"`
	// File within the pack, and the line where the rule begins.
	File       string   `json:"file"`
	Line       int      `json:"line"`
	Logsource  string   `json:"logsource"`
	Tactics    []string `json:"tactics,omitempty"`
	Techniques []string `json:"techniques,omitempty"`
	// Enabled : it is not switched off by itself; its pack may be.
	Enabled bool `json:"enabled"`
	// InForce : rule and pack are enabled.
	InForce bool `json:"in_force"`
}

// view compiles what the draft would put in force.
func (d *draft) view() (*View, error) {
	files := []engine.RuleFile{{Path: engine.DisabledFile, Text: strings.Join(d.disabledList(), "\n")}}
	files = append(files, d.pipelines...)
	v := &View{}
	for _, name := range d.names() {
		if p := d.packs[name]; p.Enabled {
			files = append(files, p.files...)
		}
	}
	reports, err := d.load(v, files, true)
	if err != nil {
		return nil, err
	}
	v.pipelineProblems = brokenPipelines(reports[sigma.PipelineDir])
	for _, name := range d.names() {
		p := d.packs[name]
		report := reports[name]
		if !p.Enabled {
			alone, err := d.load(v, p.files, false)
			if err != nil {
				return nil, err
			}
			report = alone[name]
		}
		p.report = *cmp.Or(report, &sigma.Report{})
		v.Packs = append(v.Packs, Pack{Name: name, Enabled: p.Enabled, Version: show(&p.version, p.report)})
	}
	slices.SortFunc(v.Rules, func(a, b Rule) int {
		return cmp.Or(strings.Compare(a.Pack, b.Pack), strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return v, v.seal(files)
}

// seal names the revision that files are, and checks that the log takes it.
func (v *View) seal(files []engine.RuleFile) error {
	size := 0
	for i := range files {
		size += len(files[i].Path) + len(files[i].Text)
	}
	if size > engine.MaxRuleBytes || len(files) > engine.MaxRuleFiles {
		return fmt.Errorf("%w: the enabled packs together have %d bytes in %d files, at most %d in %d: disable one", ErrLimit, size, len(files), engine.MaxRuleBytes, engine.MaxRuleFiles)
	}
	v.files = files
	packed, err := v.message(time.Unix(0, 0))
	if err == nil && len(packed) > bus.MaxBody {
		err = fmt.Errorf("%w: the enabled packs together have %d bytes in one message of the log, at most %d: disable one", ErrLimit, len(packed), bus.MaxBody)
	}
	return err
}

// message is what puts the revision in force, for the log.
func (v *View) message(now time.Time) ([]byte, error) {
	events, digest, err := engine.RuleRevision(v.files, now)
	if err != nil {
		return nil, err
	}
	v.Digest = digest
	return wire.Pack(events)
}

func show(v *state.PackVersion, report sigma.Report) Version {
	if report.Invalid == nil {
		report.Invalid = []sigma.Problem{}
	}
	if report.Unsupported == nil {
		report.Unsupported = []sigma.Problem{}
	}
	return Version{Number: v.Number, Digest: v.Digest, Source: v.Source, Author: v.Author, Created: v.Created, Report: report}
}

// load loads files, adds their rules to the view, and returns a report for
// each pack among them.
func (d *draft) load(v *View, files []engine.RuleFile, enabled bool) (map[string]*sigma.Report, error) {
	tree, err := engine.RuleTree(files)
	if err != nil {
		return nil, err
	}
	set, whole := sigma.Load(tree)
	reports := map[string]*sigma.Report{}
	for _, f := range files {
		if ext := strings.ToLower(f.Path); strings.HasSuffix(ext, ".yml") || strings.HasSuffix(ext, ".yaml") {
			r := of(reports, f.Path)
			r.Files++
			r.Loaded++
		}
	}
	for _, p := range whole.Invalid {
		r := of(reports, p.File)
		r.Loaded--
		r.Invalid = append(r.Invalid, within(p))
	}
	for _, p := range whole.Unsupported {
		r := of(reports, p.File)
		r.Loaded--
		r.Unsupported = append(r.Unsupported, within(p))
	}
	for _, rule := range set.Rules() {
		of(reports, rule.File).Rules++
		pack, file, _ := strings.Cut(rule.File, "/")
		_, off := d.disabled[rule.Key()]
		v.Rules = append(v.Rules, Rule{
			Key: rule.Key(), Title: rule.Title, Level: rule.Level, Pack: pack, File: file, Line: rule.Line,
			Logsource: rule.Logsource.String(), Tactics: rule.Tactics, Techniques: rule.Techniques,
			Enabled: !off, InForce: enabled && !off,
		})
	}
	if enabled {
		v.Asked = taxonomy.Asked(slices.DeleteFunc(slices.Clone(set.Rules()), func(r *sigma.Rule) bool {
			_, off := d.disabled[r.Key()]
			return off
		}))
	}
	return reports, nil
}

// of is the report of the pack that a file belongs to.
func of(reports map[string]*sigma.Report, file string) *sigma.Report {
	name, _, _ := strings.Cut(file, "/")
	if reports[name] == nil {
		reports[name] = &sigma.Report{Unsupported: []sigma.Problem{}, Invalid: []sigma.Problem{}}
	}
	return reports[name]
}

// within is a problem with its file as the pack knows it.
func within(p sigma.Problem) sigma.Problem {
	_, p.File, _ = strings.Cut(p.File, "/")
	return p
}
