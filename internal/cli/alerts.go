package cli

import (
	"context"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"baize/internal/alert"
)

func alertsCommand() *cobra.Command {
	var since, host, incident string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "alerts",
		Short: "List alerts, oldest first",
		Args:  cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			query := url.Values{}
			for name, value := range map[string]string{"since": since, "host": host, "incident": incident} {
				if value != "" {
					query.Set(name, value)
				}
			}
			return listing(ctx, c, cmd.OutOrStdout(), "/alerts", query, asJSON, alertHeads, alertRow)
		}),
	}
	cmd.Flags().StringVar(&since, "since", "", "fired at or after: a duration back from now like 1h30m, or a time like 2026-01-02T03:04:05Z")
	cmd.Flags().StringVar(&host, "host", "", "id of a host")
	cmd.Flags().StringVar(&incident, "incident", "", "id of an incident")
	jsonFlag(cmd, &asJSON)
	return cmd
}

var alertHeads = []string{"TIME", "LEVEL", "HOST", "COUNT", "ALERT", "INCIDENT", "ID", "PROCESS"}

func alertRow(a alert.Alert) []string {
	title, level := a.Kind, ""
	if a.Rule != nil {
		title, level = a.Rule.Title, a.Rule.Level
	}
	return []string{
		stamp(a.Time), level, hostName(a.Host.Name, a.Host.ID), strconv.FormatUint(max(a.Count, 1), 10),
		title, a.Incident, a.ID, commandLine(&a),
	}
}

// commandLine is what the process of the evidence was doing.
func commandLine(a *alert.Alert) string {
	if a.Event == nil || a.Event.Process == nil {
		return ""
	}
	if line := a.Event.Process.CommandLine; line != "" {
		return line
	}
	return a.Event.Process.Executable
}

func hostName(name, id string) string {
	if name != "" {
		return name
	}
	return id
}
