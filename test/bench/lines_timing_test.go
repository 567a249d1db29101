package bench

import (
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BenchmarkLine1 is redis' throughput with the agent on, against off.
func BenchmarkLine1(b *testing.B) {
	h := newHost(b)
	port := startRedis(b)
	requests := strconv.Itoa(int(scaled(20*time.Second).Seconds()) * 25_000)
	runs, absent := alternate(b, []condition{h.off(), h.on(), h.audit()}, func() (map[string]float64, error) {
		return redis(port, requests)
	})
	both := func(name string) float64 {
		return 50 * (ratio(runs, name, "off", "SET") + ratio(runs, name, "off", "GET"))
	}
	r := Result{
		Line: 1, Name: "redis SET/GET throughput with the agent", Value: both("agent"), Unit: "% of baseline",
		Target: "≥ 97 %, and above auditd", Peer: peer(both("auditd"), absent), Runs: runs,
	}
	r.Met = r.Value >= 97 && (r.Peer.Absent != "" || r.Value > r.Peer.Value)
	record(b, r)
}

// startRedis runs one without persistence on a port of its own.
func startRedis(b *testing.B) (port string) {
	b.Helper()
	port = "21099"
	d, err := startDaemon("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(d.end)
	if err := eventually("redis does not answer", func() bool { _, err := output("redis-cli", "-p", port, "ping"); return err == nil }); err != nil {
		b.Fatal(err)
	}
	return port
}

// redis measures requests a second.
func redis(port, requests string) (map[string]float64, error) {
	out, err := output("redis-benchmark", "-p", port, "-n", requests, "-c", "50", "-t", "set,get", "--csv")
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("redis-benchmark: %w", err)
	}
	figures := map[string]float64{}
	for _, row := range rows[1:] {
		if figures[row[0]], err = strconv.ParseFloat(row[1], 64); err != nil {
			return nil, fmt.Errorf("redis-benchmark: %w", err)
		}
	}
	return figures, nil
}

// BenchmarkLine2 is what 1,000 executions a second cost the machine more than
// without anybody watching.
func BenchmarkLine2(b *testing.B) {
	h := newHost(b)
	work := load{execs: 1000, files: -1 << 20, workers: 1}
	runs, absent := alternate(b, []condition{h.off(), h.on(), h.audit()}, func() (map[string]float64, error) {
		before, err := busy()
		if err != nil {
			return nil, err
		}
		done, err := work.run(scaled(20 * time.Second))
		if err != nil {
			return nil, err
		}
		after, err := busy()
		return map[string]float64{
			"core": 100 * float64(after-before) / float64(done.took), "execs_per_s": float64(done.execs) / done.took.Seconds(),
		}, err
	})
	off := median(of(runs, "off", "core"))
	audit := median(of(runs, "auditd", "core")) - off
	r := Result{
		Line: 2, Name: "CPU of everything at 1,000 exec/s", Value: median(of(runs, "agent", "core")) - off, Unit: "% of a core",
		Target: "≤ auditd raw", Peer: peer(audit, absent), Runs: runs,
	}
	r.Met = r.Peer.Absent == "" && r.Value <= audit
	record(b, r)
}

// BenchmarkLine3 is how much longer a build takes, with a cold cache.
func BenchmarkLine3(b *testing.B) {
	h := newHost(b)
	runs, _ := alternate(b, []condition{h.off(), h.on()}, func() (map[string]float64, error) {
		cache, err := os.MkdirTemp(b.TempDir(), "cache")
		if err != nil {
			return nil, err
		}
		packages := []string{"net/http"}
		if scaled(time.Minute) < time.Minute {
			packages = []string{"encoding/json"}
		}
		began := time.Now()
		if _, err := output("env", append([]string{"GOCACHE=" + cache, "GOFLAGS=", "go", "build"}, packages...)...); err != nil {
			return nil, err
		}
		return map[string]float64{"seconds": time.Since(began).Seconds()}, os.RemoveAll(cache)
	})
	r := Result{
		Line: 3, Name: "a build with the agent, cold cache", Value: 100 * (ratio(runs, "agent", "off", "seconds") - 1), Unit: "% longer",
		Target: "≤ 2 %", Runs: runs,
	}
	r.Met = r.Value <= 2
	record(b, r)
}

// BenchmarkLine4 counts what is lost while both cores are saturated, and at a
// fixed rate. BenchmarkLine5 is measured in the second.
func BenchmarkLine4(b *testing.B) {
	h := newHost(b)
	full := h.under(load{workers: 2, dir: b.TempDir()})
	record(b, full.result("events lost in a closed loop on both cores"))
	record(b, h.fixed().result("events lost at 1,500 exec/s and 20,000 file operations/s"))
}

// BenchmarkLine5 is the agent's memory under the fixed load of line 4.
func BenchmarkLine5(b *testing.B) {
	run := newHost(b).fixed()
	peak := run.Figures["peak_bytes"] / (1 << 20)
	record(b, Result{
		Line: 5, Name: "agent memory under load 4, at most", Value: peak, Unit: "MiB RSS", Target: "≤ 80 MB",
		Met: run.Figures["peak_bytes"] <= 80e6, Runs: []Run{run.Run},
	})
}

func (h *host) fixed() *loaded {
	return h.under(load{execs: 1500, files: 20_000, workers: 2, dir: h.b.TempDir()})
}

// loaded is a run of the agent under a load.
type loaded struct{ Run }

func (h *host) under(l load) *loaded {
	h.b.Helper()
	agent := h.start()
	done, err := l.run(scaled(time.Minute))
	if err != nil {
		h.b.Fatal(err)
	}
	_, peak, err := resident(agent.pid())
	if err != nil {
		h.b.Fatal(err)
	}
	h.awaitBeat(agent)
	h.gateway.Lock()
	health := h.gateway.Beat
	h.gateway.Unlock()
	agent.end()
	sum := h.sum()
	figures := map[string]float64{
		"offered_execs_per_s": float64(max(l.execs, 0)), "offered_file_operations_per_s": float64(max(l.files, 0)),
		"execs_per_s": float64(done.execs) / done.took.Seconds(), "file_operations_per_s": float64(done.files) / done.took.Seconds(),
		"execs": float64(done.execs), "execs_told": float64(sum.execs), "execs_hashed": float64(sum.hashed), "execs_with_lineage": float64(sum.lineage),
		"events": float64(sum.events), "lost_told": float64(sum.lost), "peak_bytes": float64(peak),
	}
	for _, c := range health.GetClasses() {
		figures["seen_"+c.GetClass()] = float64(c.GetSeen())
		figures["lost_"+c.GetClass()] = float64(c.GetLost())
	}
	return &loaded{Run{Condition: "agent", Figures: figures}}
}

// awaitBeat waits for a heartbeat that knows of the whole load.
func (h *host) awaitBeat(agent *daemon) {
	h.b.Helper()
	beats := h.beats()
	if err := eventually("no heartbeat after the load", func() bool { return h.beats() >= beats+2 }); err != nil {
		h.b.Fatalf("%v\n%s", err, agent.said.String())
	}
}

// result is the line of a loaded run. What the agent did not tell of the
// executions that were made counts as lost too, whatever it says.
func (l *loaded) result(name string) Result {
	f := l.Figures
	missing := max(f["execs"]-f["execs_told"], f["lost_told"], f["lost_process"]+f["lost_file"]+f["lost_network"]+f["lost_dns"], 0)
	fmt.Printf("        %s: %.0f exec/s and %.0f file operations/s achieved, %.0f events\n", name, f["execs_per_s"], f["file_operations_per_s"], f["events"])
	return Result{Line: 4, Name: name, Value: missing, Unit: "events", Target: "0", Met: missing == 0, Runs: []Run{l.Run}}
}
