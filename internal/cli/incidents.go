package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/incident"
)

func incidentsCommand() *cobra.Command {
	var status string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "incidents",
		Short: "List, show, merge, split, close incidents; lists oldest first",
		Args:  cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			query := url.Values{}
			if status != "" {
				query.Set("status", status)
			}
			return listing(ctx, c, cmd.OutOrStdout(), "/incidents", query, asJSON, incidentHeads, incidentRow)
		}),
	}
	cmd.Flags().StringVar(&status, "status", "", "open or closed")
	jsonFlag(cmd, &asJSON)
	cmd.AddCommand(incidentShowCommand(), incidentsMergeCommand())
	cmd.AddCommand(decisionCommands()...)
	return cmd
}

var incidentHeads = []string{"OPENED", "UPDATED", "STATUS", "LEVEL", "SCORE", "ALERTS", "HOSTS", "TITLE", "ID"}

func incidentRow(inc incident.Incident) []string {
	return []string{
		stamp(inc.Opened), stamp(inc.Updated), inc.Status, inc.Level, strconv.Itoa(inc.Score),
		strconv.Itoa(len(inc.Alerts)), hostNames(inc.Hosts), inc.Title, inc.ID,
	}
}

func hostNames(hosts []event.Host) string {
	var names []string
	for _, h := range hosts {
		names = append(names, hostName(h.Name, h.ID))
	}
	return strings.Join(names, ", ")
}

func incidentShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show INCIDENT",
		Short: "Show one incident: what happened, processes, alerts and why they belong together",
		Args:  cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			path := "/incidents/" + url.PathEscape(args[0])
			if asJSON {
				var whole json.RawMessage
				if err := c.call(ctx, http.MethodGet, path, nil, &whole); err != nil {
					return err
				}
				return printLine(cmd.OutOrStdout(), whole)
			}
			return showIncident(ctx, c, cmd.OutOrStdout(), path)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the incident as one JSON object")
	return cmd
}

func showIncident(ctx context.Context, c *client, out io.Writer, path string) error {
	var inc incident.Incident
	if err := c.call(ctx, http.MethodGet, path, nil, &inc); err != nil {
		return err
	}
	var processes struct{ Items []process }
	if err := c.call(ctx, http.MethodGet, path+"/processes", nil, &processes); err != nil {
		return err
	}
	printIncident(out, &inc)
	fmt.Fprintln(out, "\nProcesses")
	printForest(out, processes.Items)
	fmt.Fprintln(out, "\nAlerts")
	err := listing[alert.Alert](ctx, c, out, path+"/alerts", url.Values{}, false, alertHeads, alertRow)
	if err != nil {
		return err
	}
	return printReasons(out, inc.Reasons)
}

func printIncident(out io.Writer, inc *incident.Incident) {
	fmt.Fprintf(out, "%s\n%s, level %s, score %d, %d alerts (fired %d times) on %s\nopened %s, updated %s, id %s\n",
		plain(inc.Title), plain(inc.Status), plain(inc.Level), inc.Score, len(inc.Alerts), inc.Count, plain(hostNames(inc.Hosts)),
		stamp(inc.Opened), stamp(inc.Updated), plain(inc.ID))
	for _, l := range inc.Labels {
		fmt.Fprintln(out, plain(labelText(l)))
	}
	if len(inc.Siblings) > 0 {
		fmt.Fprintf(out, "not hit of the same services: %s\n", plain(siblingNames(inc)))
	}
	if len(inc.Tactics) > 0 {
		fmt.Fprintf(out, "tactics: %s\n", plain(strings.Join(inc.Tactics, ", ")))
	}
	if inc.Account != "" {
		fmt.Fprintf(out, "\n%s\n", plain(inc.Account))
	}
	for _, name := range slices.Sorted(maps.Keys(inc.Answers)) {
		answer := inc.Answers[name]
		fmt.Fprintf(out, "  %-12s %-9s %s\n", plain(name), plain(answer.State), plain(strings.Join(answer.Evidence, "; ")))
	}
}

func printReasons(out io.Writer, reasons []incident.Reason) error {
	if len(reasons) == 0 {
		return nil
	}
	fmt.Fprintln(out, "\nWhy they belong together")
	t := newTable(out, "ALERT", "WITH", "REASON", "ENTITY", "WEIGHT")
	for _, r := range reasons {
		t.row(r.B, r.A, r.Reason, r.Entity, strconv.FormatFloat(r.Weight, 'g', 3, 64))
	}
	return t.flush()
}
