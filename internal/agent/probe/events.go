package probe

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"baize/internal/event"
	probev1 "baize/proto/baize/probe/v1"
)

// Bounds of what a probe can say in one event, in bytes or counts.
const (
	maxFrames    = 256
	maxOrigins   = 256
	maxArguments = 256
	maxValue     = 4096
	maxName      = 512
	maxEvidence  = 16
	// maxPerSecond bounds the events of one probe; probes have a budget of
	// their own, of 200 where nobody says otherwise.
	maxPerSecond = 500
	// maxAhead is how far a probe's clock may be from the agent's: it is the
	// same clock.
	maxAhead = time.Minute
)

// flow counts the events of a second.
type flow struct {
	second int64
	events int
	over   uint64
}

// pass says whether one more may go, and how many could not before it.
func (f *flow) pass(now time.Time) (passes bool, over uint64) {
	if second := now.Unix(); second != f.second {
		over = f.over
		*f = flow{second: second}
	}
	if f.events >= maxPerSecond {
		f.over++
		return false, 0
	}
	f.events++
	return true, over
}

// report sends an event about the process.
func (i *instance) report(ev *event.Event) {
	i.mu.Lock()
	ev.Probe.ID, ev.Probe.Runtime, ev.Probe.Version = i.nonce, i.facts.Runtime, i.facts.Version
	i.mu.Unlock()
	i.manager.report(i.process.PID, i.process.Start, ev)
}

// admit says whether an event is within the rate.
func (i *instance) admit() bool {
	i.mu.Lock()
	passes, over := i.flow.pass(i.manager.options.Now())
	i.mu.Unlock()
	if over > 0 {
		i.say(strconv.FormatUint(over, 10) + " events beyond " + strconv.Itoa(maxPerSecond) + " a second were passed over")
	}
	return passes
}

// called takes an act of the application, or of the self-test.
func (i *instance) called(c *probev1.Event) {
	if c.GetVerifyNonce() != "" {
		i.mu.Lock()
		if c.GetVerifyNonce() == i.verify && len(i.seen) < maxHooks {
			i.seen[c.GetHook()] = true
		}
		i.mu.Unlock()
		return
	}
	if !i.admit() {
		return
	}
	now := i.manager.options.Now()
	ev := &event.Event{
		Kind: event.ProbeCall, Time: plausible(c.GetWallNs(), now), Stack: stackOf(c.GetStack()),
		Probe: &event.Probe{
			Hook: cut(c.GetHook(), 64), Point: cut(c.GetPoint(), maxName), Number: c.GetId(), Overflow: c.GetOverflow(),
			Arguments: argumentsOf(c.GetArguments()),
			Thread:    &event.Thread{ID: uint32(max(c.GetThread(), 0)), Name: cut(c.GetThreadName(), maxName), Virtual: c.GetVirtualThread()},
		},
	}
	for _, b := range head(c.GetBreadcrumbs(), maxArguments) {
		ev.Probe.Breadcrumbs = append(ev.Probe.Breadcrumbs, event.ProbeArgument{Name: cut(b.GetHook(), 64), Value: cut(b.GetValue(), maxValue)})
	}
	about(ev)
	i.report(ev)
}

// plausible is the time that a probe gives, if it can be.
func plausible(wall int64, now time.Time) time.Time {
	at := time.Unix(0, wall)
	if d := now.Sub(at); d > maxAhead || d < -maxAhead {
		return now
	}
	return at
}

func head[T any](list []T, most int) []T { return list[:min(len(list), most)] }

func argumentsOf(list []*probev1.Argument) []event.ProbeArgument {
	var out []event.ProbeArgument
	for _, a := range head(list, maxArguments) {
		out = append(out, event.ProbeArgument{Name: cut(a.GetName(), 64), Value: cut(a.GetValue(), maxValue)})
	}
	return out
}

// repeated takes how often acts came again.
func (i *instance) repeated(c *probev1.Counters) {
	for _, counter := range c.GetCounters() {
		if count := counter.GetCount() + counter.GetWithoutStack(); count > 0 && i.admit() {
			i.report(&event.Event{Kind: event.ProbeRepeat, Count: count, Probe: &event.Probe{Number: counter.GetEvent()}})
		}
	}
	for _, o := range head(c.GetOverflows(), maxHooks) {
		i.say("the probe lost " + strconv.FormatUint(o.GetActs(), 10) + " acts of " + cut(o.GetHook(), 64) + ": its table was full")
	}
}

func stackOf(s *probev1.Stack) *event.Stack {
	if s == nil {
		return nil
	}
	out := &event.Stack{
		Hash: cut(s.GetHash(), 64), BusinessHash: cut(s.GetBusinessHash(), 64), Frames: []event.Frame{},
		Dropped: s.GetDropped() + uint32(max(len(s.GetFrames())-maxFrames, 0)),
	}
	for _, f := range head(s.GetFrames(), maxFrames) {
		out.Frames = append(out.Frames, event.Frame{
			Class: cut(f.GetClass(), maxName), Method: cut(f.GetMethod(), maxName), Descriptor: cut(f.GetMethodDescriptor(), maxName), File: cut(f.GetFile(), maxName),
			Line: int(f.GetLine()), Origin: f.GetOrigin(), Business: f.GetBusiness(),
		})
	}
	for _, o := range head(s.GetOrigins(), maxOrigins) {
		out.Origins = append(out.Origins, originOf(o))
	}
	return out
}

func originOf(o *probev1.Origin) event.Origin {
	out := event.Origin{
		Kind: enum(o.GetKind().String(), "ORIGIN_KIND_"), Source: cut(o.GetSource(), maxName), Loader: cut(o.GetLoader(), maxName),
	}
	if o.GetResource() != probev1.ResourceState_RESOURCE_STATE_UNSPECIFIED {
		out.Resource = enum(o.GetResource().String(), "RESOURCE_STATE_")
	}
	for _, line := range head(o.GetEvidence(), maxEvidence) {
		out.Evidence = append(out.Evidence, cut(line, maxName))
	}
	return out
}

func enum(name, prefix string) string { return strings.ToLower(strings.TrimPrefix(name, prefix)) }

// access translates the modes of file.open.
var access = map[string]string{"r": "read", "w": "write", "rw": "read_write"}

// about says in the event's own fields what an act was about, so that it is
// found as the kernel's events of the same act are.
func about(ev *event.Event) {
	a := map[string]string{}
	for _, argument := range ev.Probe.Arguments {
		if _, known := a[argument.Name]; !known {
			a[argument.Name] = argument.Value
		}
	}
	switch hook := ev.Probe.Hook; {
	case strings.HasPrefix(hook, "file.") && a["path"] != "":
		ev.File = &event.File{Path: a["path"], Access: access[a["mode"]]}
		if a["target"] != "" {
			ev.File.Target = &event.File{Path: a["target"]}
		}
	case hook == "network.connect", hook == "network.send":
		ev.Destination, ev.Network = endpoint(a), &event.Network{Transport: a["protocol"], Initiated: true}
	case hook == "network.bind":
		ev.Source, ev.Network = endpoint(a), &event.Network{Transport: a["protocol"]}
	case hook == "dns.resolve":
		ev.DNS = &event.DNS{Question: event.DNSQuestion{Name: a["host"]}}
	case hook == "http.request" && a["url"] != "":
		ev.URL = &event.URL{Original: a["url"]}
		if u, err := url.Parse(a["url"]); err == nil {
			ev.URL.Domain, ev.URL.Path, ev.URL.Query = u.Hostname(), u.Path, u.RawQuery
		}
	}
}

// endpoint is nil where the address is none, as of unix sockets.
func endpoint(a map[string]string) *event.Endpoint {
	address, err := netip.ParseAddr(strings.TrimPrefix(a["address"], "/"))
	if err != nil {
		return nil
	}
	port, err := strconv.ParseUint(a["port"], 10, 16)
	if err != nil {
		port = 0
	}
	return &event.Endpoint{IP: address.Unmap().WithZone(""), Port: uint16(port)}
}
