package app

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"baize/internal/engine/enginetest"
	"baize/internal/event"
	"baize/internal/event/eventio"
	"baize/internal/server/api"
	"baize/internal/server/bus"
	"baize/internal/server/state"
	"baize/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 60 * time.Second

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func configIn(home string) Config {
	return Config{
		Home: home, HTTP: "127.0.0.1:0", GRPC: "127.0.0.1:0", MaxSessions: 10, Version: "test",
		Retention: Retention{LogAge: time.Hour, LogBytes: 256 << 20, Audit: time.Hour, BlobBytes: 1 << 20, EvidenceBytes: 1 << 20},
		Logger:    slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// run opens and runs a server in home; stop ends it as a signal would.
func run(t *testing.T, home string) (s *Server, stop func()) {
	t.Helper()
	s, err := Open(t.Context(), configIn(home))
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- errors.Join(s.Run(ctx), s.Close()) }()
	stop = func() { cancel(); must(t, <-done) }
	eventually(t, "the local socket", func() bool {
		conn, err := new(net.Dialer).DialContext(t.Context(), "unix", filepath.Join(home, "server", "api.sock"))
		return err == nil && conn.Close() == nil
	})
	return s, stop
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// read reads a path of the API whole.
func read(t *testing.T, home, path string) string {
	t.Helper()
	response := get(t, home, path)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(t, err)
	return string(body)
}

// get asks for a path of the API as the local operator; it must answer 200.
func get(t *testing.T, home, path string) *http.Response {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(home, "server", "api.sock"))
	}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://local"+path, nil)
	must(t, err)
	response, err := (&http.Client{Transport: transport}).Do(request)
	must(t, err)
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		t.Fatalf("%s: %s", path, response.Status)
	}
	return response
}

// intrude puts the telemetry of an intrusion into the log, as the gateway does.
func intrude(t *testing.T, s *Server) {
	t.Helper()
	world, events := enginetest.Record()
	host := world.Host("h1")
	enginetest.First.Round(host.Service("shop", "/usr/bin/java", "-jar", "/opt/shop.jar"))
	publish(t, s, *events)
}

func publish(t *testing.T, s *Server, events []*event.Event) {
	t.Helper()
	for i, e := range events { // this host's clock is right
		e.Time = time.Now().Add(time.Duration(i-len(events)) * time.Millisecond)
	}
	body, err := wire.Pack(events)
	must(t, err)
	first, last := events[0], events[len(events)-1]
	_, err = s.stores.bus.Publish(t.Context(), bus.Batch{Origin: wire.Of(first), First: first.Seq, Last: last.Seq, Received: time.Now(), Body: body}, 0)
	must(t, err)
}

// From the log through the engine and the state to a listener of the stream,
// and the same after a restart; the export is what the engine read.
// settled is by how many ticks of the log nothing changes any more: what is known
// of an intrusion is told once a second.
const settled = 4

func TestTelemetryBecomesAnIncident(t *testing.T) {
	home := t.TempDir()
	s, stop := run(t, home)
	stream := get(t, home, "/api/v1/stream")
	defer stream.Body.Close()
	intrude(t, s)
	seen := make([]byte, 0, 1<<20)
	buffer := make([]byte, 64<<10)
	for !strings.Contains(string(seen), "event: incident\n") {
		n, err := stream.Body.Read(buffer)
		must(t, err)
		seen = append(seen, buffer[:n]...)
	}
	stream.Body.Close()
	var before string
	eventually(t, "one incident with several alerts", func() bool {
		before = read(t, home, "/api/v1/incidents")
		return strings.Count(before, `"opened"`) == 1 && strings.Count(read(t, home, "/api/v1/export"), `"engine.tick"`) >= settled && strings.Contains(read(t, home, "/api/v1/status"), `"lag":0`)
	})
	stop()

	s, stop = run(t, home)
	defer stop()
	eventually(t, "the engine is at the end of the log again", func() bool {
		return strings.Contains(read(t, home, "/api/v1/status"), `"lag":0`)
	})
	if after := read(t, home, "/api/v1/incidents"); after != before {
		t.Errorf("after a restart\n%s\nbefore\n%s", after, before)
	}
	checkExport(t, home)
	checkAround(t, home, s)
}

// checkAround reads the raw events around one of the log: those of its host, in
// order, with what was before and after.
func checkAround(t *testing.T, home string, s *Server) {
	t.Helper()
	must(t, enrol(t, s, "h1"))
	var near api.NearbyEvents
	must(t, json.Unmarshal([]byte(read(t, home, "/api/v1/hosts/h1/events?around=5&boot=boot-h1&before=2&after=3")), &near))
	if len(near.Items) != 5 || near.At != 2 || near.Items[2].Seq != 5 || near.Items[0].Seq != 3 || near.Items[2].Host.ID != "h1" || !near.Earlier {
		t.Errorf("around an event: %+v", near)
	}
}

// checkExport reads the export and checks that it is the log: in order, with
// the intrusion and the rules in force.
func checkExport(t *testing.T, home string) {
	t.Helper()
	var bus uint64
	kinds := map[event.Kind]int{}
	export := get(t, home, "/api/v1/export")
	defer export.Body.Close()
	reader, err := eventio.NewReader(export.Body)
	must(t, err)
	for {
		e, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		if e.Ingest == nil || e.Ingest.Bus <= bus {
			t.Fatalf("event out of order: %+v", e.Ingest)
		}
		bus = e.Ingest.Bus
		kinds[e.Kind]++
	}
	if kinds[event.ProcessExec] == 0 || kinds[event.EngineRules] == 0 || kinds[event.EngineTick] == 0 {
		t.Errorf("the export has %v", kinds)
	}
}

func TestFirstStartMakesTheFirstUser(t *testing.T) {
	home := t.TempDir()
	s, stop := run(t, home)
	w := s.Welcome()
	if w.User != "admin" || len(w.Password) != 23 || w.PasswordSet || !strings.HasPrefix(w.URL, "https://127.0.0.1:") {
		t.Errorf("welcome %+v", w)
	}
	digest := s.stores.authority.Digest()
	if w.Pin != hex.EncodeToString(digest[:]) {
		t.Errorf("pin %s", w.Pin)
	}
	stop()
	s, stop = run(t, home)
	defer stop()
	if again := s.Welcome(); again.Password != "" || again.Pin != w.Pin {
		t.Errorf("second welcome %+v", again)
	}
}

func TestSecondServerIsKeptOut(t *testing.T) {
	home := t.TempDir()
	_, stop := run(t, home)
	defer stop()
	if _, err := Open(t.Context(), configIn(home)); !errors.Is(err, ErrPrerequisite) || !strings.Contains(err.Error(), "another server runs") {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	for name, change := range map[string]func(*Config){
		"BAIZE_HTTP":    func(c *Config) { c.HTTP = taken.Addr().String() },
		"BAIZE_GRPC":    func(c *Config) { c.GRPC = taken.Addr().String() },
		"HOST:PORT":     func(c *Config) { c.HTTP = "8443" },
		"max-hosts":     func(c *Config) { c.MaxSessions = 0 },
		"retention":     func(c *Config) { c.Retention.LogBytes = 0 },
		"not a directo": func(c *Config) { c.Home = "/dev/null" },
	} {
		config := configIn(t.TempDir())
		change(&config)
		if _, err := Open(t.Context(), config); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := RefuseRoot(0); !errors.Is(err, ErrPrerequisite) {
		t.Errorf("root: %v", err)
	}
	must(t, RefuseRoot(1000))
}

// The log of a new server begins with the rules, before any host is heard of,
// and those in the state directory are a pack.
func TestTheLogBeginsWithTheRules(t *testing.T) {
	home := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(home, "rules", "local"), 0o700))
	must(t, os.WriteFile(filepath.Join(home, "rules", "local", "a.yml"), []byte("title: A\nlevel: low\nlogsource: {product: linux}\ndetection: {s: {Image: /bin/a}, condition: s}\n"), 0o600))
	s, err := Open(t.Context(), configIn(home))
	must(t, err)
	defer s.Close()
	var kinds []event.Kind
	must(t, engineLog{s.stores.bus, s.parts.policy.Before}.Read(t.Context(), func(ev *event.Event) error {
		kinds = append(kinds, ev.Kind)
		return nil
	}))
	if len(kinds) < 30 || kinds[0] != event.EngineRuleFile || kinds[len(kinds)-1] != event.EngineExceptions && kinds[len(kinds)-1] != event.EngineRules {
		t.Errorf("the log is %v", kinds)
	}
	if pack, err := s.parts.policy.Pack("local"); err != nil || pack.Report.Rules != 1 || pack.Source != "directory" {
		t.Errorf("%+v, %v", pack, err)
	}
}

func TestHostsComePageByPage(t *testing.T) {
	s, err := Open(t.Context(), configIn(t.TempDir()))
	must(t, err)
	defer s.Close()
	f := &fleet{state: s.stores.state, gateway: s.parts.gateway}
	for i := range 5 {
		id := fmt.Sprintf("h%d", 4-i)
		must(t, enrol(t, s, id))
	}
	var got []string
	for after := ""; ; {
		page, err := f.Hosts(t.Context(), after, 2)
		must(t, err)
		for _, h := range page {
			got = append(got, h.ID)
		}
		if len(page) < 2 {
			break
		}
		after = page[1].ID
	}
	if strings.Join(got, " ") != "h0 h1 h2 h3 h4" {
		t.Errorf("hosts %v", got)
	}
	if _, err := f.Host(t.Context(), "nix"); !errors.Is(err, state.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func enrol(t *testing.T, s *Server, id string) error {
	t.Helper()
	now := time.Now()
	must(t, s.stores.state.AddEnrolToken(t.Context(), state.EnrolToken{Hash: id, Org: "default", UsesLeft: 1, Expires: now.Add(time.Hour), Created: now}))
	_, err := s.stores.state.Enrol(t.Context(), id, state.Host{ID: id, MachineID: id, Name: id}, now, func(h state.Host) (state.Certificate, error) {
		return state.Certificate{Serial: id, Host: h.ID, NotAfter: now.Add(time.Hour)}, nil
	})
	return err
}
