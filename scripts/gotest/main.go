// Command gotest runs go test and ends with what a reader wants to know: how
// many tests passed, failed and were skipped, and why each skip happened.
//
//	go run ./scripts/gotest [-summary FILE] [-results FILE] -- [go test arguments]
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
	"syscall"
)

func main() {
	summary := flag.String("summary", "", "also write the final counts to `FILE`")
	results := flag.String("results", "", "also write commit, duration and counts to `FILE` as JSON")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, *summary, *results, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(1)
	}
}

// run runs go test with the arguments, prints its report to out and returns an
// error where anything failed.
func run(ctx context.Context, out io.Writer, summaryFile, resultsFile string, args []string) error {
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
	if summaryFile != "" {
		waitErr = errors.Join(waitErr, os.WriteFile(summaryFile, []byte(report.summary()), 0o644))
	}
	if resultsFile != "" {
		waitErr = errors.Join(waitErr, report.write(ctx, resultsFile))
	}
	return errors.Join(readErr, waitErr)
}
