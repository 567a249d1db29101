package probe

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"baize/internal/agent/probe/target"
	"baize/internal/event"
	"baize/internal/response"
)

// memoryFile is where the probes are written down, within the agent's state.
const memoryFile = "probes.json"

// remembered is a probe that lies in a process.
type remembered struct {
	Boot  string `json:"boot"`
	PID   uint32 `json:"pid"`
	Start uint64 `json:"start"`
	Token string `json:"token"`
	Place *place `json:"place"`
}

// save writes down the probes that lie in processes.
func (m *Manager) save() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := []remembered{}
	for _, i := range m.probes {
		i.mu.Lock()
		if living(i.view0.State) && i.place != nil {
			list = append(list, remembered{m.options.Boot, i.process.PID, i.process.Start, i.token, i.place})
		}
		i.mu.Unlock()
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	path := filepath.Join(m.options.Dir, memoryFile)
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return fmt.Errorf("write down the probes: %w", err)
	}
	return os.Rename(path+".new", path)
}

// recover finds the probes of an earlier run again, or says that they are lost.
func (m *Manager) recover() {
	text, err := os.ReadFile(filepath.Join(m.options.Dir, memoryFile))
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	var list []remembered
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		m.options.Log.Warn("the probes of the last run are not known", "error", err)
		return
	}
	for at := range list {
		if r := &list[at]; r.Boot == m.options.Boot && r.Place != nil && at < maxProbes {
			m.resume(r)
		}
	}
	if err := m.save(); err != nil {
		m.options.Log.Warn("probes are not written down", "error", err)
	}
}

// resume waits for the probe of a process that an earlier run put there.
func (m *Manager) resume(r *remembered) {
	process, err := target.Open(r.PID, r.Start)
	if err != nil {
		reason, text := explain(err)
		m.report(r.PID, r.Start, &event.Event{
			Kind: event.ProbeState, Message: text, Probe: &event.Probe{State: response.ProbeDetached, Reason: reason},
		})
		return
	}
	i := newInstance(m, process)
	i.token, i.place = r.Token, r.Place
	facts, _ := m.identify(process)
	i.facts, i.view0 = facts, m.describe(process, facts)
	i.view0.State, i.view0.Since = response.ProbeAttaching, m.options.Now().UTC()
	i.deadline = m.options.Now().Add(grace + grace/6)
	if err := m.add(i); err != nil {
		process.Close()
		return
	}
	if i.dir, err = process.Dir(r.Place.Dir); err != nil {
		i.end(response.ProbeFailed, target.Fail(target.Lost, err))
		return
	}
	if r.Place.FIFO { // it left when the last run did
		i.end(response.ProbeFailed, target.Failf(target.Lost, "its channel ended with the agent that it was of"))
		return
	}
	if err := i.openChannel(); err != nil {
		i.end(response.ProbeFailed, target.Fail(target.Lost, err))
	}
}

// report adds to an event of a process what all of them have.
func (m *Manager) report(pid uint32, start uint64, ev *event.Event) {
	if ev.Time.IsZero() {
		ev.Time = m.options.Now()
	}
	ev.Time = ev.Time.UTC().Truncate(time.Microsecond)
	ev.Process = &event.Process{PID: pid, Key: event.ProcessKey{Host: m.options.Host, Boot: m.options.Boot, PID: pid, Start: start}}
	m.options.Report(ev)
}
