package cli

import "github.com/spf13/cobra"

func incidentsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "incidents", Short: "List, show and merge incidents"}
	cmd.AddCommand(incidentsMergeCommand())
	return cmd
}
