package app

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"baize/content"
	"baize/internal/engine"
	"baize/internal/server/state"
	"baize/internal/sigma"
)

// loadRules compiles the rules that come with the server. They are tested with
// it: an invalid one is a defect, and is not left out in silence.
func (s *Server) loadRules(ctx context.Context) (engine.Rules, error) {
	roots := []fs.FS{content.Rules()}
	pipelines, err := readPipelines(s.config.dir(sigma.PipelineDir))
	if err != nil {
		return nil, err
	}
	if pipelines != nil {
		roots = append(roots, pipelines)
	}
	rules, report, err := engine.LoadRules(roots...)
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	for _, p := range report.Unsupported {
		s.config.Logger.Warn("rule is unsupported", "problem", p)
	}
	for _, p := range report.Invalid {
		if !sigma.IsPipeline(p.File) {
			return nil, fmt.Errorf("%d of the embedded rules are invalid, the first: %s", len(report.Invalid), p)
		}
		s.config.Logger.Error("processing pipeline is not in force", "problem", p)
	}
	return rules, s.keepRules(ctx, rules.Digest(), roots)
}

// readPipelines returns the pipelines of a directory, which need not be there,
// as a root of rules.
func readPipelines(dir string) (fs.FS, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.yml"))
	if err != nil || len(names) == 0 {
		return nil, err
	}
	var files []sigma.PipelineFile
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read pipeline: %w", err)
		}
		files = append(files, sigma.PipelineFile{Name: strings.TrimSuffix(filepath.Base(name), ".yml"), Data: data})
	}
	return sigma.PipelineRoot(files)
}

// keepRules keeps the content behind the digest that the engine's log names.
func (s *Server) keepRules(ctx context.Context, digest string, roots []fs.FS) error {
	var body bytes.Buffer
	archive := zip.NewWriter(&body)
	var failed error
	for _, root := range roots {
		failed = errors.Join(failed, archive.AddFS(root))
	}
	if err := errors.Join(failed, archive.Close()); err != nil {
		return fmt.Errorf("pack rules: %w", err)
	}
	return s.stores.state.AddRules(ctx, state.RuleRevision{Digest: digest, Body: body.Bytes(), Author: "baize-server " + s.config.Version, Created: time.Now()})
}
