package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// results of a long run, as they are committed.
type results struct {
	Commit   string   `json:"commit"`
	Started  string   `json:"started"`
	Seconds  float64  `json:"seconds"`
	Passed   int      `json:"passed"`
	Failed   int      `json:"failed"`
	Skipped  int      `json:"skipped"`
	Skips    []string `json:"skips,omitempty"`
	Packages int      `json:"packages"`
}

// write writes the results to file.
func (r *report) write(ctx context.Context, file string) error {
	commit, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=40").Output()
	if err != nil {
		return fmt.Errorf("name the commit: %w", err)
	}
	text, err := json.MarshalIndent(results{
		Commit: strings.TrimSpace(string(commit)), Started: r.started.UTC().Format(time.RFC3339), Seconds: time.Since(r.started).Round(time.Second).Seconds(),
		Passed: r.passed, Failed: r.failed, Skipped: r.skipped, Skips: r.skips, Packages: r.packages,
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
