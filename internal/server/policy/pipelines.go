package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"baize/internal/engine"
	"baize/internal/sigma"
)

// readPipelines returns the processing pipelines of a directory, which need
// not be there, as files of the rules in force. They run in the order of their
// names where their priorities are equal.
func readPipelines(dir string) ([]engine.RuleFile, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.yml"))
	if err != nil {
		return nil, err
	}
	var files []engine.RuleFile
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err == nil && len(data) > MaxFile {
			err = fmt.Errorf("%w: %d bytes, at most %d", ErrLimit, len(data), MaxFile)
		}
		if err != nil {
			return nil, fmt.Errorf("read pipeline %s: %w", name, err)
		}
		files = append(files, engine.RuleFile{Path: sigma.PipelineDir + "/" + filepath.Base(name), Text: strings.ToValidUTF8(string(data), "\uFFFD")})
	}
	return files, nil
}

// brokenPipelines are what is wrong with the pipelines of the server. One that
// cannot be used is not in force, and stops nothing else.
func brokenPipelines(report *sigma.Report) []sigma.Problem {
	if report == nil {
		return nil
	}
	return append(append([]sigma.Problem{}, report.Invalid...), report.Unsupported...)
}
