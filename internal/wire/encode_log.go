package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"baize/internal/event"
)

func (e *encoder) log(n protowire.Number, l *event.Log) {
	if l == nil {
		return
	}
	start := e.open(n)
	e.text(1, l.Source)
	if l.File != nil {
		e.presentText(2, l.File.Path)
	}
	e.text(3, l.Service)
	e.syslog(4, l.Syslog)
	e.text(5, l.Unit)
	e.sender(6, l.Sender)
	e.flag(7, l.Truncated)
	if len(l.Fields) > event.MaxLogFields {
		e.fail(8, "%d fields, at most %d", len(l.Fields), event.MaxLogFields)
	}
	e.pairs(8, l.Fields)
	e.close(start)
}

func (e *encoder) syslog(n protowire.Number, s *event.Syslog) {
	if s == nil {
		return
	}
	start := e.open(n)
	e.text(1, s.AppName)
	e.text(2, s.ProcID)
	e.text(3, s.Hostname)
	if s.Facility != nil {
		e.presentText(4, s.Facility.Name)
	}
	if s.Severity != nil {
		e.presentText(5, s.Severity.Name)
	}
	e.close(start)
}

func (e *encoder) sender(n protowire.Number, s *event.Sender) {
	if s == nil {
		return
	}
	start := e.open(n)
	e.uint(1, uint64(s.PID))
	e.user(2, s.User)
	e.text(3, s.Executable)
	e.close(start)
}

func (e *encoder) access(n protowire.Number, a *event.Access) {
	if a == nil {
		return
	}
	start := e.open(n)
	e.text(1, a.Outcome)
	e.text(2, a.Service)
	e.text(3, a.Method)
	e.account(4, a.User)
	e.flag(5, a.UnknownUser)
	e.account(6, a.By)
	e.text(7, a.Fingerprint)
	e.text(8, a.TTY)
	e.text(9, a.Session)
	e.text(10, a.Command)
	e.text(11, a.WorkingDirectory)
	e.text(12, a.Reason)
	e.text(13, a.Domain)
	e.close(start)
}

func (e *encoder) change(n protowire.Number, a *event.AccountChange) {
	if a == nil {
		return
	}
	start := e.open(n)
	e.text(1, a.Action)
	e.account(2, a.Account)
	e.account(3, a.Group)
	e.text(4, a.Home)
	e.text(5, a.Shell)
	e.account(6, a.By)
	e.close(start)
}

func (e *encoder) account(n protowire.Number, a *event.Account) {
	if a == nil {
		return
	}
	start := e.open(n)
	e.text(1, a.Name)
	if a.ID != nil {
		e.present(2, uint64(*a.ID))
	}
	e.close(start)
}

// web writes the parts of a request together.
func (e *encoder) web(n protowire.Number, ev *event.Event) {
	if ev.HTTP == nil && ev.URL == nil && ev.UserAgent == nil {
		return
	}
	start := e.open(n)
	e.http(1, ev.HTTP)
	e.url(2, ev.URL)
	if ev.UserAgent != nil {
		e.presentText(3, ev.UserAgent.Original)
	}
	e.close(start)
}

func (e *encoder) http(n protowire.Number, h *event.HTTP) {
	if h == nil {
		return
	}
	start := e.open(n)
	e.text(1, h.Request.Method)
	e.text(2, h.Request.Referrer)
	e.text(3, h.Request.User)
	e.uint(4, uint64(h.Response.StatusCode))
	e.uint(5, h.Response.Body.Bytes)
	e.text(6, h.Version)
	e.close(start)
}

func (e *encoder) url(n protowire.Number, u *event.URL) {
	if u == nil {
		return
	}
	start := e.open(n)
	e.text(1, u.Original)
	e.text(2, u.Path)
	e.text(3, u.Query)
	e.text(4, u.Domain)
	e.close(start)
}
