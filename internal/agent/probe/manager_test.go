package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"baize/internal/agent/probe/hotspot"
	"baize/internal/agent/probe/jvmtest"
	"baize/internal/agent/probe/target"
	"baize/internal/event"
	"baize/internal/response"
	probev1 "baize/proto/baize/probe/v1"
)

func TestMain(m *testing.M) {
	code := m.Run()
	jvmtest.Clean()
	if err := goleak.Find(); err != nil && code == 0 {
		slog.Error("goroutines are left", "error", err)
		code = 1
	}
	os.Exit(code)
}

const nobody = 65534

// world is a manager with what it reported, by a clock of its own.
type world struct {
	*Manager
	t   *testing.T
	dir string

	mu     sync.Mutex
	events []*event.Event
	now    time.Time
}

func newWorld(t *testing.T, dir string) *world {
	t.Helper()
	w := &world{t: t, dir: dir, now: time.Now()}
	w.Manager = Open(Options{
		Dir: dir, Host: "h1", Boot: "b1", Runtimes: []target.Runtime{hotspot.Runtime{}},
		Files:  map[string]string{hotspot.Name: jvmtest.Classes(t) + "/relay.jar"},
		Report: func(ev *event.Event) { w.mu.Lock(); defer w.mu.Unlock(); w.events = append(w.events, ev) },
		Now:    func() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }, Log: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(func() {
		for _, i := range w.all() {
			i.end(response.ProbeDetached, nil) // takes its files away
		}
		w.Close()
	})
	return w
}

func (w *world) advance(d time.Duration) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
	return w.now
}

// states are those that were reported, in order.
func (w *world) states() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []string
	for _, ev := range w.events {
		if ev.Kind == event.ProbeState && (len(list) == 0 || list[len(list)-1] != ev.Probe.State) {
			list = append(list, ev.Probe.State)
		}
	}
	return list
}

// await waits for an event.
func (w *world) await(what string, is func(*event.Event) bool) *event.Event {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		w.mu.Lock()
		at := slices.IndexFunc(w.events, is)
		w.mu.Unlock()
		if at >= 0 {
			return w.events[at]
		}
	}
	w.t.Fatalf("no %s; states %v", what, w.states())
	return nil
}

func (w *world) said(text string) *event.Event {
	w.t.Helper()
	return w.await("message "+text, func(ev *event.Event) bool { return strings.Contains(ev.Message, text) })
}

// stage is where the test speaks as the probe, from within the VM.
type stage struct {
	t        *testing.T
	listener net.Listener
}

func newStage(t *testing.T) *stage {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return &stage{t, listener}
}

// flag tells the VM's relay where the test is.
func (s *stage) flag() string {
	return "-Drelay.port=" + strconv.Itoa(s.listener.Addr().(*net.TCPAddr).Port)
}

// part is one connection of the probe.
type part struct {
	t    *testing.T
	conn net.Conn
}

// enter is the next connection that the relay makes.
func (s *stage) enter() *part {
	s.t.Helper()
	_ = s.listener.(*net.TCPListener).SetDeadline(time.Now().Add(20 * time.Second))
	conn, err := s.listener.Accept()
	if err != nil {
		s.t.Error(err)
		return nil
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return &part{s.t, conn}
}

func (p *part) say(frames ...*probev1.FromProbe) {
	for _, frame := range frames {
		body, err := proto.Marshal(frame)
		if err != nil {
			p.t.Error(err)
		}
		p.raw(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...))
	}
}

func (p *part) raw(b []byte) {
	if _, err := p.conn.Write(b); err != nil {
		p.t.Error(err)
	}
}

// hear is the next frame of the agent, nil at the end.
func (p *part) hear() *probev1.ToProbe {
	_ = p.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	var size [4]byte
	if _, err := io.ReadFull(p.conn, size[:]); err != nil {
		return nil
	}
	body := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(p.conn, body); err != nil {
		return nil
	}
	frame := &probev1.ToProbe{}
	if err := proto.Unmarshal(body, frame); err != nil {
		p.t.Error(err)
	}
	return frame
}

// token is what the agent gave the probe.
func token(t *testing.T, jvm *jvmtest.JVM) string {
	t.Helper()
	jvm.Await(t, "relay ")
	_, rest, _ := strings.Cut(jvm.Output(), "token=")
	text, _, _ := strings.Cut(rest, ",")
	return text
}

func hello(token string) *probev1.FromProbe {
	return &probev1.FromProbe{Frame: &probev1.FromProbe_Hello{Hello: &probev1.Hello{Token: token, Nonce: "0102030405060708", Runtime: "jvm"}}}
}

func hooks() *probev1.FromProbe {
	list := []*probev1.Hook{
		{Name: "file.open", State: probev1.HookState_HOOK_STATE_LIVE},
		{Name: "process.start", State: probev1.HookState_HOOK_STATE_LIVE},
		{Name: "jndi.lookup", State: probev1.HookState_HOOK_STATE_WAITING},
	}
	return &probev1.FromProbe{Frame: &probev1.FromProbe_HookStatus{HookStatus: &probev1.HookStatus{Complete: true, Hooks: list}}}
}

func act(e *probev1.Event) *probev1.FromProbe {
	return &probev1.FromProbe{Frame: &probev1.FromProbe_Event{Event: e}}
}

func beat(configuration string) *probev1.FromProbe {
	return &probev1.FromProbe{Frame: &probev1.FromProbe_Heartbeat{Heartbeat: &probev1.Heartbeat{
		Configuration: configuration, CpuNs: 5, Hooks: []*probev1.HookCost{{Hook: "file.open", Calls: 3, Events: 1, Repeats: 2}},
	}}}
}

func tested(nonce string) *probev1.FromProbe {
	return &probev1.FromProbe{Frame: &probev1.FromProbe_Verified{Verified: &probev1.Verified{Nonce: nonce, Checks: []*probev1.Check{
		{Hook: "file.open", Result: probev1.CheckResult_CHECK_RESULT_SEEN},
		{Hook: "process.start", Result: probev1.CheckResult_CHECK_RESULT_NOT_SEEN, Reason: "nothing came"},
	}}}}
}

// rise takes a probe to active.
func (p *part) rise(token string) {
	p.say(hello(token), hooks())
	verify := p.hear().GetVerify()
	if verify.GetNonce() == "" {
		p.t.Error("no self-test is asked for")
		return
	}
	p.say(act(&probev1.Event{Hook: "file.open", VerifyNonce: verify.GetNonce()}), tested(verify.GetNonce()))
	configure := p.hear().GetConfigure()
	if configure == nil {
		p.t.Error("it is not configured")
		return
	}
	p.say(beat(""), hooks(), beat(configure.GetHash()))
}

type outcome struct {
	probe response.Probe
	err   error
}

// attaching attaches meanwhile.
func (w *world) attaching(jvm *jvmtest.JVM) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		probe, err := w.Attach(context.Background(), jvm.PID, jvm.Start)
		done <- outcome{probe, err}
	}()
	return done
}

// active attaches to a VM.
func (w *world) active(jvm *jvmtest.JVM, s *stage) *part {
	w.t.Helper()
	done := w.attaching(jvm)
	p := s.enter()
	p.rise(token(w.t, jvm))
	if o := <-done; o.err != nil || o.probe.State != response.ProbeActive {
		w.t.Fatalf("%v: %+v", o.err, o.probe)
	}
	return p
}

// left are the files of probes in a directory.
func left(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(dir + "/.baize-*")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestFromAttachToDetach(t *testing.T) {
	w, s := newWorld(t, t.TempDir()), newStage(t)
	jvm := jvmtest.Start(t, jvmtest.Options{UID: nobody, GID: nobody, Flags: []string{s.flag()}})
	p := w.active(jvm, s)
	// Who attaches is told of the state before its event is handed on.
	w.await("event of the last state", func(ev *event.Event) bool {
		return ev.Kind == event.ProbeState && ev.Probe.State == response.ProbeActive
	})
	if want := []string{"eligible", "attaching", "verified", "active"}; !slices.Equal(w.states(), want) {
		t.Errorf("states %v", w.states())
	}
	again, err := w.Attach(context.Background(), jvm.PID, 0)
	if err != nil || again.State != response.ProbeActive || again.Health == nil || again.Health.Calls != 3 {
		t.Errorf("again: %+v, %v", again, err)
	}
	want := []response.ProbeHook{{Name: "file.open", State: "live"}, {Name: "process.start", State: "dead", Reason: "nothing came"}, {Name: "jndi.lookup", State: "waiting"}}
	if !slices.Equal(again.Hooks, want) {
		t.Errorf("hooks %+v", again.Hooks)
	}
	p.say(act(&probev1.Event{
		Id: 7, Hook: "file.open", Point: "java.io.FileInputStream.<init>", WallNs: w.options.Now().UnixNano(), Thread: 12, ThreadName: "exec-1",
		Arguments: []*probev1.Argument{{Name: "path", Value: "/etc/shadow"}, {Name: "mode", Value: "r"}},
		Stack: &probev1.Stack{Hash: "1:aa", BusinessHash: "1:bb", Frames: []*probev1.StackFrame{
			{Class: "java.io.FileInputStream", Method: "<init>"}, {Class: "shop.Download", Method: "fetch", File: "Download.java", Line: 12, Origin: 1, Business: true},
		}, Origins: []*probev1.Origin{{Kind: probev1.OriginKind_ORIGIN_KIND_RUNTIME}, {Kind: probev1.OriginKind_ORIGIN_KIND_NONE, Evidence: []string{"no code source"}}}},
	}), &probev1.FromProbe{Frame: &probev1.FromProbe_Counters{Counters: &probev1.Counters{Counters: []*probev1.Counter{{Event: 7, Count: 3, WithoutStack: 2}}}}})
	call := w.await("call", func(ev *event.Event) bool { return ev.Kind == event.ProbeCall })
	if call.File == nil || call.File.Path != "/etc/shadow" || call.File.Access != "read" || call.Stack.Top().Class != "shop.Download" || call.Process.Key.PID != jvm.PID ||
		call.Probe.ID != "0102030405060708" || call.Probe.Runtime != "jvm" || call.Stack.OriginOf(call.Stack.Top()).Kind != event.OriginNone {
		t.Errorf("%+v, %+v", call, call.Probe)
	}
	if repeat := w.await("repeat", func(ev *event.Event) bool { return ev.Kind == event.ProbeRepeat }); repeat.Count != 5 || repeat.Probe.Number != 7 {
		t.Errorf("%+v", repeat)
	}
	if files := left(t, "/tmp"); len(files) != 2 {
		t.Errorf("in the target: %v", files)
	}
	go func() {
		if p.hear().GetDetach().GetReason() != "by a test" {
			t.Error("it is not told to leave")
		}
		p.say(&probev1.FromProbe{Frame: &probev1.FromProbe_Detached{Detached: &probev1.Detached{}}})
	}()
	probe, err := w.Detach(context.Background(), jvm.PID, "by a test")
	if err != nil || probe.State != response.ProbeDetached {
		t.Errorf("%+v, %v", probe, err)
	}
	if files := left(t, "/tmp"); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
	if _, err := w.Detach(context.Background(), jvm.PID, ""); err == nil {
		t.Error("detached twice")
	}
	if err := jvm.Alive(); err != nil {
		t.Error(err)
	}
}

// A VM in a container, and one without unix sockets.
func TestElsewhere(t *testing.T) {
	for _, jdk := range jvmtest.All(t) {
		t.Run(jdk.Name(), func(t *testing.T) {
			w, s := newWorld(t, t.TempDir()), newStage(t)
			jvm := jvmtest.Start(t, jvmtest.Options{JDK: jdk, UID: nobody, GID: nobody, Flags: []string{s.flag()}, Container: &jvmtest.Container{}})
			p := w.active(jvm, s)
			root := "/proc/" + strconv.Itoa(int(jvm.PID)) + "/root/tmp"
			if files := left(t, root); len(files) < 2 {
				t.Errorf("in the target: %v", files)
			}
			go func() {
				p.hear()
				p.say(&probev1.FromProbe{Frame: &probev1.FromProbe_Detached{Detached: &probev1.Detached{}}})
			}()
			if _, err := w.Detach(context.Background(), jvm.PID, ""); err != nil {
				t.Error(err)
			}
			if files := left(t, root); len(files) > 0 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
}

func TestStrangersAreRefused(t *testing.T) {
	w, s := newWorld(t, t.TempDir()), newStage(t)
	jvm := jvmtest.Start(t, jvmtest.Options{Flags: []string{s.flag()}})
	done := w.attaching(jvm)
	p := s.enter()
	right := token(t, jvm)
	p.say(hello(strings.Repeat("0", 32)))
	w.said("refused frame: another token")
	// Another process at the socket.
	w.advance(time.Minute)
	files := left(t, "/tmp")
	conn, err := net.Dial("unix", files[slices.IndexFunc(files, func(f string) bool { return strings.HasSuffix(f, ".sock") })])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = s.enter().conn.Close() // it is the next
	w.said("called in the name of")
	for what, bad := range map[string]func(*part){
		"first is no Hello": func(p *part) { p.say(hooks()) },
		"a length of":       func(p *part) { p.say(hello(right)); p.raw([]byte{0xff, 0xff, 0xff, 0xff}) },
		"cannot parse":      func(p *part) { p.raw([]byte{0, 0, 0, 3, 0xff, 0xff, 0xff}) },
		"nothing that is":   func(p *part) { p.raw([]byte{0, 0, 0, 2, 0x78, 0x01}) },
		"second Hello":      func(p *part) { p.say(hello(right), hello(right)) },
		"nobody asked for":  func(p *part) { p.say(hello(right), tested("guess")) },
	} {
		w.advance(time.Minute)
		bad(s.enter())
		w.said(what)
	}
	s.enter().rise(right)
	if o := <-done; o.err != nil || o.probe.State != response.ProbeActive {
		t.Errorf("%v: %+v", o.err, o.probe)
	}
}

// A probe whose hooks see nothing is taken out again.
func TestWhatIsNotVerifiedFails(t *testing.T) {
	w, s := newWorld(t, t.TempDir()), newStage(t)
	jvm := jvmtest.Start(t, jvmtest.Options{Flags: []string{s.flag()}})
	done := w.attaching(jvm)
	p := s.enter()
	p.say(hello(token(t, jvm)), hooks())
	nonce := p.hear().GetVerify().GetNonce()
	p.say(tested(nonce)) // and no event
	if p.hear().GetDetach() == nil {
		t.Error("it is not told to leave")
	}
	o := <-done
	expect(t, o.err, target.NotVerified)
	if o.probe.State != response.ProbeFailed || len(left(t, "/tmp")) > 0 {
		t.Errorf("%+v, left %v", o.probe, left(t, "/tmp"))
	}
}

func expect(t *testing.T, err error, reason target.Reason) {
	t.Helper()
	var failure *target.Error
	if !errors.As(err, &failure) || failure.Reason != reason {
		t.Errorf("%v, want %s", err, reason)
	}
}

func TestWhatCannotBeAttachedTo(t *testing.T) {
	w := newWorld(t, t.TempDir())
	for name, c := range map[string]struct {
		o    jvmtest.Options
		want target.Reason
	}{
		"disabled":  {jvmtest.Options{Flags: []string{"-XX:+DisableAttachMechanism"}}, target.AttachDisabled},
		"dynamic":   {jvmtest.Options{Flags: []string{"-XX:-EnableDynamicAgentLoading"}}, target.LoadingDisabled},
		"read-only": {jvmtest.Options{Container: &jvmtest.Container{ReadOnly: true}}, target.ReadOnly},
	} {
		jvm := jvmtest.Start(t, c.o)
		probe, err := w.Attach(context.Background(), jvm.PID, jvm.Start)
		expect(t, err, c.want)
		if probe.State != response.ProbeFailed || probe.Reason != string(c.want) || probe.Message == "" {
			t.Errorf("%s: %+v", name, probe)
		}
		if err := jvm.Alive(); err != nil {
			t.Error(err)
		}
	}
	_, err := w.Attach(context.Background(), uint32(os.Getpid()), 0)
	expect(t, err, target.NoRuntime)
	_, err = w.Attach(context.Background(), uint32(os.Getpid()), 1)
	expect(t, err, target.Gone)
	w.options.Covers = func(uint32) bool { return false }
	_, err = w.Attach(context.Background(), uint32(os.Getpid()), 0)
	expect(t, err, target.NotPermitted)
	if files := left(t, "/tmp"); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestList(t *testing.T) {
	w, s := newWorld(t, t.TempDir()), newStage(t)
	idle := jvmtest.Start(t, jvmtest.Options{UID: nobody, GID: nobody})
	out := jvmtest.Start(t, jvmtest.Options{Flags: []string{"-XX:+DisableAttachMechanism"}})
	boxed := jvmtest.Start(t, jvmtest.Options{Flags: []string{s.flag()}, Container: &jvmtest.Container{}})
	w.active(boxed, s)
	list, err := w.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	found := map[uint32]response.Probe{}
	for _, p := range list.Probes {
		found[p.Process.PID] = p
	}
	if p := found[idle.PID]; p.State != response.ProbeEligible || p.User != nobody || p.Runtime != "jvm" || p.Version == "" || !strings.Contains(p.Command, "Idle") {
		t.Errorf("%+v", p)
	}
	if p := found[out.PID]; p.State != response.ProbeDiscovered || p.Reason != string(target.AttachDisabled) {
		t.Errorf("%+v", p)
	}
	if p := found[boxed.PID]; p.State != response.ProbeActive || len(p.Container) != 64 {
		t.Errorf("%+v", p)
	}
	if _, found := found[uint32(os.Getpid())]; found {
		t.Error("this is no Java VM")
	}
}

func TestTheEndOfTheProcessAndSilence(t *testing.T) {
	w, s := newWorld(t, t.TempDir()), newStage(t)
	jvm := jvmtest.Start(t, jvmtest.Options{Flags: []string{s.flag()}})
	w.active(jvm, s)
	w.tick(w.advance(silence / 2))
	if p := w.find(jvm.PID).view(); p.State != response.ProbeActive {
		t.Errorf("%+v", p)
	}
	w.tick(w.advance(silence))
	if p := w.find(jvm.PID).view(); p.State != response.ProbeFailed || p.Reason != string(target.Lost) {
		t.Errorf("%+v", p)
	}
	next := newStage(t)
	other := jvmtest.Start(t, jvmtest.Options{Flags: []string{next.flag()}})
	w.active(other, next)
	other.End()
	w.tick(w.advance(time.Second))
	if p := w.find(other.PID).view(); p.State != response.ProbeDetached || p.Reason != string(target.Gone) {
		t.Errorf("%+v", p)
	}
	w.tick(w.advance(time.Second))
	if w.find(other.PID) != nil {
		t.Error("it is remembered for ever")
	}
}

// The agent ends, and its next run finds the probe again; or does not.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	first, s := newWorld(t, dir), newStage(t)
	jvm := jvmtest.Start(t, jvmtest.Options{UID: nobody, GID: nobody, Flags: []string{s.flag()}})
	first.active(jvm, s)
	first.Close()
	if len(left(t, "/tmp")) != 2 {
		t.Errorf("in the target: %v", left(t, "/tmp"))
	}
	second := newWorld(t, dir)
	second.recover()
	s.enter().rise(token(t, jvm))
	second.await("return", func(ev *event.Event) bool {
		return ev.Kind == event.ProbeState && ev.Probe.State == response.ProbeActive
	})
	second.Close()
	third := newWorld(t, dir)
	third.recover()
	third.tick(third.advance(2 * grace))
	third.await("loss", func(ev *event.Event) bool {
		return ev.Kind == event.ProbeState && ev.Probe.Reason == string(target.Lost)
	})
	if len(left(t, "/tmp")) > 0 {
		t.Errorf("left behind: %v", left(t, "/tmp"))
	}
	fourth := newWorld(t, dir)
	fourth.recover()
	if len(fourth.all()) > 0 {
		t.Error("what was lost is found again")
	}
}

// The owner's configuration reaches the probe, and again when it changes.
func TestConfiguration(t *testing.T) {
	w, s := newWorld(t, t.TempDir()), newStage(t)
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(w.dir, ConfigFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	jvm := jvmtest.Start(t, jvmtest.Options{Flags: []string{s.flag()}})
	p := w.active(jvm, s)
	write("hooks_off: [sql.execute]\nbudgets: {hook_mean: 20us, events_per_second: 50}\n")
	w.tick(w.advance(time.Second))
	c := p.hear().GetConfigure()
	if c.GetHash() == defaultHash || !slices.Equal(c.GetHooksOff(), []string{"sql.execute"}) || c.GetBudgets().GetHookMeanNs() != 20_000 || c.GetBudgets().GetEventsPerSecond() != 50 {
		t.Errorf("%v", c)
	}
	write("hooks: [x]\n")
	w.tick(w.advance(time.Second))
	write("business: [shop.]\n")
	w.tick(w.advance(time.Second))
	if c := p.hear().GetConfigure(); !slices.Equal(c.GetBusiness(), []string{"shop."}) {
		t.Errorf("%v", c)
	}
}

func TestAFloodIsCut(t *testing.T) {
	w, s := newWorld(t, t.TempDir()), newStage(t)
	jvm := jvmtest.Start(t, jvmtest.Options{Flags: []string{s.flag()}})
	p := w.active(jvm, s)
	for range maxPerSecond + 100 {
		p.say(act(&probev1.Event{Hook: "file.open"}))
	}
	p.say(beat("x"))
	w.find(jvm.PID)
	for deadline := time.Now().Add(20 * time.Second); w.find(jvm.PID).view().Health.Configuration != "x"; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it is not read")
		}
	}
	w.advance(time.Second)
	p.say(act(&probev1.Event{Hook: "file.open"}))
	w.said("100 events beyond 500 a second were passed over")
	calls := 0
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ev := range w.events {
		if ev.Kind == event.ProbeCall {
			calls++
		}
	}
	if calls > maxPerSecond+1 {
		t.Errorf("%d events", calls)
	}
}
