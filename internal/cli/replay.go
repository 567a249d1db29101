package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"baize/content"
	"baize/internal/engine"
	"baize/internal/replay"
)

// maxReported bounds the bad lines that are named one by one; all are counted.
const maxReported = 100

func replayCommand() *cobra.Command {
	var rules, pipelines []string
	var out string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "replay [--rules DIR]... [--pipeline FILE]... [--out DIR] FILE...",
		Short: "Run telemetry from files through the engine",
		Long: "Run events (NDJSON, optionally gzip or zstd, - for stdin) through the engine that runs live.\n" +
			"Without --rules the rules are those that the log says were in force, and those that come\n" +
			"with Baize where it does not. --out gets alerts.ndjson,\n" +
			"incidents.ndjson and provenance.ndjson. The same input gives the same bytes.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			loaded, err := replayRules(cmd.ErrOrStderr(), rules, pipelines)
			if err != nil {
				return err
			}
			pinned := len(rules) > 0 || len(pipelines) > 0
			return replayFiles(cmd, engine.Config{Rules: loaded, PinRules: pinned}, out, files, asJSON)
		},
	}
	cmd.Flags().StringArrayVar(&rules, "rules", nil, "directory of Sigma rules (may be repeated)")
	pipelineFlag(cmd, &pipelines)
	cmd.Flags().StringVar(&out, "out", "", "directory for the results")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the summary as JSON")
	return cmd
}

func replayFiles(cmd *cobra.Command, config engine.Config, out string, files []string, asJSON bool) error {
	report := &badLines{out: cmd.ErrOrStderr()}
	summary, err := replay.Run(replay.Options{
		Files: files, Stdin: cmd.InOrStdin(), Out: out, Engine: config, Bad: report.add,
	})
	switch {
	case errors.Is(err, replay.ErrFormat):
		return &exitError{code: exitUsage, err: err}
	case err != nil:
		return unreachable("replay: %w", err)
	}
	if err := printSummary(cmd.OutOrStdout(), &summary, config.PinRules, asJSON); err != nil {
		return unreachable("writing the summary: %w", err)
	}
	return report.result("an event", int(summary.Events))
}

// replayRules loads the rules of the directories, or those that come with
// Baize. Rules that are not in force are named; they stop nothing.
func replayRules(stderr io.Writer, dirs, pipelines []string) (engine.Rules, error) {
	roots, err := ruleRoots(dirs, pipelines)
	if err != nil {
		return nil, err
	}
	if len(dirs) == 0 {
		roots = append([]fs.FS{content.Rules()}, roots...)
	}
	rules, report, err := engine.LoadRules(roots...)
	if err != nil {
		return nil, unreachable("%w", err)
	}
	for _, p := range report.Invalid {
		fmt.Fprintf(stderr, "rule not in force, invalid: %s\n", p)
	}
	for _, p := range report.Unsupported {
		fmt.Fprintf(stderr, "rule not in force, unsupported: %s\n", p)
	}
	return rules, nil
}

func printSummary(out io.Writer, s *replay.Summary, pinned, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(s)
	}
	span := "no events"
	if s.Events > 0 {
		span = fmt.Sprintf("%d events of %d hosts from %s to %s", s.Events, s.Hosts, s.First.Format(time.RFC3339), s.Last.Format(time.RFC3339))
	}
	if s.LogRules != "" && pinned {
		span += "\nthe log was made with other rules: " + s.LogRules
	}
	if s.Problem != "" {
		span += "\nnot all of the log was followed: " + s.Problem
	}
	if s.Hidden > 0 {
		span += fmt.Sprintf("\n%d firings hidden by exceptions", s.Hidden)
	}
	_, err := fmt.Fprintf(out, "%s\n%d alerts in %d incidents\n", span, s.Alerts, s.Incidents)
	return err
}

// badLines names the lines of foreign input that were left out.
type badLines struct {
	out   io.Writer
	count int
}

func (b *badLines) add(err error) {
	if b.count++; b.count <= maxReported {
		fmt.Fprintln(b.out, err)
	}
}

// result says how much was left out. Input of which nothing could be read is
// an answer of no.
func (b *badLines) result(what string, read int) error {
	if b.count == 0 {
		return nil
	}
	if read == 0 {
		return no("none of %d lines is %s", b.count, what)
	}
	fmt.Fprintf(b.out, "%d lines were not %s and were left out\n", b.count, what)
	return nil
}
