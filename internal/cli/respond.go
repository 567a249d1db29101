package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"baize/internal/response"
)

// responseAction is an action as the API describes it.
type responseAction struct {
	ID, Host, Action, Subject, Reason, Incident, By, State, Detail string
	ApprovedBy                                                     string `json:"approved_by"`
	UndoneBy                                                       string `json:"undone_by"`
	UndoDetail                                                     string `json:"undo_detail"`
	Proposed                                                       time.Time
}

// preview is what a host says that an action would do.
type preview struct {
	State, Detail string
	Tree          *response.Tree
	Taken         *response.Taken
	Reverted      *response.Reverted
	Undone        *response.Undone
}

func respondCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "respond", Short: "Act on hosts: freeze, kill, quarantine, revert, and undo", Args: cobra.NoArgs}
	listed := respondListCommand()
	cmd.RunE = listed.RunE
	cmd.Flags().AddFlagSet(listed.Flags())
	cmd.AddCommand(
		acting(response.ActionFreeze, "freeze HOST PROCESS", "Make a process and all that descends from it stand still; thaw undoes it", "process"),
		acting(response.ActionKill, "kill HOST PROCESS", "End a process and all that descends from it", "process"),
		acting(response.ActionQuarantine, "quarantine HOST PATH", "Take a file away, into the host's vault; restore undoes it", "path"),
		revertCommand(),
		undoing("thaw ACTION", "Let a frozen tree go on"),
		undoing("restore ACTION", "Put a file back that was quarantined"),
		undoing("undo ACTION", "Undo an action, whichever it was"),
		approveCommand(), listed, respondShowCommand(), recordsCommand(),
	)
	return cmd
}

// asked is what the flags of an action say.
type asked struct {
	reason, incident, inode, sum, container string
	lines                                   []string
	dry, yes, propose, asJSON               bool
}

func (a *asked) flags(cmd *cobra.Command, file bool) {
	flags := cmd.Flags()
	flags.StringVar(&a.reason, "reason", "", "why, for the record and the audit log")
	flags.StringVar(&a.incident, "incident", "", "id of the incident that it is for")
	flags.BoolVar(&a.dry, "dry-run", false, "say what would be done now, and do nothing")
	flags.BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	flags.BoolVar(&a.propose, "propose", false, "propose it, for a responder to approve")
	flags.BoolVar(&a.asJSON, "json", false, "print the answer as one JSON object")
	if file {
		flags.StringVar(&a.container, "container", "", "id of the container that the path is in")
	}
}

// acting is a command that has a host act on a process or a file.
func acting(action, use, short, subject string) *cobra.Command {
	var a asked
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(2),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			return act(ctx, c, cmd, &a, map[string]any{"host": args[0], "action": action, subject: args[1]})
		}),
	}
	a.flags(cmd, subject == "path")
	cmd.Flags().StringVar(&a.inode, "inode", "", "what the process executes, or the file, that is meant; else a dry run finds it out and you are asked")
	if action == response.ActionQuarantine {
		cmd.Flags().StringVar(&a.sum, "sha256", "", "content that is meant; else a dry run finds it out and you are asked")
	}
	return cmd
}

func revertCommand() *cobra.Command {
	var a asked
	cmd := &cobra.Command{
		Use: "revert HOST PATH", Short: "Remove lines from a file that define what the host runs; undo puts them back", Args: cobra.ExactArgs(2),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			if len(a.lines) == 0 {
				return errors.New("say what to remove: --line, as often as there are lines")
			}
			return act(ctx, c, cmd, &a, map[string]any{"host": args[0], "action": response.ActionRevert, "path": args[1], "lines": a.lines})
		}),
	}
	a.flags(cmd, true)
	cmd.Flags().StringArrayVar(&a.lines, "line", nil, "a line to remove, as events tell it")
	return cmd
}

// act shows what would be done, asks, and has it done: to what the dry run saw,
// unless it was named.
func act(ctx context.Context, c *client, cmd *cobra.Command, a *asked, body map[string]any) error {
	for name, value := range map[string]string{"reason": a.reason, "incident": a.incident, "inode": a.inode, "sha256": a.sum, "container": a.container} {
		if value != "" {
			body[name] = value
		}
	}
	if strings.TrimSpace(a.reason) == "" && !a.dry {
		return errors.New("say why: --reason")
	}
	seen, err := previewAction(ctx, c, cmd, "/responses/preview", body, a.dry && a.asJSON)
	if err != nil || a.dry {
		return err
	}
	seen.pin(body)
	path := "/responses"
	if a.propose {
		path += "/proposals"
	} else if err := a.confirm(cmd); err != nil {
		return err
	}
	return answered(ctx, c, cmd, path, body, a.asJSON)
}

// previewAction asks for a dry run and prints it.
func previewAction(ctx context.Context, c *client, cmd *cobra.Command, path string, body any, asJSON bool) (preview, error) {
	var whole json.RawMessage
	var p preview
	if err := c.call(ctx, http.MethodPost, path, body, &whole); err != nil {
		return p, err
	}
	if err := json.Unmarshal(whole, &p); err != nil {
		return p, unreachable("read the answer: %w", err)
	}
	if asJSON {
		if err := printLine(cmd.OutOrStdout(), whole); err != nil {
			return p, err
		}
	} else {
		p.print(cmd)
	}
	if p.State != "done" {
		return p, no("the host answered %s: %s", clean(p.State), plain(p.Detail))
	}
	if why := p.refused(); why != "" {
		return p, no("the host would refuse: %s", plain(why))
	}
	return p, nil
}

func (p *preview) refused() string {
	switch {
	case p.Tree != nil:
		return p.Tree.Refused
	case p.Taken != nil:
		return p.Taken.Refused
	case p.Reverted != nil:
		return p.Reverted.Refused
	}
	return ""
}

// pin puts what the host saw into a request that does not name it.
func (p *preview) pin(body map[string]any) {
	pin := func(name, value string) {
		if _, named := body[name]; !named && value != "" {
			body[name] = value
		}
	}
	switch {
	case p.Tree != nil && len(p.Tree.Members) > 0:
		pin("inode", p.Tree.Members[0].Inode.String())
	case p.Taken != nil:
		pin("inode", p.Taken.Inode.String())
		pin("sha256", p.Taken.SHA256)
	}
}

func (p *preview) print(cmd *cobra.Command) {
	out := cmd.ErrOrStderr() // what is asked about; the answer goes to the output
	if cmd.Flag("dry-run").Changed {
		out = cmd.OutOrStdout()
	}
	switch {
	case p.Tree != nil:
		fmt.Fprintf(out, "%d processes:\n", p.Tree.Count)
		for _, m := range p.Tree.Members {
			fmt.Fprintf(out, "  %d  %s  %s  %s\n", m.Key.PID, clean(m.Name), clean(m.Executable), clean(m.Container))
		}
		if more := p.Tree.Count - len(p.Tree.Members); more > 0 {
			fmt.Fprintf(out, "  and %d more\n", more)
		}
	case p.Taken != nil && p.Taken.Refused == "":
		fmt.Fprintf(out, "%s, %s, inode %s\nsha256 %s\n", clean(p.Taken.Path), bytesText(uint64(p.Taken.Size)), p.Taken.Inode, clean(p.Taken.SHA256))
		for _, key := range p.Taken.Running {
			fmt.Fprintf(out, "process %d executes it, and goes on\n", key.PID)
		}
		if p.Taken.Links > 0 {
			fmt.Fprintf(out, "%d other names of it stay\n", p.Taken.Links)
		}
	case p.Reverted != nil && p.Reverted.Refused == "":
		fmt.Fprintf(out, "%s: lines %s\n", clean(p.Reverted.Path), strings.Trim(fmt.Sprint(p.Reverted.Lines), "[]"))
	case p.Undone != nil:
		fmt.Fprintf(out, "undoes %s of %s: %d processes go on%s\n", clean(p.Undone.Action), clean(p.Undone.Path), p.Undone.Count, clean(p.Undone.Detail))
	}
}

// confirm asks whoever is at the keyboard.
func (a *asked) confirm(cmd *cobra.Command) error {
	if a.yes {
		return nil
	}
	fmt.Fprint(cmd.ErrOrStderr(), "Do it? Type yes: ")
	line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if strings.TrimSpace(line) == "yes" {
		return nil
	}
	if err != nil {
		return errors.New("nobody is there to ask: pass --yes")
	}
	return no("nothing was done")
}

// answered has an action done and prints what came of it.
func answered(ctx context.Context, c *client, cmd *cobra.Command, path string, body any, asJSON bool) error {
	var whole json.RawMessage
	if err := c.call(ctx, http.MethodPost, path, body, &whole); err != nil {
		return err
	}
	var a responseAction
	if err := json.Unmarshal(whole, &a); err != nil {
		return unreachable("read the answer: %w", err)
	}
	if asJSON {
		if err := printLine(cmd.OutOrStdout(), whole); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(cmd.OutOrStdout(), "%s  %s of %s on %s: %s\n", clean(a.ID), clean(a.Action), clean(a.Subject), clean(a.Host), clean(a.State))
	}
	switch a.State {
	case "done", "undone", "proposed":
		if a.UndoDetail != "" && a.State == "done" {
			return no("it is not undone: %s", plain(a.UndoDetail))
		}
		return nil
	}
	return no("it is %s: %s", clean(a.State), plain(a.Detail))
}

func undoing(use, short string) *cobra.Command {
	var dry, asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			path := "/responses/" + url.PathEscape(args[0]) + "/undo"
			if dry {
				_, err := previewAction(ctx, c, cmd, path+"/preview", nil, asJSON)
				return err
			}
			return answered(ctx, c, cmd, path, nil, asJSON)
		}),
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would be undone now, and do nothing")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as one JSON object")
	return cmd
}

func approveCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "approve ACTION", Short: "Approve an action that somebody proposed: it is done", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			return answered(ctx, c, cmd, "/responses/"+url.PathEscape(args[0])+"/approve", nil, asJSON)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as one JSON object")
	return cmd
}

func respondListCommand() *cobra.Command {
	var asJSON bool
	var host, incident string
	cmd := &cobra.Command{
		Use: "list", Short: "List what hosts were told to do, and what came of it", Args: cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			query := url.Values{}
			for name, value := range map[string]string{"host": host, "incident": incident} {
				if value != "" {
					query.Set(name, value)
				}
			}
			heads := []string{"PROPOSED", "HOST", "ACTION", "SUBJECT", "STATE", "BY", "APPROVED", "REASON", "ID"}
			return listing(ctx, c, cmd.OutOrStdout(), "/responses", query, asJSON, heads, func(a responseAction) []string {
				return []string{stamp(a.Proposed), a.Host, a.Action, a.Subject, a.State, a.By, a.ApprovedBy, a.Reason, a.ID}
			})
		}),
	}
	cmd.Flags().StringVar(&host, "host", "", "on this host")
	cmd.Flags().StringVar(&incident, "incident", "", "for this incident")
	jsonFlag(cmd, &asJSON)
	return cmd
}

func respondShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show ACTION", Short: "Show an action with the host's answer, as one JSON object", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			var whole json.RawMessage
			if err := c.call(ctx, http.MethodGet, "/responses/"+url.PathEscape(args[0]), nil, &whole); err != nil {
				return err
			}
			return printLine(cmd.OutOrStdout(), whole)
		}),
	}
}

func recordsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "records HOST", Short: "Have a host list what can be undone there, by its own account", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			var found response.Records
			if err := c.call(ctx, http.MethodPost, "/hosts/"+url.PathEscape(args[0])+"/records", nil, &found); err != nil {
				return err
			}
			t := newTable(cmd.OutOrStdout(), "TIME", "ACTION", "SUBJECT", "PROCESSES", "SIZE", "RECORD")
			for _, r := range found.Records {
				t.row(r.Time, r.Action, r.Subject, fmt.Sprint(r.Count), bytesText(uint64(r.Size)), r.ID)
			}
			return t.flush()
		}),
	}
}
