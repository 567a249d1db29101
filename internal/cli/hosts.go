package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"baize/internal/label"
)

// host is a host as the API describes it.
type host struct {
	ID, Name       string
	Labels         label.Labels
	Connected      bool
	LastSeen       time.Time `json:"last_seen"`
	Version        string
	Kernel         string
	Tier           uint32
	Armed, Revoked bool
	Scope          string
	SpoolBytes     uint64  `json:"spool_bytes"`
	RSSBytes       uint64  `json:"rss_bytes"`
	CPUSeconds     float64 `json:"cpu_seconds"`
	Processes      uint64
	Classes        []class
	Hooks          []struct {
		Name     string
		Attached bool
		Error    string
	}
}

// class is the completeness of one class of events.
type class struct {
	Class, State string
	Seen, Lost   uint64
}

func hostsCommand() *cobra.Command {
	var asJSON bool
	list := online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
		return listing(ctx, c, cmd.OutOrStdout(), "/hosts", url.Values{}, asJSON, hostHeads, hostRow)
	})
	cmd := &cobra.Command{Use: "hosts", Short: "List, show, ask and revoke hosts", Args: cobra.NoArgs, RunE: list}
	jsonFlag(cmd, &asJSON)
	listed := &cobra.Command{Use: "list", Short: "List hosts", Args: cobra.NoArgs, RunE: list}
	jsonFlag(listed, &asJSON)
	cmd.AddCommand(listed, hostShowCommand(), hostPingCommand(), hostStatCommand(), hostRevokeCommand())
	return cmd
}

var hostHeads = []string{"NAME", "SERVICE", "OWNER", "GROUP", "STATE", "SENSOR", "TIER", "LOST", "SPOOL", "MEMORY", "LAST SEEN", "VERSION", "KERNEL", "ID"}

func hostRow(h host) []string {
	var lost uint64
	for _, c := range h.Classes {
		lost += c.Lost
	}
	return []string{
		h.Name, h.Labels.Service, h.Labels.Owner, h.Labels.Group, h.state(), h.sensor(), strconv.FormatUint(uint64(h.Tier), 10), strconv.FormatUint(lost, 10),
		bytesText(h.SpoolBytes), bytesText(h.RSSBytes), ago(h.LastSeen), h.Version, h.Kernel, h.ID,
	}
}

func (h *host) state() string {
	switch {
	case h.Revoked:
		return "revoked"
	case h.Connected:
		return "connected"
	}
	return "away"
}

func (h *host) sensor() string {
	switch {
	case !h.Connected:
		return "unknown"
	case h.Armed:
		return "armed"
	}
	return "not armed"
}

func hostShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show HOST",
		Short: "Show one host with the health of its sensor",
		Args:  cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			var whole json.RawMessage
			if err := c.call(ctx, http.MethodGet, "/hosts/"+url.PathEscape(args[0]), nil, &whole); err != nil {
				return err
			}
			if asJSON {
				return printLine(cmd.OutOrStdout(), whole)
			}
			var h host
			if err := json.Unmarshal(whole, &h); err != nil {
				return unreachable("read the answer: %w", err)
			}
			return showHost(cmd, &h)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the host as one JSON object")
	return cmd
}

func showHost(cmd *cobra.Command, h *host) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s (%s)\n%s, last seen %s; agent %s on kernel %s\nsensor %s at tier %d, scope %s, %d processes\nmemory %s, CPU %.1f s, spool %s\n\n",
		clean(h.Name), clean(h.ID), h.state(), ago(h.LastSeen), clean(h.Version), clean(h.Kernel),
		h.sensor(), h.Tier, clean(h.Scope), h.Processes, bytesText(h.RSSBytes), h.CPUSeconds, bytesText(h.SpoolBytes))
	if l := h.Labels; l != (label.Labels{}) {
		fmt.Fprintf(out, "%s\n\n", clean(labelText(l)))
	}
	classes := newTable(out, "CLASS", "STATE", "SEEN", "LOST")
	for _, c := range h.Classes {
		classes.row(c.Class, c.State, strconv.FormatUint(c.Seen, 10), strconv.FormatUint(c.Lost, 10))
	}
	if err := classes.flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	hooks := newTable(out, "HOOK", "ATTACHED", "ERROR")
	for _, hook := range h.Hooks {
		hooks.row(hook.Name, strconv.FormatBool(hook.Attached), hook.Error)
	}
	return hooks.flush()
}

func hostPingCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "ping HOST",
		Short: "Send a host a signed command that does nothing, and wait for its answer",
		Args:  cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			var result struct {
				State, Detail string
				Milliseconds  float64
			}
			if err := c.call(ctx, http.MethodPost, "/hosts/"+url.PathEscape(args[0])+"/ping", nil, &result); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), strings.TrimSpace(fmt.Sprintf("%s: %s in %.1f ms %s", clean(args[0]), clean(result.State), result.Milliseconds, plain(result.Detail))))
			if result.State != "done" {
				return no("the host answered %s", clean(result.State))
			}
			return nil
		}),
	}
}

func hostRevokeCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke HOST",
		Short: "End a host's identity for good: its agent has to enrol again as a new host",
		Args:  cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			if err := c.call(ctx, http.MethodPost, "/hosts/"+url.PathEscape(args[0])+"/revoke", nil, nil); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is revoked\n", clean(args[0]))
			return nil
		}),
	}
}
