package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"baize/internal/event"
)

// The field numbers here and in decode_*.go are those of event.proto; the
// tests hold both against the generated messages and against package event.

func (e *encoder) event(ev *event.Event) {
	e.uint(1, ev.Seq)
	e.time(2, ev.Time)
	e.text(3, string(ev.Kind))
	e.process(4, ev.Process)
	e.process(5, ev.Target)
	e.file(6, ev.File)
	e.endpoint(7, ev.Source)
	e.endpoint(8, ev.Destination)
	e.network(9, ev.Network)
	e.dns(10, ev.DNS)
	e.container(11, ev.Container)
	e.coverage(12, ev.Coverage)
	e.action(13, ev.Action)
	if ev.Result != nil {
		e.present(14, uint64(int64(*ev.Result)))
	}
	e.uint(15, ev.Count)
	e.text(16, ev.Message)
	e.log(30, ev.Log)
	e.access(31, ev.Access)
	e.change(32, ev.Change)
	e.web(33, ev)
	e.operation(40, ev.Operation)
	e.text(41, ev.Via)
	e.probe(50, ev.Probe)
	e.stack(51, ev.Stack)
}

func (e *encoder) file(n protowire.Number, f *event.File) {
	if f == nil {
		return
	}
	start := e.open(n)
	defer e.close(start)
	if e.err != nil {
		return
	}
	e.text(1, f.Path)
	e.fileKey(2, f.Inode)
	e.uint(3, f.Size)
	e.text(4, f.Mode)
	e.text(5, f.Mount)
	e.hash(6, f.Hash)
	e.flag(7, f.FromUser)
	e.file(8, f.Target)
	e.text(9, f.Change)
	e.text(10, f.Attribute)

	e.text(11, f.Sensitive)
	e.text(12, f.Type)
	e.text(13, f.Access)
	e.text(14, f.Origin)
	e.diff(15, f.Diff)
}

func (e *encoder) diff(n protowire.Number, d *event.Diff) {
	if d == nil {
		return
	}
	start := e.open(n)
	e.text(1, d.State)
	for _, line := range d.Added {
		e.presentText(2, line)
	}
	for _, line := range d.Removed {
		e.presentText(3, line)
	}
	e.flag(4, d.Truncated)
	e.close(start)
}

func (e *encoder) hash(n protowire.Number, h *event.Hash) {
	if h == nil {
		return
	}
	start := e.open(n)
	e.digest(1, h.SHA256)
	e.text(2, h.State)
	e.close(start)
}

func (e *encoder) endpoint(n protowire.Number, p *event.Endpoint) {
	if p == nil {
		return
	}
	start := e.open(n)
	e.addr(1, p.IP)
	e.uint(2, uint64(p.Port))
	e.close(start)
}

func (e *encoder) network(n protowire.Number, w *event.Network) {
	if w == nil {
		return
	}
	start := e.open(n)
	e.text(1, w.Transport)
	e.uint(2, w.Cookie)
	e.uint(3, w.NetNS)
	e.uint(4, w.BytesOut)
	e.uint(5, w.BytesIn)
	e.flag(6, w.Initiated)
	e.close(start)
}

func (e *encoder) dns(n protowire.Number, d *event.DNS) {
	if d == nil {
		return
	}
	start := e.open(n)
	e.text(1, d.Question.Name)
	e.text(2, d.Question.Type)
	for _, answer := range d.Answers {
		e.presentText(3, answer)
	}
	e.int32(4, d.Rcode)
	e.close(start)
}

func (e *encoder) container(n protowire.Number, c *event.Container) {
	if c == nil {
		return
	}
	start := e.open(n)
	e.text(1, c.State)
	e.text(2, c.ID)
	e.text(3, c.Name)
	e.text(4, c.Runtime)
	if c.Image != nil {
		e.text(5, c.Image.Name)
		e.text(6, c.Image.Digest)
	}
	if c.Pod != nil {
		e.text(7, c.Pod.Name)
		e.text(8, c.Pod.Namespace)
		e.text(9, c.Pod.UID)
	}
	e.pairs(10, c.Labels)
	e.close(start)
}

func (e *encoder) coverage(n protowire.Number, c *event.Coverage) {
	if c == nil {
		return
	}
	start := e.open(n)
	e.text(1, string(c.Class))
	e.time(2, c.From)
	e.time(3, c.To)
	e.text(4, c.State)
	e.uint(5, c.Lost)
	e.text(6, c.Reason)
	e.uint(7, c.Coalesced)
	e.uint(8, c.Filtered)
	e.uint(9, c.Throttled)
	e.close(start)
}

func (e *encoder) action(n protowire.Number, a *event.Action) {
	if a == nil {
		return
	}
	start := e.open(n)
	e.text(1, a.ID)
	e.text(2, a.Name)
	e.text(3, a.State)
	e.text(4, a.Detail)
	e.close(start)
}
