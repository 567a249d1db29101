package enrich

import (
	"time"

	"baize/internal/agent/sensor"
	"baize/internal/agent/traffic"
	"baize/internal/event"
	"baize/internal/lru"
)

const (
	// meterEvery is how often the open connections that matter are read.
	meterEvery = 2 * time.Second
	// tellEvery and tellBytes are when network.bytes is due.
	tellEvery = 10 * time.Second
	tellBytes = 1 << 20
	// maxFlows bounds the connections that are read; one more is told at close
	// alone.
	maxFlows = 1024
	// maxBrought bounds the files remembered as brought in; at the limit the one
	// brought or executed longest ago is forgotten.
	maxBrought = 16384
)

// flows are the open connections of whoever may be an intruder: what they carry
// must be known before they close. The host does not know what the server has
// found out, so it goes by where a process comes from.
type flows struct {
	open map[uint64]*flow // by cookie
	// asked says that the meter owes an answer; idle that it knows of none.
	asked, idle bool
	last        time.Time
	// brought are files that were written, executable or where anybody may write,
	// since the agent watches.
	brought *lru.Map[event.FileKey, struct{}]
}

// flow is one of them.
type flow struct {
	traffic.Flow
	process *process
	// event is what network.bytes begins with.
	event event.Event
	// out and in were told last, at told.
	out, in uint64
	told    time.Time
}

func newFlows() flows {
	return flows{open: map[uint64]*flow{}, brought: lru.New[event.FileKey, struct{}](maxBrought)}
}

// bring remembers a file that was written.
func (f *flows) bring(key event.FileKey) {
	if !key.IsZero() {
		f.brought.Put(key, struct{}{}, 0)
	}
}

// suspect reports whether the connections of p are followed.
func (e *Enricher) suspect(p *process) bool {
	exe := &p.image.exe
	return p.context != nil && p.context.Kind == event.ContextWebShell || exe.Memfd || exe.Deleted || exe.Tmpfs ||
		e.flows.brought.Get(exe.Inode, 0) != nil
}

// follow takes a connection that opens or closes.
func (e *Enricher) follow(p *process, rec *sensor.Record) {
	s := rec.Socket
	switch {
	case s.Transport != "tcp" || s.Cookie == 0:
	case rec.Kind == event.NetworkClose:
		delete(e.flows.open, s.Cookie)
	case rec.Kind == event.NetworkListen, rec.Result != 0, p.agent, len(e.flows.open) >= maxFlows, !e.suspect(p):
	default:
		f := &flow{
			Flow:    traffic.Flow{Cookie: s.Cookie, NetNS: s.NetNS, Local: s.Local, Remote: s.Remote},
			process: p, told: e.Wall(rec.Mono),
		}
		f.event.Kind, f.event.Network = event.NetworkBytes, networkOf(s)
		f.event.Source, f.event.Destination = ends(rec)
		e.flows.open[s.Cookie] = f
	}
}

// meter asks about the open connections when it is time.
func (e *Enricher) meter(now time.Time) {
	f := &e.flows
	if f.asked || now.Sub(f.last) < meterEvery || f.idle && len(f.open) == 0 {
		return
	}
	// Without any it is asked once more, so that it lets go of their namespaces.
	question := make([]traffic.Flow, 0, len(f.open))
	for _, open := range f.open {
		ask := open.Flow
		ask.PIDs = append(open.process.place.others(open.process.id.PID, open.process.parent), open.process.id.PID)
		question = append(question, ask)
	}
	f.asked = e.config.Meter.Submit(question)
	f.last, f.idle = now, len(question) == 0
}

// Metered takes the answer of the meter.
func (e *Enricher) Metered(now time.Time, readings []traffic.Reading) {
	e.flows.asked = false
	at := e.now()
	for _, r := range readings {
		f := e.flows.open[r.Cookie]
		switch {
		case f == nil: // closed meanwhile
		case r.Gone: // its close was lost, or is on its way
			delete(e.flows.open, r.Cookie)
		case f.due(at, r):
			f.out, f.in, f.told = r.Out, r.In, at
			ev := f.event
			network := *f.event.Network
			network.BytesOut, network.BytesIn = r.Out, r.In
			ev.Time, ev.Process, ev.Network = at, e.short(f.process), &network
			e.queue(now, &ev, nil, f.process.place.box)
		}
	}
}

// due reports whether a reading is to be told: enough was carried since the
// last, or anything for long enough.
func (f *flow) due(at time.Time, r traffic.Reading) bool {
	more := r.Out + r.In - f.out - f.in
	return more >= tellBytes || more > 0 && at.Sub(f.told) >= tellEvery
}
