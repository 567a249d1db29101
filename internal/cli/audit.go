package cli

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

func auditCommand() *cobra.Command {
	var asJSON bool
	type entry struct {
		Time                                  time.Time
		Actor, Source, Action, Target, Detail string
		Status                                int
	}
	cmd := &cobra.Command{
		Use: "audit", Short: "List who did what, oldest first", Args: cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			heads := []string{"TIME", "WHO", "FROM", "ACTION", "STATUS", "TARGET", "DETAIL"}
			return listing(ctx, c, cmd.OutOrStdout(), "/audit", url.Values{}, asJSON, heads, func(e entry) []string {
				return []string{stamp(e.Time), e.Actor, e.Source, e.Action, strconv.Itoa(e.Status), e.Target, e.Detail}
			})
		}),
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
