// Command demo performs the intrusion of the incident report on this machine,
// for real and harmlessly, and says for each of the 18 lines of the report
// whether the analyst sees it. It exits 0 only if every line that is built holds.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"baize/internal/launch"
	"baize/test/story"
)

var errFailed = errors.New("a line that is built does not hold")

func main() {
	keep := flag.Bool("keep", false, "leave everything running until Ctrl-C")
	report := flag.String("report", "demo.json", "write the lines to `FILE`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Stdout, *report, *keep)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "make demo:", err)
	}
	switch {
	case errors.Is(err, launch.ErrPrerequisite):
		os.Exit(3)
	case err != nil:
		os.Exit(1)
	}
}

// patience is how long the lines may take to settle after the intrusion.
const patience = 20 * time.Second

func run(ctx context.Context, out io.Writer, report string, keep bool) (err error) {
	home, err := story.TempHome()
	if err != nil {
		return err
	}
	output, err := story.Output(home)
	if err != nil {
		return err
	}
	defer output.Close()
	fmt.Fprintln(out, "starting the server, three hosts with an agent each, and the outside world; state in", home)
	stage, err := story.Open(ctx, options(home, output))
	defer func() {
		err = errors.Join(err, stage.Close())
		err = errors.Join(err, discard(home, err == nil))
	}()
	if err != nil {
		return err
	}
	lines, err := play(ctx, out, stage)
	if err != nil {
		return err
	}
	if keep {
		hold(ctx, out, stage)
	}
	return conclude(out, report, lines)
}

func options(home string, output *os.File) story.Options {
	bin, err := filepath.Abs("bin")
	if err != nil {
		bin = "bin"
	}
	return story.Options{
		Bin: bin, Home: home, Name: "baize-demo", Fleet: true, Beacons: 5, Output: output,
		Log: slog.New(slog.NewTextHandler(io.MultiWriter(os.Stderr, output), nil)),
	}
}

// play performs the intrusion and prints what the analyst has on the screen.
func play(ctx context.Context, out io.Writer, stage *story.Stage) ([]story.Line, error) {
	fmt.Fprintln(out, "the intruder is at work: a probe of the API, two rounds with retries, and a second host")
	if err := stage.Intrude(ctx, nil); err != nil {
		return nil, fmt.Errorf("intrusion: %w", err)
	}
	facts, _, err := stage.Settled(ctx, patience)
	if err != nil {
		return nil, err
	}
	describe(out, &facts)
	fmt.Fprintln(out, "\nthe aftermath: a job is left and taken away, the trojans are removed, the agent is killed")
	if facts.Aftermath, err = stage.Aftermath(ctx, &facts); err != nil {
		return nil, fmt.Errorf("aftermath: %w", err)
	}
	fmt.Fprintln(out, "the response: the intruder tries again; his tree is frozen, let go, frozen again and ended, and his file taken")
	response := stage.Respond(ctx)
	facts.Response = &response
	fmt.Fprintln(out, "the holes: a probe is put into each of the running services, and the intruder goes on through them")
	facts.Probing = stage.Probe(ctx, patience)
	return facts.Judge(), nil
}

// describe prints the intrusion's incidents as the console has them.
func describe(out io.Writer, facts *story.Facts) {
	wanted := map[string]bool{}
	for _, a := range facts.Intrusion() {
		wanted[a.Incident] = true
	}
	for _, i := range facts.Incidents {
		if !wanted[i.ID] {
			continue
		}
		fmt.Fprintf(out, "\nincident %s  %s  score %d  %s\n%s\n", i.ID, i.Level, i.Score, i.Title, i.Account)
		for _, a := range facts.Alerts {
			if a.Incident == i.ID {
				fmt.Fprintf(out, "  %s  %-6s %-8s %4d×  %s\n", a.Time.Format("15:04:05.000"), a.Host.Name, a.Rule.Level, max(a.Count, 1), a.Rule.Title)
			}
		}
	}
}

// conclude prints the lines, writes the report, and is an error where a line fails.
func conclude(out io.Writer, report string, lines []story.Line) error {
	fmt.Fprintln(out)
	var err error
	for _, line := range lines {
		fmt.Fprintf(out, "%-6s %2d  %s\n", line.State, line.Line, line.Evidence)
		if line.State == story.Fail {
			err = errFailed
		}
	}
	text, encodeErr := json.MarshalIndent(lines, "", "  ")
	if encodeErr != nil {
		return encodeErr
	}
	return errors.Join(err, os.WriteFile(report, append(text, '\n'), 0o644))
}

// hold keeps the stage for somebody to look at.
func hold(ctx context.Context, out io.Writer, stage *story.Stage) {
	login, err := stage.Stack.Login(ctx)
	if err != nil {
		fmt.Fprintln(out, "no fresh password:", err)
		return
	}
	fmt.Fprintf(out, "\nconsole %s  user %s  password %s (good for one login)\nCtrl-C ends it.\n", login.URL, login.User, login.Password)
	<-ctx.Done()
}

// discard removes the state of a demo that held, and keeps it where it did not.
func discard(home string, held bool) error {
	if held {
		return os.RemoveAll(home)
	}
	fmt.Fprintln(os.Stderr, "the state and the programs' log are kept in", home)
	return nil
}
