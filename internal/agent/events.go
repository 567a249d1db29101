package agent

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"baize/internal/agent/logs"
	"baize/internal/event"
	"baize/internal/event/eventio"
)

// Events prints what this host does as NDJSON, without server or state, until
// the context ends. logsFile says which logs are read, in the form of a state's; "" is
// what is usual, and nothing where a scope is given.
func Events(ctx context.Context, scope, logsFile string, out io.Writer, log *slog.Logger) error {
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	redactor, err := ownRedactor()
	if err != nil {
		return err
	}
	o, err := observe(event.Host{ID: name, Name: name}, "", scope, ownership{redactor: redactor}, log)
	if err != nil {
		return err
	}
	defer o.sensor.Close()
	config := logs.Config{}
	switch {
	case logsFile != "":
		if config, err = logs.Read(logsFile); err != nil {
			return err
		}
	case scope != "":
		config = logs.Silent()
	}
	o.readLogs(config, logs.NewCursor(), true)
	now := time.Now()
	o.enricher.Begin(now)
	o.enricher.Mark(now, &event.Event{Time: now.UTC(), Kind: event.SensorStart})
	printer := &printer{out: eventio.NewWriter(out)}
	if err := o.run(ctx, time.Time{}, printer); err != nil {
		return err
	}
	return printer.err
}

// printer numbers events and writes them.
type printer struct {
	out *eventio.Writer
	seq uint64
	err error
}

func (p *printer) take(_ time.Time, ev *event.Event) {
	p.seq++
	ev.Seq = p.seq
	if p.err == nil {
		p.err = p.out.Write(ev)
	}
}

func (p *printer) ready(time.Time) {
	if p.err == nil {
		p.err = p.out.Flush()
	}
}

func (p *printer) wake() time.Time { return time.Time{} }
