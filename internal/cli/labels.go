package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"baize/internal/incident"
	"baize/internal/label"
)

func labelsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "labels", Short: "Say which service, owner and group hosts and images belong to: list, set, remove", Args: cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			heads := []string{"KIND", "MATCH", "SERVICE", "OWNER", "GROUP", "BY", "AT", "ID"}
			return listing(ctx, c, cmd.OutOrStdout(), "/labels", nil, asJSON, heads, func(a label.Assignment) []string {
				return []string{a.Kind, a.Match, a.Service, a.Owner, a.Group, a.By, stamp(a.At), a.ID}
			})
		}),
	}
	jsonFlag(cmd, &asJSON)
	cmd.AddCommand(labelSetCommand(), labelRemoveCommand())
	return cmd
}

func labelSetCommand() *cobra.Command {
	var l label.Labels
	cmd := &cobra.Command{
		Use:   "set host|image MATCH [--service NAME] [--owner NAME] [--group NAME]",
		Short: "Give labels to hosts or images, instead of those that the same match had, and print their id",
		Long: `Give labels to hosts or images, instead of those that the same match had.

MATCH is the id or name of hosts, or the name of images; * stands for any text.
Where several match, each label is that of the assignment that says most about
the name: the id, the name, then the pattern with most text of its own. What
happens in a container of an image with labels has those, not the host's.`,
		Args: cobra.ExactArgs(2),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			var made label.Assignment
			wish := map[string]any{"kind": args[0], "match": args[1], "service": l.Service, "owner": l.Owner, "group": l.Group}
			if err := c.call(ctx, http.MethodPut, "/labels", wish, &made); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), clean(made.ID))
			return err
		}),
	}
	cmd.Flags().StringVar(&l.Service, "service", "", "the business that runs there")
	cmd.Flags().StringVar(&l.Owner, "owner", "", "who answers for it")
	cmd.Flags().StringVar(&l.Group, "group", "", "team, department or environment")
	return cmd
}

func labelRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove ID", Short: "Take labels from hosts or images", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, _ *cobra.Command, args []string) error {
			return c.call(ctx, http.MethodDelete, "/labels/"+url.PathEscape(args[0]), nil, nil)
		}),
	}
}

// labelText is labels on one line.
func labelText(l label.Labels) string {
	var said []string
	for _, part := range [][2]string{{"service", l.Service}, {"owner", l.Owner}, {"group", l.Group}} {
		if part[1] != "" {
			said = append(said, part[0]+" "+part[1])
		}
	}
	return strings.Join(said, ", ")
}

// siblingNames are the hosts of an incident's services that it has not hit.
func siblingNames(inc *incident.Incident) string {
	var names []string
	for _, s := range inc.Siblings {
		names = append(names, hostName(s.Name, s.ID))
	}
	said := strings.Join(names, ", ")
	if inc.MoreSiblings > 0 {
		said += fmt.Sprintf(" and %d more", inc.MoreSiblings)
	}
	return said
}
