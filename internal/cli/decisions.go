package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"baize/internal/alert"
	"baize/internal/incident"
)

// serverDecision is a decision as the API describes it.
type serverDecision struct {
	incident.Decision
	Withdrawn   time.Time `json:"withdrawn"`
	WithdrawnBy string    `json:"withdrawn_by"`
}

// decisionCommands are an analyst's hand on incidents.
func decisionCommands() []*cobra.Command {
	return []*cobra.Command{
		deciding("join INCIDENT OTHER", "Make two incidents one; the older id stays", cobra.ExactArgs(2), nil, func(args []string) map[string]any {
			return map[string]any{"kind": incident.DecideMerge, "incident": args[0], "with": args[1]}
		}),
		deciding("split INCIDENT ALERT...", "Take alerts out of an incident", cobra.MinimumNArgs(2), nil, func(args []string) map[string]any {
			return map[string]any{"kind": incident.DecideSplit, "incident": args[0], "alerts": args[1:]}
		}),
		deciding("move INCIDENT OTHER ALERT...", "Move alerts of an incident into another", cobra.MinimumNArgs(3), nil, func(args []string) map[string]any {
			return map[string]any{"kind": incident.DecideMove, "incident": args[0], "with": args[1], "alerts": args[2:]}
		}),
		demoteCommand(),
		deciding("reject INCIDENT REASON ENTITY", "Say that a reason is wrong: it ties nothing any more, and its like weigh less", cobra.ExactArgs(3), nil, func(args []string) map[string]any {
			return map[string]any{"kind": incident.DecideReject, "incident": args[0], "reason": args[1], "of": args[2]}
		}),
		deciding("confirm INCIDENT REASON ENTITY", "Say that a reason is right", cobra.ExactArgs(3), nil, func(args []string) map[string]any {
			return map[string]any{"kind": incident.DecideConfirm, "incident": args[0], "reason": args[1], "of": args[2]}
		}),
		closeCommand(),
		deciding("withdraw DECISION", "Undo a decision", cobra.ExactArgs(1), func(ctx context.Context, c *client, args []string) error {
			return c.call(ctx, http.MethodDelete, "/decisions/"+url.PathEscape(args[0]), nil, nil)
		}, nil),
		decisionListCommand(),
		reasonsCommand(),
	}
}

// deciding is a command that does, or else decides what its arguments say and
// prints the decision's id.
func deciding(use, short string, args cobra.PositionalArgs, do func(context.Context, *client, []string) error, wish func([]string) map[string]any) *cobra.Command {
	var note string
	cmd := &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			if do != nil {
				return do(ctx, c, args)
			}
			return decide(ctx, c, cmd, wish(args), note)
		}),
	}
	if do == nil {
		noteFlag(cmd, &note)
	}
	return cmd
}

func noteFlag(cmd *cobra.Command, note *string) {
	cmd.Flags().StringVar(note, "note", "", "why, for the audit log")
}

func decide(ctx context.Context, c *client, cmd *cobra.Command, wish map[string]any, note string) error {
	if note != "" {
		wish["note"] = note
	}
	var made incident.Decision
	if err := c.call(ctx, http.MethodPost, "/decisions", wish, &made); err != nil {
		return err
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), clean(made.ID))
	return err
}

func demoteCommand() *cobra.Command {
	var note, inode string
	cmd := &cobra.Command{
		Use: "demote TYPE VALUE", Short: "Say that an entity ties nothing: our NAT, our scanner",
		Long: "Say that an entity ties nothing. TYPE is " + strings.Join(alert.EntityTypes, ", ") + ".",
		Args: cobra.ExactArgs(2),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			entity := map[string]any{"type": args[0], "value": args[1]}
			if inode != "" {
				entity["inode"] = inode
			}
			return decide(ctx, c, cmd, map[string]any{"kind": incident.DecideDemote, "entity": entity}, note)
		}),
	}
	cmd.Flags().StringVar(&inode, "inode", "", "of a file: its inode, as the alert has it")
	noteFlag(cmd, &note)
	return cmd
}

func closeCommand() *cobra.Command {
	var note, verdict string
	cmd := &cobra.Command{
		Use: "close INCIDENT --verdict VERDICT", Short: "Close an incident; what follows is a recurrence of it", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			return decide(ctx, c, cmd, map[string]any{"kind": incident.DecideClose, "incident": args[0], "verdict": verdict}, note)
		}),
	}
	cmd.Flags().StringVar(&verdict, "verdict", "", strings.Join(incident.Verdicts, ", "))
	if err := cmd.MarkFlagRequired("verdict"); err != nil {
		panic(err) // The flag was defined above.
	}
	noteFlag(cmd, &note)
	return cmd
}

func decisionListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "decisions [INCIDENT]", Short: "List analysts' decisions, withdrawn ones included", Args: cobra.MaximumNArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			query := url.Values{}
			if len(args) > 0 {
				query.Set("incident", args[0])
			}
			heads := []string{"ID", "AT", "BY", "DECISION", "WITHDRAWN"}
			return listing(ctx, c, cmd.OutOrStdout(), "/decisions", query, asJSON, heads, func(d serverDecision) []string {
				return []string{d.ID, stamp(d.At), d.By, d.String(), stamp(d.Withdrawn)}
			})
		}),
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func reasonsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "reasons", Short: "List the reasons that analysts confirmed or rejected, and what they weigh since", Args: cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			heads := []string{"REASON", "CONFIRMED", "REJECTED", "WEIGHT", "WAS"}
			return listing(ctx, c, cmd.OutOrStdout(), "/reasons", url.Values{}, asJSON, heads, func(t incident.Taught) []string {
				weight := func(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }
				return []string{t.Reason, strconv.Itoa(t.Confirmed), strconv.Itoa(t.Rejected), weight(t.Weight), weight(t.Was)}
			})
		}),
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
