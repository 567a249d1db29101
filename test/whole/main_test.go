package whole

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"baize/internal/agent/probe/jvmtest"
	"baize/test/story"
)

// bin is where TestMain builds the programs.
var bin string

func TestMain(m *testing.M) {
	os.Exit(build(m))
}

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "baize-whole-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	defer jvmtest.Clean()
	bin = dir
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	command := exec.Command("go", "build", "-o", dir+"/", "./cmd/...")
	command.Dir = filepath.Join("..", "..")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s\n%v\n", out, err)
		return 1
	}
	return m.Run()
}

// setting is a duration in seconds or a count that acceptance may raise above
// what suits an ordinary test run.
func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	value, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s=%q is not a number", name, text)
	}
	return value
}

// open starts a stage for one test. What the programs wrote is shown if the
// test fails.
func open(t *testing.T, opts story.Options) (context.Context, *story.Stage) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root: loads BPF programs and makes network namespaces")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	t.Cleanup(cancel)
	home, err := story.TempHome()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	output, err := story.Output(home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { showLog(t, output) })
	opts.Bin, opts.Home, opts.Name, opts.Output = bin, home, "baize-whole", output
	if opts.Beacons == 0 {
		opts.Beacons = 3
	}
	opts.Log = slog.New(slog.NewTextHandler(output, nil))
	stage, err := story.Open(ctx, opts)
	t.Cleanup(func() {
		if err := stage.Close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return ctx, stage
}

// showLog prints the end of the programs' log of a failed test.
func showLog(t *testing.T, output *os.File) {
	const most = 8 << 10
	defer output.Close()
	if !t.Failed() {
		return
	}
	info, err := output.Stat()
	if err != nil {
		t.Log(err)
		return
	}
	tail := make([]byte, min(info.Size(), most))
	reader, err := os.Open(output.Name())
	if err != nil {
		t.Log(err)
		return
	}
	defer reader.Close()
	if _, err := reader.ReadAt(tail, info.Size()-int64(len(tail))); err != nil {
		t.Log(err)
	}
	t.Logf("the programs' log ends with:\n%s", tail)
}

// require fails the test for every line that is built and does not hold.
func require(t *testing.T, lines []story.Line) {
	t.Helper()
	for _, line := range lines {
		switch line.State {
		case story.Fail:
			t.Errorf("line %d: %s", line.Line, line.Evidence)
		case story.Pass:
			t.Logf("line %d: %s", line.Line, line.Evidence)
		}
	}
}
