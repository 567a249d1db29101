package replay

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"baize/internal/engine"
	"baize/internal/event"
	"baize/internal/lru"
)

// Options of a replay.
type Options struct {
	// Files to read; "-" is Stdin.
	Files []string
	Stdin io.Reader
	// Out is the directory for the results, made where it is missing; "" for
	// the summary alone.
	Out string
	// Temp is the directory for what exceeds memory; "" is the system's.
	Temp string
	// Engine whose rules are used.
	Engine engine.Config
	// Bad is called for every line that is not an event.
	Bad func(error)
}

// Summary of a replay.
type Summary struct {
	Events uint64 `json:"events"`
	// Bad lines were left out.
	Bad uint64 `json:"bad_lines"`
	// Hosts seen, at most as many as are counted apart.
	Hosts     int       `json:"hosts"`
	First     time.Time `json:"first,omitzero"`
	Last      time.Time `json:"last,omitzero"`
	Alerts    int       `json:"alerts"`
	Incidents int       `json:"incidents"`
	// Sorted : the input was not in order.
	Sorted bool `json:"sorted"`
	// Rules given, and, where the log names others, the last of those. They were
	// followed unless Engine.PinRules is set.
	Rules    string `json:"rules"`
	LogRules string `json:"log_rules,omitempty"`
	// Hidden firings are those that exceptions of the log hid.
	Hidden uint64 `json:"hidden,omitempty"`
	// Problem is what of the log's rules or exceptions could not be followed.
	Problem string `json:"problem,omitempty"`
}

// Run replays the files.
func Run(opts Options) (summary Summary, err error) {
	temp, err := os.MkdirTemp(opts.Temp, "baize-replay-*")
	if err != nil {
		return summary, fmt.Errorf("temporary files: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	r := &run{opts: opts, temp: temp, hosts: lru.New[string, bool](maxHosts)}
	defer func() { err = errors.Join(err, r.close()) }()
	for _, name := range opts.Files {
		in, err := openInput(name, opts.Stdin, temp)
		if err != nil {
			return summary, err
		}
		r.inputs = append(r.inputs, in)
	}
	if err := r.pass(); err != nil {
		return r.summary, err
	}
	return r.summary, r.write()
}

// run is one replay.
type run struct {
	opts    Options
	temp    string
	order   order
	inputs  []*input
	engine  *engine.Engine
	output  *output
	hosts   *lru.Map[string, bool]
	summary Summary
	// panics of the engine that were reported.
	panics uint64
}

func (r *run) close() error {
	var err error
	for _, in := range r.inputs {
		err = errors.Join(err, in.close())
	}
	if r.output != nil {
		err = errors.Join(err, r.output.close())
	}
	return err
}

func (r *run) bad(err error) {
	r.summary.Bad++
	r.opts.Bad(err)
}

// pass feeds all events to the engine in order: at once where one file is in
// order, otherwise sorted.
func (r *run) pass() error {
	o, err := orderOf(r.inputs)
	if err != nil {
		return err
	}
	r.order = o
	if len(r.inputs) == 1 {
		r.begin()
		err = streamed(r.inputs[0], o, r.bad, r.take)
		if !errors.Is(err, errDisorder) {
			return errors.Join(err, r.finish())
		}
		if err := r.output.close(); err != nil {
			return err
		}
	}
	r.begin()
	r.summary.Sorted = true
	if err := sorted(r.inputs, o, r.temp, r.bad, r.take); err != nil {
		return err
	}
	return r.finish()
}

// begin starts, or starts over.
func (r *run) begin() {
	cfg := r.opts.Engine
	cfg.Final, cfg.Trace = true, r.opts.Out != ""
	r.engine, r.panics = engine.New(cfg), 0
	r.output = newOutput(r.temp, cfg.Trace)
	r.hosts = lru.New[string, bool](maxHosts)
	r.summary = Summary{Bad: r.summary.Bad, Rules: cfg.Rules.Digest()}
}

// maxHosts bounds the hosts that the summary counts apart.
const maxHosts = 100_000

func (r *run) take(ev *event.Event) error {
	r.summary.Events++
	if r.summary.First.IsZero() || ev.Time.Before(r.summary.First) {
		r.summary.First = ev.Time
	}
	if ev.Time.After(r.summary.Last) {
		r.summary.Last = ev.Time
	}
	if ev.Host.ID != "" {
		r.hosts.Put(ev.Host.ID, true, 0)
	}
	out := r.engine.Process(ev)
	if count, last := r.engine.Panics(); count != r.panics {
		r.panics = count
		r.bad(fmt.Errorf("left out after a panic: %s", last))
	}
	r.summary.Hidden += uint64(len(out.Hidden))
	return r.output.add(&out)
}

func (r *run) finish() error {
	var failed error
	emit := func(out engine.Output) {
		if failed == nil {
			failed = r.output.add(&out)
		}
	}
	if r.order == byTime { // a live log's repeats wait for its next tick
		r.engine.FinishAlerts(emit)
	}
	r.engine.FinishTraces(emit)
	r.engine.FinishIncidents(emit)
	r.summary.Hosts = r.hosts.Len()
	if digest := r.engine.RuleDigest(); digest != r.summary.Rules {
		r.summary.LogRules = digest
	}
	r.summary.Problem = r.engine.Problem()
	return failed
}

// write makes the result files, each under its name only when it is whole.
func (r *run) write() (err error) {
	if r.opts.Out == "" {
		return r.count(writers{io.Discard, io.Discard, io.Discard})
	}
	if err := os.MkdirAll(r.opts.Out, 0o750); err != nil {
		return err
	}
	var files []*os.File
	defer func() {
		for _, f := range files {
			err = errors.Join(err, closeFile(f, err == nil))
		}
	}()
	for _, name := range []string{"alerts.ndjson", "incidents.ndjson", "provenance.ndjson"} {
		f, err := os.Create(filepath.Join(r.opts.Out, name+partial))
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	return r.count(writers{files[0], files[1], files[2]})
}

// partial ends the name of a file that is not whole yet.
const partial = ".partial"

func closeFile(f *os.File, whole bool) error {
	name := f.Name()
	if !whole {
		return errors.Join(f.Close(), os.Remove(name))
	}
	return errors.Join(f.Close(), os.Rename(name, name[:len(name)-len(partial)]))
}

func (r *run) count(w writers) error {
	n, err := r.output.write(w)
	r.summary.Alerts, r.summary.Incidents = n.alerts, n.incidents
	return err
}
