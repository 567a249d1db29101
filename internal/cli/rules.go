package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"baize/internal/ruletest"
	"baize/internal/sigma"
)

// maxLine bounds one line of input in bytes.
const maxLine = 16 << 20

func rulesCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "Check, match, test and explain Sigma rules; manage those of the server"}
	cmd.AddCommand(packCommands()...)
	cmd.AddCommand(rulesCheckCommand(), rulesMatchCommand(), rulesTestCommand(), rulesExplainCommand())
	return cmd
}

func rulesMatchCommand() *cobra.Command {
	var dir string
	var pipelines []string
	cmd := &cobra.Command{
		Use:   "match --rules DIR [--pipeline FILE]... FILE",
		Short: "Match the events of FILE (NDJSON, - for stdin) against the rules below DIR",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return matchFile(cmd, dir, pipelines, args[0])
		},
	}
	pipelineFlag(cmd, &pipelines)
	cmd.Flags().StringVar(&dir, "rules", "", "directory of rules")
	if err := cmd.MarkFlagRequired("rules"); err != nil {
		panic(err) // The flag was defined on the line above.
	}
	return cmd
}

func matchFile(cmd *cobra.Command, dir string, pipelines []string, name string) error {
	roots, err := ruleRoots([]string{dir}, pipelines)
	if err != nil {
		return err
	}
	set, report := sigma.Load(roots...)
	for _, p := range report.Unsupported {
		fmt.Fprintf(cmd.ErrOrStderr(), "unsupported: %s\n", p)
	}
	for _, p := range report.Invalid {
		fmt.Fprintf(cmd.ErrOrStderr(), "invalid: %s\n", p)
	}
	in := cmd.InOrStdin()
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return unreachable("reading events: %w", err)
		}
		defer file.Close()
		in = file
	}
	if err := matchLines(set, in, cmd.OutOrStdout(), cmd.ErrOrStderr()); err != nil {
		return unreachable("matching %s: %w", name, err)
	}
	return nil
}

func rulesTestCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "test DIR",
		Short: "Run the tests that stand beside the rules below DIR",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return testRules(cmd.OutOrStdout(), args[0], asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func testRules(out io.Writer, dir string, asJSON bool) error {
	root, err := openDir(dir)
	if err != nil {
		return err
	}
	result := ruletest.Run(root)
	if asJSON {
		err = json.NewEncoder(out).Encode(result)
	} else {
		for _, f := range result.Failures {
			fmt.Fprintln(out, f)
		}
		_, err = fmt.Fprintf(out, "%d rules, %d events, %d failures\n", result.Rules, result.Events, len(result.Failures))
	}
	if err != nil {
		return unreachable("writing the result: %w", err)
	}
	if n := len(result.Failures); n > 0 {
		return no("%d rule tests failed", n)
	}
	return nil
}

// openDir is the file system below a directory that is there.
func openDir(dir string) (fs.FS, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, unreachable("reading rules: %w", err)
	}
	if !info.IsDir() {
		return nil, unreachable("reading rules: %s is not a directory", dir)
	}
	return os.DirFS(dir), nil
}
