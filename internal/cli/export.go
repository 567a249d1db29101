package cli

import (
	"context"
	"io"
	"net/http"

	"github.com/spf13/cobra"
)

func exportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Write the engine's log as NDJSON: what baize replay reads",
		Long:  "Write the engine's log to standard output, one event a line, from the oldest that is kept to the newest. Replaying it gives the alerts and incidents that the server has.",
		Args:  cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			response, err := c.do(ctx, http.MethodGet, "/export", nil)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			if _, err := io.Copy(cmd.OutOrStdout(), response.Body); err != nil {
				return unreachable("the export broke off, what was written is not the whole log: %w", err)
			}
			return nil
		}),
	}
}
