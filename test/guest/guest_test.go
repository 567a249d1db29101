package guest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	// The results depend on it; the test binary is built from it.
	_ "baize/internal/agent/sensor"
)

// patience bounds one guest from boot to end.
const patience = 15 * time.Minute

// sources compares the objects with their sources, which are not in the guest.
const sources = "TestObjectsMatchSources"

// arming are the tests that arm sensors of their own, one after the other: most of
// the time in a guest, where the kernel takes half a minute to look through the
// programs. They pass on the machine itself with every test run.
const arming = "TestProducedIsDeliveredAndLost|TestLossIsCounted|TestCoverageIsStatedEachWindow|" +
	"TestScopesDoNotMeet|TestScopedSnapshot|TestAStoppedAndATracedAgentTell"

// TestSensor runs the sensor's tests on other kernels: on the first of the list
// all but those that arm sensors of their own, or with BAIZE_GUESTS=all every one
// on each of them. Where the kernel can do everything, a skipped test is a failed
// one.
func TestSensor(t *testing.T) {
	kernels, left := Kernels[:1], sources+"|"+arming
	if os.Getenv("BAIZE_GUESTS") == "all" {
		kernels, left = Kernels, sources
	}
	for _, k := range kernels {
		t.Run(k.Name(), func(t *testing.T) { inGuest(t, k, left) })
	}
}

func inGuest(t *testing.T, k Kernel, left string) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	args := []string{"-test.v", "-test.skip=^(" + left + ")$"}
	if only := os.Getenv("BAIZE_GUEST_RUN"); only != "" {
		args = append(args, "-test.run="+only)
	}
	env := []string{"BAIZE_SENSOR_TIER=" + strconv.Itoa(k.Tier), "BAIZE_SENSOR_MODULE=" + loadableFile}
	g := Guest{Kernel: k, Binary: sensorTests(t, ctx, k.Arch), Args: args, Env: env}
	began := time.Now()
	output, status, err := g.Run(ctx, t.TempDir())
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	t.Logf("%s in the guest", time.Since(began).Round(time.Second))
	report(t, output, status)
}

// report makes the guest's tests tests of this one.
func report(t *testing.T, output string, status int) {
	results := ParseTests(output)
	for _, r := range results {
		t.Run(r.Name, func(t *testing.T) {
			t.Logf("%s in the guest", r.Took)
			if r.Outcome != "PASS" {
				t.Errorf("%s\n%s", r.Outcome, r.Output)
			}
		})
	}
	if status != 0 && !t.Failed() || len(results) == 0 {
		t.Errorf("%d tests, exit status %d:\n%s", len(results), status, output)
	}
}

// sensorTests builds the sensor's test binary.
func sensorTests(t *testing.T, ctx context.Context, arch string) string {
	t.Helper()
	const directory = "../../internal/agent/sensor"
	// Read here, so that a change of a test makes go test run this one again.
	if _, err := os.ReadDir(directory); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "sensor.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-trimpath", "-o", binary, directory)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+arch)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the sensor's tests: %v\n%s", err, out)
	}
	return binary
}
