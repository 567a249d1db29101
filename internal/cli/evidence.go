package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// evidence is a piece as the API describes it.
type evidence struct {
	ID, Host, What, Path, Container, Inode, Process, Alert, By string
	State, Detail, SHA256, Mode                                string
	Asked, Collected                                           time.Time
	Modified                                                   time.Time `json:"mtime"`
	Size                                                       int64
	Uses                                                       []struct {
		Time          time.Time
		Actor, Action string
	}
}

func evidenceCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "evidence", Short: "Collect, list, show and export evidence of hosts", Args: cobra.NoArgs}
	listed := evidenceListCommand()
	cmd.RunE = listed.RunE
	cmd.Flags().AddFlagSet(listed.Flags())
	cmd.AddCommand(listed, evidenceShowCommand(), evidenceExportCommand(), evidenceCollectCommand(), evidenceRemoveCommand())
	return cmd
}

func evidenceListCommand() *cobra.Command {
	var asJSON bool
	var host, alert string
	cmd := &cobra.Command{
		Use: "list", Short: "List what was collected of hosts, and what they were asked for", Args: cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			query := url.Values{}
			for name, value := range map[string]string{"host": host, "alert": alert} {
				if value != "" {
					query.Set(name, value)
				}
			}
			heads := []string{"ASKED", "HOST", "WHAT", "STATE", "SIZE", "PATH", "BY", "ID"}
			return listing(ctx, c, cmd.OutOrStdout(), "/evidence", query, asJSON, heads, func(e evidence) []string {
				return []string{stamp(e.Asked), e.Host, e.What, e.State, bytesText(uint64(e.Size)), e.Path, e.By, e.ID}
			})
		}),
	}
	cmd.Flags().StringVar(&host, "host", "", "of this host")
	cmd.Flags().StringVar(&alert, "alert", "", "asked for on behalf of this alert")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func evidenceShowCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "show ID", Short: "Show a piece of evidence with its chain of custody", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			return callAndShow(ctx, c, cmd, http.MethodGet, "/evidence/"+url.PathEscape(args[0]), nil, asJSON)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as one JSON object")
	return cmd
}

// callAndShow prints the evidence that a call answers with.
func callAndShow(ctx context.Context, c *client, cmd *cobra.Command, method, path string, body any, asJSON bool) error {
	var whole json.RawMessage
	if err := c.call(ctx, method, path, body, &whole); err != nil {
		return err
	}
	var e evidence
	if err := json.Unmarshal(whole, &e); err != nil {
		return unreachable("read the answer: %w", err)
	}
	if asJSON {
		if err := printLine(cmd.OutOrStdout(), whole); err != nil {
			return err
		}
	} else {
		showEvidence(cmd, &e)
	}
	if method == http.MethodPost && e.State != "stored" {
		return no("it is %s: %s", clean(e.State), plain(e.Detail))
	}
	return nil
}

func showEvidence(cmd *cobra.Command, e *evidence) {
	out := cmd.OutOrStdout()
	for _, line := range [][2]string{
		{"id", e.ID},
		{"host", e.Host},
		{"what", e.What},
		{"path", e.Path},
		{"container", e.Container},
		{"inode", e.Inode},
		{"process", e.Process},
		{"mode", e.Mode},
		{"changed", stamp(e.Modified)},
		{"sha256", e.SHA256},
		{"asked by", e.By},
		{"for alert", e.Alert},
		{"asked", stamp(e.Asked)},
		{"collected", stamp(e.Collected)},
		{"state", e.State},
		{"because", e.Detail},
	} {
		if line[1] != "" {
			fmt.Fprintf(out, "%-10s %s\n", line[0], plain(line[1]))
		}
	}
	if e.State == "stored" {
		fmt.Fprintf(out, "%-10s %s\n", "size", bytesText(uint64(e.Size)))
	}
	for _, u := range e.Uses {
		fmt.Fprintf(out, "%-10s %s %s\n", clean(u.Action), stamp(u.Time), clean(u.Actor))
	}
}

func evidenceCollectCommand() *cobra.Command {
	body := map[string]string{}
	var file, image, process, inode, sum, container, alert string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "collect HOST",
		Short: "Collect a file, what a process executes, or its memory map and environment; exit status 1 if it did not come",
		Args:  cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			body["host"], body["inode"], body["sha256"], body["container"], body["alert"] = args[0], inode, sum, container, alert
			wanted := 0
			for what, value := range map[string]string{"file": file, "image": image, "process": process} {
				if value == "" {
					continue
				}
				wanted++
				body["what"] = what
				if what == "file" {
					body["path"] = value
				} else {
					body["process"] = value
				}
			}
			if wanted != 1 {
				return errors.New("say what to collect: one of --file, --image and --process")
			}
			return callAndShow(ctx, c, cmd, http.MethodPost, "/evidence", body, asJSON)
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&file, "file", "", "absolute path of a file")
	flags.StringVar(&image, "image", "", "key of a process whose image is wanted, deleted or not")
	flags.StringVar(&process, "process", "", "key of a process whose memory map and environment are wanted")
	flags.StringVar(&inode, "inode", "", "key of the file that is meant; another is not taken")
	flags.StringVar(&sum, "sha256", "", "content that is meant; other content is not taken")
	flags.StringVar(&container, "container", "", "id of the container that the path is in")
	flags.StringVar(&alert, "alert", "", "id of the alert that it is wanted for")
	flags.BoolVar(&asJSON, "json", false, "print it as one JSON object")
	return cmd
}

func evidenceRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove ID", Short: "Remove the content of a piece of evidence; its record stays", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			if err := c.call(ctx, http.MethodDelete, "/evidence/"+url.PathEscape(args[0]), nil, nil); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is removed\n", clean(args[0]))
			return nil
		}),
	}
}
