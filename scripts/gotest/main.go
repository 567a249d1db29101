// Command gotest runs go test and ends with what a reader wants to know: how
// many tests passed, failed and were skipped, and why each skip happened.
//
// With -skips a skip is a failure unless its reason matches: a test that lacks
// a package which scripts/packages should name must not pass in silence.
//
//	go run ./scripts/gotest [-summary FILE] [-results FILE] [-skips REGEXP] -- [go test arguments]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"syscall"
)

// options of a run; "" for what is not asked for.
type options struct {
	summary, results string
	// skips matches the reasons for which a test may be skipped.
	skips string
}

func main() {
	var opts options
	flag.StringVar(&opts.summary, "summary", "", "also write the final counts to `FILE`")
	flag.StringVar(&opts.results, "results", "", "also write commit, duration and counts to `FILE` as JSON")
	flag.StringVar(&opts.skips, "skips", "", "fail where a test is skipped for a reason that does not match `REGEXP`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, opts, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(1)
	}
}

// run runs go test with the arguments, prints its report to out and returns an
// error where anything failed.
func run(ctx context.Context, out io.Writer, opts options, args []string) error {
	allowed, err := regexp.Compile(opts.skips)
	if err != nil {
		return fmt.Errorf("-skips: %w", err)
	}
	command := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("start go test: %w", err)
	}
	report := newReport(out)
	readErr := report.read(stdout)
	if readErr != nil {
		// Let go test end rather than block on a full pipe.
		_, _ = io.Copy(io.Discard, stdout)
	}
	waitErr := command.Wait()
	report.finish()
	if opts.summary != "" {
		waitErr = errors.Join(waitErr, os.WriteFile(opts.summary, []byte(report.summary()), 0o644))
	}
	if opts.results != "" {
		waitErr = errors.Join(waitErr, report.write(ctx, opts.results))
	}
	return errors.Join(readErr, waitErr, report.unexcused(allowed))
}
