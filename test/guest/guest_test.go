package guest

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	// The results depend on it; the test binary is built from it.
	_ "baize/internal/agent/sensor"
)

// patience bounds one guest from boot to end, on a machine with other work too.
const patience = 45 * time.Minute

// sensorDirectory has the sources of the tests that run in guests.
const sensorDirectory = "../../internal/agent/sensor"

// sources compares the objects with their sources, which are not in the guest.
const sources = "TestObjectsMatchSources"

// TestSensor runs the sensor's tests on other kernels: on the first of the list
// those that share one sensor, with BAIZE_GUESTS=shared the same on each of them,
// and with BAIZE_GUESTS=all every one on each of them.
// Most of the time in a guest goes by while sensors are armed, where the kernel
// takes half a minute to look through the programs. Where the kernel can do
// everything, a skipped test is a failed one.
func TestSensor(t *testing.T) {
	kernels, left := Kernels[:1], append(arming(t), sources)
	switch which := os.Getenv("BAIZE_GUESTS"); which {
	case "":
	case "shared":
		kernels = Kernels
	case "all":
		kernels, left = Kernels, []string{sources}
	default:
		t.Fatalf("BAIZE_GUESTS=%s: want shared or all", which)
	}
	for _, k := range kernels {
		t.Run(k.Name(), func(t *testing.T) { inGuest(t, k, left) })
	}
}

// arming finds the tests that arm a sensor of their own, by what they call.
func arming(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(sensorDirectory, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") && arms(f) {
				names = append(names, f.Name.Name)
			}
		}
	}
	return names
}

// arms tells whether a function opens a sensor, by a function of the tests or by
// a helper that is one.
func arms(f *ast.FuncDecl) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name, ok := n.Fun.(*ast.Ident)
			found = found || ok && (name.Name == "arm" || name.Name == "Open")
		case *ast.BasicLit:
			found = found || n.Value == `"sensor"`
		}
		return !found
	})
	return found
}

func inGuest(t *testing.T, k Kernel, left []string) {
	end := time.Now().Add(patience)
	if last, ok := t.Deadline(); ok && last.Before(end) {
		end = last.Add(-time.Minute) // so that its console is seen
	}
	ctx, cancel := context.WithDeadline(t.Context(), end)
	defer cancel()
	args := []string{"-test.v", "-test.skip=^(" + strings.Join(left, "|") + ")$"}
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
	// Read here, so that a change of a test makes go test run this one again.
	if _, err := os.ReadDir(sensorDirectory); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "sensor.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-trimpath", "-o", binary, sensorDirectory)
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH="+arch)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the sensor's tests: %v\n%s", err, out)
	}
	return binary
}
