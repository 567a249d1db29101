package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"baize/internal/incident/mergeio"
)

func incidentsMergeCommand() *cobra.Command {
	var baseline string
	cmd := &cobra.Command{
		Use:   "merge [--baseline FILE] FILE",
		Short: "Merge the alerts of FILE (NDJSON in order of arrival, - for stdin) into incidents",
		Long: "Merge alerts, whoever raised them, and print one line for each in input order:\n" +
			`{"alert":ID,"incident":ID,"reasons":[{"with":ALERT,"type","entity","weight"}]}.` + "\n" +
			`The baseline names what is ordinary on the fleet, one {"type","value"} a line.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return mergeFile(cmd, baseline, args[0])
		},
	}
	cmd.Flags().StringVar(&baseline, "baseline", "", "entities that are ordinary on the fleet (NDJSON)")
	return cmd
}

func mergeFile(cmd *cobra.Command, baseline, name string) error {
	report := &badLines{out: cmd.ErrOrStderr()}
	var common map[string]bool
	if baseline != "" {
		err := withInput(cmd, baseline, func(in io.Reader) (err error) {
			common, err = mergeio.ReadBaseline(in, func(err error) { report.add(fmt.Errorf("%s: %w", baseline, err)) })
			return err
		})
		if err != nil {
			return err
		}
	}
	merged := 0
	err := withInput(cmd, name, func(in io.Reader) (err error) {
		merged, err = mergeio.Merge(in, cmd.OutOrStdout(), common, func(err error) { report.add(fmt.Errorf("%s: %w", name, err)) })
		return err
	})
	if err != nil {
		return err
	}
	return report.result("an alert", merged)
}

// withInput opens a file by name, or stdin for "-".
func withInput(cmd *cobra.Command, name string, do func(io.Reader) error) (err error) {
	if name == "-" {
		return wrapInput("stdin", do(cmd.InOrStdin()))
	}
	file, err := os.Open(name)
	if err != nil {
		return unreachable("%w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return wrapInput(name, do(file))
}

func wrapInput(name string, err error) error {
	if err == nil {
		return nil
	}
	return unreachable("%s: %w", name, err)
}
