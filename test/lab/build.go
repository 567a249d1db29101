package lab

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// build compiles the outside world, the services and one trojan a round.
func (l *Lab) build(ctx context.Context) error {
	if err := os.Mkdir(l.downloads(), 0o755); err != nil {
		return err
	}
	if err := l.goBuild(ctx, filepath.Join(l.dir, "outside"), "baize/test/lab/outside"); err != nil {
		return err
	}
	for _, round := range Rounds {
		flags := "-s -w -X main.c2=" + round.C2 + " -X main.beacons=" + strconv.Itoa(l.opts.Beacons)
		if err := l.goBuild(ctx, filepath.Join(l.downloads(), round.Remote), "-ldflags", flags, "baize/test/lab/trojan"); err != nil {
			return err
		}
		if err := makeUnique(filepath.Join(l.downloads(), round.Remote)); err != nil {
			return err
		}
	}
	source, err := packageFile("service")
	if err != nil {
		return err
	}
	return run(ctx, java("javac"), "-d", l.dir, filepath.Join(source, "LookupService.java"), filepath.Join(source, "ApiService.java"))
}

func (l *Lab) goBuild(ctx context.Context, output string, args ...string) error {
	command := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-o", output}, args...)...)
	root, err := packageFile(".")
	if err != nil {
		return err
	}
	command.Dir = root
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	return check(command)
}

// makeUnique appends random bytes, so that no earlier run has seen the hash.
func makeUnique(file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(rand.Text()); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// packageFile finds a file of this package in the module's sources.
func packageFile(name string) (string, error) {
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", "baize/test/lab").Output()
	if err != nil {
		return "", fmt.Errorf("find the laboratory's sources (run inside the repository): %w", err)
	}
	return filepath.Join(string(out[:len(out)-1]), name), nil
}

// java is a program of the JDK: of JAVA_HOME where it is set, else of PATH.
func java(name string) string {
	if home := os.Getenv("JAVA_HOME"); home != "" {
		return filepath.Join(home, "bin", name)
	}
	return name
}

// run runs a program to its end.
func run(ctx context.Context, name string, args ...string) error {
	return check(exec.CommandContext(ctx, name, args...))
}

func check(command *exec.Cmd) error {
	out, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v: %w: %s", command.Args, err, out)
	}
	return nil
}
