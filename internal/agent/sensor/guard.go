package sensor

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"baize/internal/event"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

const (
	// guardEvery is how often the sensor looks after itself.
	guardEvery = 5 * time.Second
	// stalled is how long the reader may not run before that is told. It counts
	// CLOCK_MONOTONIC, in which a suspended machine has no time.
	stalled = 5 * time.Second
)

// guard notices what is done to the sensor: programs detached, the agent
// stopped or traced, canaries that do not come. All of it ends in records of
// kind sensor.tamper, and in coverage that is not complete.
type guard struct {
	sensor *Sensor
	armed  []armed
	flock  *flock
	last   time.Time // when append last ran
	next   time.Time
	tracer int
	// off says that programs on functions were switched off at the last look.
	off bool
}

// armed is an attachment as it was made.
type armed struct {
	hook hook
	at   int // index in Sensor.hooks
	link link.Link
	id   link.ID
	// program is what runs there.
	program ebpf.ProgramID
}

// watch adds an attachment. One whose kernel cannot tell its identity is not
// watched.
func (g *guard) watch(h hook, at int, l link.Link) {
	a := armed{hook: h, at: at}
	if g.take(&a, l) {
		g.armed = append(g.armed, a)
	}
}

// take notes a link as it is, and has the programs tell of who changes it. It
// reports whether the kernel told what it is.
func (g *guard) take(a *armed, l link.Link) bool {
	a.link = l
	info, err := l.Info()
	if err != nil {
		return false
	}
	a.id, a.program = info.ID, info.Program
	// Without room the guard sees a change all the same, if not by whom.
	_ = g.sensor.loader.claim(ourLink, uint32(info.ID))
	return true
}

// append adds what is to be told at now.
func (g *guard) append(batch []Record, now time.Time) []Record {
	if !g.last.IsZero() && now.Sub(g.last) >= stalled {
		batch = g.everything(batch, fmt.Sprintf("the agent did not run for %d s: stopped, frozen or starved", int(now.Sub(g.last).Seconds())))
	}
	g.last = now
	if now.Before(g.next) {
		return batch
	}
	g.next = now.Add(guardEvery)
	for i := range g.armed {
		batch = g.check(batch, &g.armed[i])
	}
	batch = g.traced(batch)
	batch = g.switched(batch)
	if altered := g.sensor.altered(); altered != "" {
		batch = g.everything(batch, altered)
	}
	if missing := g.flock.missing(); missing != "" {
		batch = g.everything(batch, missing)
	}
	return batch
}

// check compares an attachment with the kernel's view of it, and makes it anew
// where it is gone.
func (g *guard) check(batch []Record, a *armed) []Record {
	reason := a.gone()
	if reason == "" {
		return batch
	}
	message := a.hook.name() + ": " + reason
	l, err := g.sensor.loader.arm(a.hook, g.sensor.scope.path)
	state := Hook{Name: a.hook.name(), Class: a.hook.class, Tier: a.hook.tier(), Attached: err == nil}
	if err != nil {
		state.Error = reason + "; not attached again: " + short(err)
	} else {
		message += "; attached again"
		g.replace(a, l)
	}
	if before := g.sensor.setHook(a.at, state); before == state && err != nil {
		return batch // told already
	}
	batch = append(batch, tampering(message))
	return append(batch, statement(a.hook.class, event.CoverageLost, 0, message))
}

// replace takes a new link in the place of the dead one.
func (g *guard) replace(a *armed, l link.Link) {
	for i, old := range g.sensor.links {
		if old == a.link {
			_ = old.Close()
			g.sensor.links[i] = l
		}
	}
	g.take(a, l)
}

// gone says why an attachment is not what it was, "" if it is.
func (a *armed) gone() string {
	info, err := a.link.Info()
	switch {
	case errors.Is(err, ebpf.ErrNotSupported):
		return ""
	case err != nil:
		return "its link was closed: " + err.Error()
	case info.ID != a.id:
		return "its link was replaced"
	case info.Program != a.program:
		return "its program was replaced"
	}
	if cgroup := info.Cgroup(); cgroup != nil && cgroup.CgroupId == 0 {
		return "it was detached"
	}
	return ""
}

// traced tells of a new tracer of any thread of the agent, however it came.
func (g *guard) traced(batch []Record) []Record {
	tracer := tracerOfAny("/proc/self/task")
	if tracer == g.tracer {
		return batch
	}
	g.tracer = tracer
	if tracer == 0 {
		return batch
	}
	return append(batch, tampering("the agent is traced by task "+strconv.Itoa(tracer)))
}

// tracerOfAny reads TracerPid of the threads in a directory, 0 for none.
func tracerOfAny(dir string) int {
	threads, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, thread := range threads {
		if tracer := tracerOf(filepath.Join(dir, thread.Name(), "status")); tracer != 0 {
			return tracer
		}
	}
	return 0
}

// tracerOf reads TracerPid, 0 for none.
func tracerOf(file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte("TracerPid:")); ok {
			pid, _ := strconv.Atoi(string(bytes.TrimSpace(rest)))
			return pid
		}
	}
	return 0
}

// switched tells that programs on functions of the kernel were switched off, as
// long as they are: their links do not show it.
func (g *guard) switched(batch []Record) []Record {
	if g.sensor.tier != tierMediated {
		return batch
	}
	state, err := os.ReadFile(functionSwitch)
	off := err == nil && string(bytes.TrimSpace(state)) == "0"
	if off {
		const message = "programs on functions of the kernel are switched off: kernel.ftrace_enabled is 0"
		if !g.off {
			batch = append(batch, tampering(message))
		}
		for _, class := range mediatedClasses() {
			batch = append(batch, statement(class, event.CoverageLost, 0, message))
		}
	}
	g.off = off
	return batch
}

// functionSwitch is 0 where ftrace, by which programs are on functions, is off.
const functionSwitch = "/proc/sys/kernel/ftrace_enabled"

// everything tells of something that makes no class complete.
func (g *guard) everything(batch []Record, message string) []Record {
	batch = append(batch, tampering(message))
	for _, class := range classes {
		batch = append(batch, statement(class, event.CoverageLost, 0, message))
	}
	return batch
}

func tampering(message string) Record {
	return Record{Kind: event.SensorTamper, Mono: boottime(), Message: message}
}
