package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// serverException is an exception as the API describes it.
type serverException struct {
	ID, Owner, Reason, Selection, State string
	Rules, Hosts                        []string
	Created, Expires                    time.Time
	Hits                                uint64
	LastHit                             time.Time `json:"last_hit"`
}

func exceptionsCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "exceptions", Short: "Except known firings from the rules: list, preview, add, remove, proposals"}
	cmd.AddCommand(exceptionListCommand(), exceptionHiddenCommand(), exceptionPreviewCommand(), exceptionAddCommand(), exceptionRemoveCommand(), proposalsCommand())
	return cmd
}

func exceptionListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List exceptions, ended ones included", Args: cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			heads := []string{"ID", "STATE", "OWNER", "HITS", "LAST HIT", "EXPIRES", "RULES", "HOSTS", "SELECTION", "REASON"}
			return listing(ctx, c, cmd.OutOrStdout(), "/exceptions", url.Values{}, asJSON, heads, func(x serverException) []string {
				return []string{
					x.ID, x.State, x.Owner, strconv.FormatUint(x.Hits, 10), stamp(x.LastHit), stamp(x.Expires), anyOf(x.Rules), anyOf(x.Hosts),
					strings.ReplaceAll(x.Selection, "\n", "; "), x.Reason,
				}
			})
		}),
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func anyOf(names []string) string {
	if len(names) == 0 {
		return "any"
	}
	return strings.Join(names, " ")
}

func exceptionHiddenCommand() *cobra.Command {
	var asJSON bool
	type firing struct {
		Hits  uint64
		Time  time.Time
		Rule  struct{ ID, Title string }
		Host  struct{ ID, Name string }
		Event struct {
			Kind    string
			Process struct {
				CommandLine string `json:"command_line"`
			}
		}
	}
	cmd := &cobra.Command{
		Use: "hidden ID", Short: "List the latest firings that an exception hid, latest first", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			heads := []string{"TIME", "HOST", "RULE", "EVENT", "COMMAND"}
			return listing(ctx, c, cmd.OutOrStdout(), "/exceptions/"+url.PathEscape(args[0])+"/hidden", nil, asJSON, heads, func(f firing) []string {
				return []string{stamp(f.Time), f.Host.Name, f.Rule.Title, f.Event.Kind, f.Event.Process.CommandLine}
			})
		}),
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

// scope is what the flags say an exception covers.
type scope struct {
	rules, hosts []string
	selection    string
}

func scopeFlags(cmd *cobra.Command, s *scope) {
	cmd.Flags().StringArrayVar(&s.rules, "rule", nil, "id of a rule (may be repeated); none for any rule")
	cmd.Flags().StringArrayVar(&s.hosts, "host", nil, "id or name of a host, * for any text (may be repeated); none for any host")
	cmd.Flags().StringVar(&s.selection, "selection", "", "file with a selection in Sigma's syntax (- for stdin); none for any event")
}

// wish is the scope as the API takes it.
func (s *scope) wish(in io.Reader) (map[string]any, error) {
	wish := map[string]any{}
	if len(s.rules) > 0 {
		wish["rules"] = s.rules
	}
	if len(s.hosts) > 0 {
		wish["hosts"] = s.hosts
	}
	if s.selection == "" {
		return wish, nil
	}
	text, err := readSmall(s.selection, in)
	wish["selection"] = text
	return wish, err
}

// maxSelectionFile bounds a file with a selection; the server allows less.
const maxSelectionFile = 64 << 10

func readSmall(name string, in io.Reader) (string, error) {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", unreachable("reading the selection: %w", err)
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxSelectionFile+1))
	if err == nil && len(text) > maxSelectionFile {
		err = errors.New("the selection is too long")
	}
	return string(text), err
}

func exceptionPreviewCommand() *cobra.Command {
	var s scope
	var since, until string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "preview [--rule ID]... [--host NAME]... [--selection FILE]", Short: "Say what an exception would have hidden of the stored alerts", Args: cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			wish, err := s.wish(cmd.InOrStdin())
			if err != nil {
				return err
			}
			wish["since"], wish["until"] = since, until
			var whole json.RawMessage
			if err := c.call(ctx, http.MethodPost, "/exceptions/preview", wish, &whole); err != nil {
				return err
			}
			if asJSON {
				return printLine(cmd.OutOrStdout(), whole)
			}
			return printPreview(cmd.OutOrStdout(), whole)
		}),
	}
	scopeFlags(cmd, &s)
	cmd.Flags().StringVar(&since, "since", "168h", "how far back, or since when (RFC 3339)")
	cmd.Flags().StringVar(&until, "until", "", "until when (RFC 3339, or how far back); now if empty")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the preview as one JSON object")
	return cmd
}

func printPreview(out io.Writer, whole json.RawMessage) error {
	type count struct {
		ID, Name        string
		Alerts, Firings uint64
	}
	var p struct {
		Scanned, Alerts, Firings uint64
		More                     bool
		Rules, Hosts             []count
		Samples                  []struct {
			ID   string
			Time time.Time
			Rule struct{ Title string }
			Host struct{ Name string }
		}
	}
	if err := json.Unmarshal(whole, &p); err != nil {
		return unreachable("read the answer: %w", err)
	}
	fmt.Fprintf(out, "%d of %d alerts (%d firings) would not have been raised\n", p.Alerts, p.Scanned, p.Firings)
	if p.More {
		fmt.Fprintln(out, "only the newest alerts of the range were looked at")
	}
	t := newTable(out, "", "ALERTS", "FIRINGS", "NAME", "ID")
	for i, c := range append(append([]count{}, p.Rules...), p.Hosts...) {
		kind := "rule"
		if i >= len(p.Rules) {
			kind = "host"
		}
		t.row(kind, strconv.FormatUint(c.Alerts, 10), strconv.FormatUint(c.Firings, 10), c.Name, c.ID)
	}
	for _, a := range p.Samples {
		t.row("sample", "", "", stamp(a.Time)+" "+a.Host.Name+" "+a.Rule.Title, a.ID)
	}
	return t.flush()
}

func exceptionAddCommand() *cobra.Command {
	var s scope
	var t terms
	cmd := &cobra.Command{
		Use: "add --reason TEXT --life DURATION [--rule ID]... [--host NAME]... [--selection FILE]", Short: "Put an exception in force and print its id", Args: cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			wish, err := s.wish(cmd.InOrStdin())
			if err != nil {
				return err
			}
			return t.add(ctx, c, cmd.OutOrStdout(), "/exceptions", wish)
		}),
	}
	scopeFlags(cmd, &s)
	t.flags(cmd)
	return cmd
}

// terms are what the flags say of an exception besides its scope.
type terms struct {
	reason, owner string
	life          time.Duration
	asJSON        bool
}

func (t *terms) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.reason, "reason", "", "why the firings are wanted")
	cmd.Flags().StringVar(&t.owner, "owner", "", "who answers for it; the caller if empty")
	cmd.Flags().DurationVar(&t.life, "life", 0, "how long it holds, at most 2160h (90 days)")
	cmd.Flags().BoolVar(&t.asJSON, "json", false, "print the exception as one JSON object")
	for _, name := range []string{"reason", "life"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err) // The flags were defined above.
		}
	}
}

// add asks for an exception and prints its id, for scripts.
func (t *terms) add(ctx context.Context, c *client, out io.Writer, path string, wish map[string]any) error {
	wish["reason"], wish["life"] = t.reason, t.life.String()
	if t.owner != "" {
		wish["owner"] = t.owner
	}
	var whole json.RawMessage
	if err := c.call(ctx, http.MethodPost, path, wish, &whole); err != nil {
		return err
	}
	if t.asJSON {
		return printLine(out, whole)
	}
	var made serverException
	if err := json.Unmarshal(whole, &made); err != nil {
		return unreachable("read the answer: %w", err)
	}
	_, err := fmt.Fprintln(out, clean(made.ID))
	return err
}

func exceptionRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove ID", Short: "End an exception before its time", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, _ *cobra.Command, args []string) error {
			return c.call(ctx, http.MethodDelete, "/exceptions/"+url.PathEscape(args[0]), nil, nil)
		}),
	}
}

func proposalsCommand() *cobra.Command {
	var asJSON bool
	type proposal struct {
		ID        string
		Rule      struct{ Title, Level string }
		Selection string
		Hosts     int
		Firings   uint64
		Dismissed time.Time
	}
	cmd := &cobra.Command{
		Use: "proposals", Short: "List, accept and dismiss the exceptions that the server proposes", Args: cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			heads := []string{"ID", "FIRINGS", "HOSTS", "LEVEL", "RULE", "SELECTION", "DISMISSED"}
			return listing(ctx, c, cmd.OutOrStdout(), "/exception-proposals", nil, asJSON, heads, func(p proposal) []string {
				return []string{p.ID, strconv.FormatUint(p.Firings, 10), strconv.Itoa(p.Hosts), p.Rule.Level, p.Rule.Title, strings.ReplaceAll(p.Selection, "\n", "; "), stamp(p.Dismissed)}
			})
		}),
	}
	jsonFlag(cmd, &asJSON)
	cmd.AddCommand(proposalAcceptCommand(), proposalCallCommand("dismiss", "Want no exception of a proposal", http.MethodPost), proposalCallCommand("reconsider", "Take a dismissal back", http.MethodDelete))
	return cmd
}

func proposalAcceptCommand() *cobra.Command {
	var t terms
	cmd := &cobra.Command{
		Use: "accept ID --reason TEXT --life DURATION", Short: "Make a proposal an exception and print its id", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			return t.add(ctx, c, cmd.OutOrStdout(), "/exception-proposals/"+url.PathEscape(args[0])+"/accept", map[string]any{})
		}),
	}
	t.flags(cmd)
	return cmd
}

func proposalCallCommand(name, short, method string) *cobra.Command {
	return &cobra.Command{
		Use: name + " ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, _ *cobra.Command, args []string) error {
			return c.call(ctx, method, "/exception-proposals/"+url.PathEscape(args[0])+"/dismiss", nil, nil)
		}),
	}
}
