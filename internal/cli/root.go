// Package cli is the operator's command line: one file a command. Exit
// statuses are a contract: 0 it ran, 1 the answer is no, 2 wrong usage, 3
// cannot reach, not allowed or a prerequisite is missing.
package cli

import "github.com/spf13/cobra"

// New returns the root command of baize.
func New() *cobra.Command {
	root := &cobra.Command{
		Use:           "baize",
		Short:         "Operate Baize: hosts, alerts, incidents, rules and replays",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		statusCommand(), hostsCommand(), labelsCommand(), alertsCommand(), incidentsCommand(), traceCommand(), evidenceCommand(), respondCommand(),
		usersCommand(), tokensCommand(), auditCommand(), exportCommand(), loginCommand(),
		rulesCommand(), exceptionsCommand(), replayCommand(), probeCommand(),
	)
	return root
}
