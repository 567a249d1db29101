package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"baize/internal/agent/gatewaytest"
	"baize/internal/event"
)

const resultsFile = "../../bench/results/latest.json"

// scaled shortens a run by SCALE, for trying out.
func scaled(d time.Duration) time.Duration {
	if scale, err := strconv.ParseFloat(os.Getenv("SCALE"), 64); err == nil && scale > 0 && scale < 1 {
		return max(time.Duration(float64(d)*scale), time.Second)
	}
	return d
}

// rounds is how often the conditions alternate.
func rounds() int {
	if scaled(time.Minute) < time.Minute {
		return 2
	}
	return 5
}

// record prints a result and keeps it. A shortened run is only printed.
func record(b *testing.B, r Result) {
	b.Helper()
	fmt.Println(r.String())
	b.ReportMetric(r.Value, strings.ReplaceAll(r.Unit, " ", "_"))
	b.ReportMetric(0, "ns/op")
	if scaled(time.Minute) < time.Minute {
		return
	}
	if err := save(resultsFile, r); err != nil {
		b.Fatal(err)
	}
}

// host is an enrolled agent whose server is a sink: it acknowledges, and keeps
// what came until it is looked at.
type host struct {
	b       *testing.B
	gateway *gatewaytest.Gateway
	program string
	state   string
}

func newHost(b *testing.B) *host {
	b.Helper()
	if os.Getuid() != 0 {
		b.Skip("needs root: loads BPF programs")
	}
	dir := b.TempDir()
	h := &host{b: b, gateway: gatewaytest.New(b), program: filepath.Join(dir, "baize-agent"), state: filepath.Join(dir, "agent")}
	h.must(output("go", "build", "-trimpath", "-ldflags=-s -w", "-o", h.program, "baize/cmd/baize-agent"))
	h.must(output(h.program, "enrol", "--state", h.state, "--server", h.gateway.Address, "--token", h.gateway.Token()))
	return h
}

func (h *host) must(_ string, err error) {
	h.b.Helper()
	if err != nil {
		h.b.Fatal(err)
	}
}

// start runs the agent and waits until it is connected and armed, and the
// machine has settled.
func (h *host) start() *daemon {
	h.b.Helper()
	h.gateway.Lock()
	before := h.gateway.Beats
	h.gateway.Batches = nil
	h.gateway.Unlock()
	d, err := startDaemon(h.program, "run", "--state", h.state)
	if err != nil {
		h.b.Fatal(err)
	}
	h.b.Cleanup(d.end)
	if err := eventually("no heartbeat", func() bool { return h.beats() > before }); err != nil {
		d.end()
		h.b.Fatalf("%v\n%s", err, d.said.String())
	}
	time.Sleep(settleFor)
	return d
}

// settleFor is how long a condition rests before it is measured.
const settleFor = 2 * time.Second

func (h *host) beats() int {
	h.gateway.Lock()
	defer h.gateway.Unlock()
	return h.gateway.Beats
}

// told is what came of a run of the agent.
type told struct {
	events, execs, hashed, lineage uint64
	// lost are observations counted as missing, by the agent's own statements.
	lost uint64
}

// sum reads what came, after the agent has ended and delivered everything.
func (h *host) sum() told {
	h.b.Helper()
	var out told
	for _, ev := range h.gateway.Events() {
		out.events++
		switch {
		case ev.Coverage != nil && ev.Coverage.Reason != "the agent was stopped":
			out.lost += ev.Coverage.Lost
		case ev.Kind == event.ProcessExec:
			out.execs++
			if ev.Process.Hash != nil && ev.Process.Hash.State == event.HashOK {
				out.hashed++
			}
			if len(ev.Process.Ancestors) > 0 && ev.Process.Context != nil {
				out.lineage++
			}
		}
	}
	return out
}

// condition is one side of a comparison: what is started for it returns how it
// is ended.
type condition struct {
	name  string
	begin func() (end func(), err error)
}

// alternate measures every condition in each round. A condition that cannot be
// had is left out, and why is returned.
func alternate(b *testing.B, conditions []condition, measure func() (map[string]float64, error)) (runs []Run, absent map[string]string) {
	b.Helper()
	absent = map[string]string{}
	for range rounds() {
		for _, c := range conditions {
			if absent[c.name] != "" {
				continue
			}
			end, err := c.begin()
			if err != nil {
				absent[c.name] = err.Error()
				continue
			}
			figures, err := measure()
			end()
			if err != nil {
				b.Fatalf("%s: %v", c.name, err)
			}
			runs = append(runs, Run{Condition: c.name, Figures: figures})
		}
	}
	return runs, absent
}

// off, on and audit are the conditions of lines 1 to 3.
func (h *host) off() condition {
	return condition{"off", func() (func(), error) { time.Sleep(settleFor); return func() {}, nil }}
}

func (h *host) on() condition {
	return condition{"agent", func() (func(), error) { return h.start().end, nil }}
}

func (h *host) audit() condition {
	return condition{"auditd", func() (func(), error) {
		a, err := startAudit(h.b.TempDir())
		if err != nil {
			return nil, err
		}
		h.b.Cleanup(a.stop) // also where the measurement fails
		time.Sleep(settleFor)
		return a.stop, nil
	}}
}

// peer is the figure of auditd, or why there is none.
func peer(value float64, absent map[string]string) *Peer {
	return &Peer{Name: "auditd", Value: value, Absent: absent["auditd"]}
}
