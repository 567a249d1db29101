package probe

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"baize/internal/agent/probe/target"
	"baize/internal/event"
	"baize/internal/response"
	probev1 "baize/proto/baize/probe/v1"
)

// accept serves the connections of a probe one after the other: it connects
// again when one broke.
func (i *instance) accept(listener *net.UnixListener) {
	for {
		conn, err := listener.AcceptUnix()
		if err != nil {
			if i.ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
				i.end(response.ProbeFailed, target.Fail(target.Internal, err))
			}
			return
		}
		if err := i.checkPeer(conn); err != nil {
			_ = conn.Close()
			i.refuse("peer", err)
			continue
		}
		i.converse(conn)
	}
}

// checkPeer is nil if the kernel says that the target's own process is at the
// other end.
func (i *instance) checkPeer(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var peer *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) { peer, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	switch {
	case err != nil:
		return err
	case failed != nil:
		return failed
	case peer.Pid != int32(i.process.PID):
		return fmt.Errorf("process %d called in the name of %d", peer.Pid, i.process.PID)
	}
	return i.process.Alive()
}

// converse serves one channel to its end.
func (i *instance) converse(conn channel) {
	defer conn.Close()
	i.mu.Lock()
	if i.ctx.Err() != nil {
		i.mu.Unlock()
		return
	}
	i.channel = conn
	i.mu.Unlock()
	err := i.listen(conn)
	i.mu.Lock()
	if i.channel == conn {
		i.channel = nil
	}
	i.mu.Unlock()
	if err != nil && i.ctx.Err() == nil {
		i.refuse("frame", err)
	}
}

// listen takes the frames of a channel. Its error is what the probe did wrong,
// nil where it, or the agent, hung up.
func (i *instance) listen(conn channel) error {
	// FIFOs are open before the probe is loaded.
	if _, fifo := conn.(*fifos); !fifo {
		_ = conn.SetReadDeadline(time.Now().Add(helloWithin))
	}
	frame, buffer, err := readFrame(conn, nil)
	if err != nil {
		return wrong(err)
	}
	if err := i.greet(frame.GetHello()); err != nil {
		return err
	}
	_ = conn.SetReadDeadline(time.Time{})
	for {
		if frame, buffer, err = readFrame(conn, buffer); err != nil {
			return wrong(err)
		}
		if err := i.take(frame); err != nil {
			return err
		}
		if !i.lives() {
			return nil
		}
	}
}

// wrong keeps the errors that are the probe's.
func wrong(err error) error {
	switch {
	case errors.Is(err, errFrame):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: no first frame within %s", errFrame, helloWithin)
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrClosed), errors.Is(err, unix.ECONNRESET):
		return nil
	}
	return err
}

// greet checks who is there.
func (i *instance) greet(hello *probev1.Hello) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case hello == nil:
		return fmt.Errorf("%w: the first is no Hello", errFrame)
	case !sameToken(hello.GetToken(), i.token):
		return errors.New("another token")
	case hello.GetNonce() == "" || len(hello.GetNonce()) > 64:
		return fmt.Errorf("%w: a nonce of %d bytes", errFrame, len(hello.GetNonce()))
	case hello.GetProbeHash() != "" && i.sum != "" && hello.GetProbeHash() != i.sum:
		return fmt.Errorf("a probe of another content: %s", cut(hello.GetProbeHash(), 64))
	case i.nonce != "" && i.nonce != hello.GetNonce():
		return errors.New("another probe of the same token")
	}
	i.nonce = hello.GetNonce()
	i.verify, i.seen = "", map[string]bool{}
	i.heard = i.manager.options.Now()
	return nil
}

// take handles a frame. Its error ends the connection.
func (i *instance) take(frame *probev1.FromProbe) error {
	i.mu.Lock()
	i.heard = i.manager.options.Now()
	i.mu.Unlock()
	switch f := frame.GetFrame().(type) {
	case *probev1.FromProbe_HookStatus:
		return i.hooks(f.HookStatus)
	case *probev1.FromProbe_Verified:
		return i.verified(f.Verified)
	case *probev1.FromProbe_Event:
		i.called(f.Event)
	case *probev1.FromProbe_Counters:
		i.repeated(f.Counters)
	case *probev1.FromProbe_Heartbeat:
		i.beat(f.Heartbeat)
	case *probev1.FromProbe_Failure:
		i.failed(f.Failure)
	case *probev1.FromProbe_Detached:
		i.left(f.Detached)
	default:
		return fmt.Errorf("%w: a second Hello", errFrame)
	}
	return nil
}

// maxHooks bounds the hooks of a probe.
const maxHooks = 64

// hooks takes which hooks there are. When they are complete, the self-test is
// asked for, once a connection.
func (i *instance) hooks(status *probev1.HookStatus) error {
	if len(status.GetHooks()) > maxHooks {
		return fmt.Errorf("%w: %d hooks, at most %d", errFrame, len(status.GetHooks()), maxHooks)
	}
	i.mu.Lock()
	dead := map[string]response.ProbeHook{}
	for _, h := range i.view0.Hooks {
		if h.State == hookDead {
			dead[h.Name] = h
		}
	}
	i.view0.Hooks = nil
	for _, h := range status.GetHooks() {
		hook := response.ProbeHook{Name: cut(h.GetName(), 64), State: hookState(h.GetState()), Reason: cut(h.GetReason(), 256)}
		if was, found := dead[hook.Name]; found && hook.State == "live" {
			hook = was
		}
		i.view0.Hooks = append(i.view0.Hooks, hook)
	}
	ask := status.GetComplete() && i.verify == ""
	if ask {
		i.verify = random(16)
	}
	nonce := i.verify
	i.mu.Unlock()
	if ask {
		return i.send(&probev1.ToProbe{Frame: &probev1.ToProbe_Verify{Verify: &probev1.Verify{Nonce: nonce}}})
	}
	return nil
}

// hookDead is the state of a hook that is in place and did not see the probe's
// own call.
const hookDead = "dead"

func hookState(s probev1.HookState) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "HOOK_STATE_"))
}

// verified judges the self-test: a hook counts if both the probe and its event
// say that it was seen.
func (i *instance) verified(v *probev1.Verified) error {
	i.mu.Lock()
	if i.verify == "" || v.GetNonce() != i.verify {
		i.mu.Unlock()
		return errors.New("a self-test that nobody asked for")
	}
	proven, silent := 0, map[string]string{}
	for _, check := range v.GetChecks() {
		switch {
		case check.GetResult() == probev1.CheckResult_CHECK_RESULT_SEEN && i.seen[check.GetHook()]:
			proven++
		case check.GetResult() == probev1.CheckResult_CHECK_RESULT_SEEN:
			silent[check.GetHook()] = "its event did not come"
		case check.GetResult() == probev1.CheckResult_CHECK_RESULT_NOT_SEEN:
			silent[check.GetHook()] = cut(check.GetReason(), 256)
		}
	}
	for at := range i.view0.Hooks {
		if reason, found := silent[i.view0.Hooks[at].Name]; found {
			i.view0.Hooks[at].State, i.view0.Hooks[at].Reason = hookDead, reason
		}
	}
	i.mu.Unlock()
	if proven == 0 {
		i.giveUp(target.Failf(target.NotVerified, "none of %d hooks saw its own call", len(v.GetChecks())))
		return nil
	}
	i.become(response.ProbeVerified, nil)
	return i.configure()
}

// giveUp has the probe leave, if it is there, and ends it.
func (i *instance) giveUp(why error) {
	_ = i.send(&probev1.ToProbe{Frame: &probev1.ToProbe_Detach{Detach: &probev1.Detach{Reason: why.Error()}}})
	i.end(response.ProbeFailed, why)
}

// configure sends the configuration in force to a probe that was verified.
func (i *instance) configure() error {
	i.mu.Lock()
	ready := i.channel != nil && (i.view0.State == response.ProbeVerified || i.view0.State == response.ProbeActive)
	i.mu.Unlock()
	if !ready {
		return nil
	}
	return i.send(&probev1.ToProbe{Frame: &probev1.ToProbe_Configure{Configure: i.manager.config.message()}})
}

// beat takes a heartbeat.
func (i *instance) beat(h *probev1.Heartbeat) {
	health := &response.ProbeHealth{
		Heard: i.manager.options.Now().UTC(), CPU: h.GetCpuNs(), HeapUsed: h.GetHeapUsed(), HeapMax: h.GetHeapMax(),
		Breaker: cut(h.GetBreaker(), 256), Configuration: cut(h.GetConfiguration(), 128),
	}
	for _, hook := range h.GetHooks() {
		health.Calls += hook.GetCalls()
		health.Events += hook.GetEvents()
		health.Repeats += hook.GetRepeats()
		health.Lost += hook.GetLost()
	}
	i.mu.Lock()
	before := i.view0.Health
	i.view0.Health = health
	active := i.view0.State == response.ProbeVerified && h.GetConfiguration() == i.manager.config.hash()
	if active {
		i.deadline = time.Time{}
	}
	i.mu.Unlock()
	if active {
		i.become(response.ProbeActive, nil)
	}
	if before != nil && before.Breaker != health.Breaker {
		i.say("the breaker is " + map[bool]string{true: "closed again", false: "open: " + health.Breaker}[health.Breaker == ""])
	}
}

// say reports what happened to a probe that stays as it is.
func (i *instance) say(what string) {
	view := i.view()
	i.report(&event.Event{Kind: event.ProbeState, Message: what, Probe: &event.Probe{State: view.State}})
}

// failed takes what went wrong in the probe, and whether it survives.
func (i *instance) failed(f *probev1.Failure) {
	text := cut(f.GetPlace(), 64) + ": " + cut(f.GetReason(), 1024)
	i.mu.Lock()
	waits := i.view0.State == response.ProbeVerified && f.GetPlace() == "configure"
	i.mu.Unlock()
	if waits {
		i.giveUp(target.Failf(target.ProbeFailed, "%s", text))
		return
	}
	i.say("the probe reports: " + text)
}

// left ends a probe that says that it is out.
func (i *instance) left(d *probev1.Detached) {
	if n := len(d.GetNotRestored()); n > 0 {
		i.say(fmt.Sprintf("%d classes keep the probe's code, which does nothing: %s", n, cut(strings.Join(d.GetNotRestored(), ", "), 512)))
	}
	i.end(response.ProbeDetached, nil)
}

// send sends a frame, if there is a channel.
func (i *instance) send(frame *probev1.ToProbe) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.channel == nil {
		return errors.New("the probe is not connected")
	}
	_ = i.channel.SetWriteDeadline(time.Now().Add(writeWithin))
	return writeFrame(i.channel, frame)
}

// refusals bounds how often it is told that something was refused.
type refusals struct {
	since time.Time
	count uint64
}

const refusalsEvery = 10 * time.Second

// refuse reports what was refused. The first is told at once, others are counted
// for ten seconds.
func (i *instance) refuse(what string, err error) {
	now := i.manager.options.Now()
	i.mu.Lock()
	i.refused.count++
	if now.Sub(i.refused.since) < refusalsEvery {
		i.mu.Unlock()
		return
	}
	count := i.refused.count
	i.refused = refusals{since: now}
	state := i.view0.State
	i.mu.Unlock()
	i.manager.options.Log.Warn("probe refused", "pid", i.process.PID, "what", what, "error", err)
	i.report(&event.Event{
		Kind: event.ProbeState, Message: "refused " + what + ": " + cut(err.Error(), 512), Count: count, Probe: &event.Probe{State: state},
	})
}
