package event

import "time"

// Shift moves all times of the host's clock that an event carries.
func (e *Event) Shift(by time.Duration) {
	e.Time = e.Time.Add(by)
	e.Process.shift(by)
	e.Target.shift(by)
	if c := e.Coverage; c != nil {
		c.From, c.To = c.From.Add(by), c.To.Add(by)
	}
}

func (p *Process) shift(by time.Duration) {
	if p == nil {
		return
	}
	if !p.Start.IsZero() {
		p.Start = p.Start.Add(by)
	}
	p.Parent.shift(by)
	for i := range p.Ancestors {
		p.Ancestors[i].shift(by)
	}
}
