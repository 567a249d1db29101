package agent_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

const (
	// grows is how much larger the agent may be at the end of an hour's churn than
	// it was in the first two fifths of it, when its caches are full.
	grows = 1.15
	// most is what it may have at all, in bytes.
	most = 80 << 20
)

// TestTheAgentDoesNotGrow compiles and starts containers for BAIZE_SOAK: an hour in
// make test-long, shortly where it is not set.
func TestTheAgentDoesNotGrow(t *testing.T) {
	image, _ := importImage(t)
	last, text := 30*time.Second, os.Getenv("BAIZE_SOAK")
	if text != "" {
		var err error
		if last, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	h := newHost(t)
	source := filepath.Join(t.TempDir(), "churn.c")
	began := time.Now()
	var sizes, files []uint64
	for n := 0; time.Since(began) < last; n++ {
		churn(t, source, image, n)
		sizes, files = append(sizes, h.resident()), append(files, h.descriptors())
	}
	if len(sizes) < 5 {
		t.Fatalf("%d rounds in %s: too few to tell", len(sizes), last)
	}
	fifth := len(sizes) / 5
	early, late := slices.Max(sizes[:2*fifth]), slices.Max(sizes[len(sizes)-fifth:])
	t.Logf("%d rounds: %d KiB early, %d KiB late, %d and %d descriptors", len(sizes), early>>10, late>>10, files[fifth], files[len(files)-1])
	if late > most || text != "" && float64(late) > grows*float64(early) {
		t.Errorf("grown from %d to %d bytes", early, late)
	}
	if files[len(files)-1] > files[fifth]+16 {
		t.Errorf("%d descriptors, %d early", files[len(files)-1], files[fifth])
	}
}

// churn is a compilation that nothing was cached of, and a container.
func churn(t *testing.T, source, image string, n int) {
	t.Helper()
	text := fmt.Sprintf("#include <stdio.h>\nint main(void) { return printf(\"%%d\", %d) < 0; }\n", n)
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{
		{"gcc", "-O2", "-o", source + ".out", source},
		{source + ".out"},
		{"docker", "run", "--rm", "--network", "none", image, "/baize-agent", "--help"},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", command, err, out)
		}
	}
}

// resident is the agent's memory in bytes, by its own word.
func (h *host) resident() uint64 {
	h.gateway.Lock()
	defer h.gateway.Unlock()
	return h.gateway.Beat.GetRssBytes()
}

// descriptors counts what the agent has open.
func (h *host) descriptors() uint64 {
	h.t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", h.process.Process.Pid))
	if err != nil {
		h.t.Fatal(err)
	}
	return uint64(len(list))
}
