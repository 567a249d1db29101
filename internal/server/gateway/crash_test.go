package gateway

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// serverDir makes the test program a server on that directory: the one that
// is killed.
const serverDir = "BAIZE_TEST_SERVER_DIR"

// serveForParent serves until it is killed, if it was started for that.
func serveForParent() bool {
	dir := os.Getenv(serverDir)
	if dir == "" {
		return false
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	p, err := openParts(context.Background(), dir, 1<<20)
	if err != nil {
		fmt.Println("error:", err)
		return true
	}
	fmt.Println(p.gateway.Addr())
	fmt.Println(p.gateway.Run(context.Background()))
	return true
}

// startProcess starts a server process and returns its address and what kills it.
func startProcess(t *testing.T, dir string) (addr string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // SIGKILL: no goodbye
		_ = cmd.Wait()
	})
	t.Cleanup(kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "127.0.0.1:") {
		t.Fatalf("the server said %q, %v", line, err)
	}
	return strings.TrimSpace(line), kill
}

// deliver sends batches of growing size from behind the mark until the session
// breaks or until acked, and returns the last acknowledged number. It keeps a
// few batches on their way, as an agent does.
func deliver(t *testing.T, c *client, boot string, acked func(uint64) bool) uint64 {
	t.Helper()
	go func() {
		for next := c.mark + 1; ; {
			last := next + next%37
			b := c.host.batch(t, boot, next, last)
			if err := c.stream.Send(wrap(b)); err != nil {
				return
			}
			next = last + 1
		}
	}()
	mark := c.mark
	for {
		r, err := c.stream.Recv()
		if err != nil {
			return mark
		}
		mark = r.GetMark().GetSeq()
		if !acked(mark) {
			return mark
		}
	}
}

// A server that is killed again and again under load: everything it ever
// acknowledged is in the log, and everything is there once.
func TestKilledServersLoseAndDoubleNothing(t *testing.T) {
	dir := t.TempDir()
	h := enrolIn(t, dir)
	const boot, rounds = "b1", 6
	var promised uint64
	for round := range rounds {
		addr, kill := startProcess(t, dir)
		h.dial(t, addr)
		c := h.connect(t, boot)
		if c.mark < promised {
			t.Fatalf("round %d: durable to %d, %d was promised", round, c.mark, promised)
		}
		n := 0
		promised = deliver(t, c, boot, func(uint64) bool {
			if n++; n == 10+round*7 {
				go kill() // in the middle of whatever it does
			}
			return true
		})
		if n < 10 {
			t.Fatalf("round %d: the server died by itself after %d marks", round, n)
		}
		_ = h.conn.Close()
		kill()
	}
	checkNumbers(t, dir, promised)
}

// enrolIn enrols a host with a server that is gone again afterwards.
func enrolIn(t *testing.T, dir string) *host {
	t.Helper()
	p, stop := start(t, dir)
	defer stop()
	h := p.enrol(t, "m1")
	_ = h.conn.Close()
	return h
}

func checkNumbers(t *testing.T, dir string, promised uint64) {
	t.Helper()
	p, err := openParts(t.Context(), dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	defer p.gateway.listener.Close()
	got := seqs(p.log(t))
	for i, seq := range got {
		if seq != uint64(i+1) {
			t.Fatalf("event %d has number %d", i, seq)
		}
	}
	if uint64(len(got)) < promised || promised == 0 {
		t.Fatalf("%d events, %d were promised", len(got), promised)
	}
	t.Logf("%d events in the log, %d of them acknowledged before the last kill", len(got), promised)
}

// A server that is stopped in order takes no longer than its sessions.
func TestAGracefulStopEndsSessions(t *testing.T) {
	p, stop := start(t, t.TempDir())
	h := p.enrol(t, "m1")
	c := h.connect(t, "b1")
	c.settle(h.batch(t, "b1", 1, 1))
	begun := time.Now()
	stop()
	if err := c.ended(); err == nil || !strings.Contains(err.Error(), "stops") {
		t.Errorf("the session ended with %v", err)
	}
	if took := time.Since(begun); took >= drainTimeout {
		t.Errorf("not graceful: %s", took)
	}
}
