package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"baize/internal/sigma"
)

func pipelineFlag(cmd *cobra.Command, files *[]string) {
	cmd.Flags().StringArrayVar(files, "pipeline", nil, "Sigma processing pipeline applied to the rules (may be repeated)")
}

// ruleRoots opens directories of rules, and pipelines given by their files.
func ruleRoots(dirs, pipelines []string) ([]fs.FS, error) {
	var roots []fs.FS
	for _, dir := range dirs {
		root, err := openDir(dir)
		if err != nil {
			return nil, err
		}
		roots = append(roots, root)
	}
	if len(pipelines) == 0 {
		return roots, nil
	}
	root, err := pipelineRoot(pipelines)
	return append(roots, root), err
}

// pipelineRoot reads pipelines. One that is asked for by name and cannot be
// used is an error: without it the rules would mean something else.
func pipelineRoot(names []string) (fs.FS, error) {
	var files []sigma.PipelineFile
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, unreachable("reading the pipeline: %w", err)
		}
		base := filepath.Base(name)
		files = append(files, sigma.PipelineFile{Name: strings.TrimSuffix(base, filepath.Ext(base)), Data: data})
	}
	root, err := sigma.PipelineRoot(files)
	if err != nil {
		return nil, unreachable("reading the pipeline: %w", err)
	}
	_, report := sigma.Load(root)
	if faults := append(report.Invalid, report.Unsupported...); len(faults) > 0 {
		return nil, unreachable("pipeline %s", faults[0])
	}
	return root, nil
}
