package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"baize/internal/sigma"
)

// maxPushBytes bounds the files that are read for a push; the server allows less.
const maxPushBytes = 64 << 20

// pack is a pack of rules, or one version of it, as the API describes it.
type pack struct {
	Name    string
	Enabled bool
	Version int
	Digest  string
	Source  string
	Author  string
	Created time.Time
	Report  sigma.Report
}

// serverRule is a rule as the API lists it.
type serverRule struct {
	Rule, Title, Level, Pack, File string
	Enabled                        bool
	InForce                        bool `json:"in_force"`
	Hits                           int
}

// packCommands are those of "baize rules" that speak with a server.
func packCommands() []*cobra.Command {
	return []*cobra.Command{
		rulesListCommand(), rulesSourceCommand(), rulesPushCommand(), rulesVersionsCommand(), rulesRestoreCommand(), rulesReloadCommand(),
		rulesSwitchCommand("enable", true), rulesSwitchCommand("disable", false),
	}
}

func rulesListCommand() *cobra.Command {
	var asJSON, packs bool
	var of string
	cmd := &cobra.Command{
		Use: "list [--packs] [--pack NAME]", Short: "List the server's rules with their hits in the last day, or its packs", Args: cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			if packs {
				return listing(ctx, c, cmd.OutOrStdout(), "/rule-packs", nil, asJSON, packHeads, packRow)
			}
			query := url.Values{}
			if of != "" {
				query.Set("pack", of)
			}
			heads := []string{"LEVEL", "HITS", "IN FORCE", "PACK", "TITLE", "FILE", "RULE"}
			return listing(ctx, c, cmd.OutOrStdout(), "/rules", query, asJSON, heads, func(r serverRule) []string {
				return []string{r.Level, strconv.Itoa(r.Hits), strconv.FormatBool(r.InForce), r.Pack, r.Title, r.File, r.Rule}
			})
		}),
	}
	cmd.Flags().BoolVar(&packs, "packs", false, "list the packs with the reports of their load")
	cmd.Flags().StringVar(&of, "pack", "", "rules of one pack")
	jsonFlag(cmd, &asJSON)
	return cmd
}

var packHeads = []string{"PACK", "VERSION", "ENABLED", "RULES", "UNSUPPORTED", "INVALID", "SOURCE", "AUTHOR", "CREATED"}

func packRow(p pack) []string {
	return []string{
		p.Name, strconv.Itoa(p.Version), strconv.FormatBool(p.Enabled), strconv.Itoa(p.Report.Rules), strconv.Itoa(len(p.Report.Unsupported)),
		strconv.Itoa(len(p.Report.Invalid)), p.Source, p.Author, stamp(p.Created),
	}
}

func rulesSourceCommand() *cobra.Command {
	return &cobra.Command{
		Use: "source RULE", Short: "Print the file that holds a rule of the server", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			var source struct{ Text string }
			if err := c.call(ctx, http.MethodGet, "/rules/source?rule="+url.QueryEscape(args[0]), nil, &source); err != nil {
				return err
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), source.Text)
			return err
		}),
	}
}

func rulesPushCommand() *cobra.Command {
	var name, server string
	var skip, asJSON bool
	cmd := &cobra.Command{
		Use: "push DIR --pack NAME [--server URL]", Short: "Make the rules below DIR the newest version of a pack, in force without a restart",
		Long: "Push the rules (*.yml, *.yaml) and lists (lists/*.txt) below DIR as the newest version of a pack.\n" +
			"A pack with an invalid file is refused and nothing changes (exit status 1), unless --skip-invalid\n" +
			"leaves those files out. --server names the server of a login; by default it is that of other commands.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := packFiles(args[0])
			if err != nil {
				return err
			}
			c, err := connectTo(server)
			if err != nil {
				return err
			}
			defer c.close()
			wish := map[string]any{"files": files, "skip_invalid": skip}
			return changePack(cmd, c, http.MethodPut, "/rule-packs/"+url.PathEscape(name), wish, asJSON)
		},
	}
	cmd.Flags().StringVar(&name, "pack", "", "name of the pack")
	cmd.Flags().StringVar(&server, "server", "", "URL of the server, which this user has logged in to")
	cmd.Flags().BoolVar(&skip, "skip-invalid", false, "leave invalid files out instead of refusing the pack")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the pack as one JSON object")
	if err := cmd.MarkFlagRequired("pack"); err != nil {
		panic(err) // The flag was defined above.
	}
	return cmd
}

// connectTo is connect, for a server that is named.
func connectTo(server string) (*client, error) {
	if server == "" {
		return connect()
	}
	stored, err := readLogin()
	if err != nil || strings.TrimSuffix(stored.URL, "/") != strings.TrimSuffix(server, "/") {
		return nil, unreachable("this user is not logged in to %s: baize login %s", server, server)
	}
	return stored.client()
}

// packFiles reads what of a directory is part of a pack.
func packFiles(dir string) (map[string]string, error) {
	root, err := openDir(dir)
	if err != nil {
		return nil, err
	}
	files, size := map[string]string{}, 0
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !isPackFile(name) {
			return err
		}
		data, err := fs.ReadFile(root, name)
		if size += len(data); size > maxPushBytes {
			return fmt.Errorf("over %d bytes of rules", maxPushBytes)
		}
		files[name] = string(data)
		return err
	})
	if err != nil {
		return nil, unreachable("reading %s: %w", dir, err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no rules (*.yml, *.yaml)", dir)
	}
	return files, nil
}

func isPackFile(name string) bool {
	ext := path.Ext(name)
	return ext == ".yml" || ext == ".yaml" || ext == ".txt" && path.Base(path.Dir(name)) == sigma.ListDir
}

// changePack makes a call that changes a pack, and prints what it is then.
func changePack(cmd *cobra.Command, c *client, method, path string, wish any, asJSON bool) error {
	var whole json.RawMessage
	if err := c.call(cmd.Context(), method, path, wish, &whole); err != nil {
		return err
	}
	if asJSON {
		return printLine(cmd.OutOrStdout(), whole)
	}
	var p pack
	if err := json.Unmarshal(whole, &p); err != nil {
		return unreachable("read the answer: %w", err)
	}
	out := cmd.OutOrStdout()
	for _, problem := range p.Report.Invalid {
		fmt.Fprintf(out, "left out, invalid  %s\n", plain(problem.String()))
	}
	for _, problem := range p.Report.Unsupported {
		fmt.Fprintf(out, "unsupported        %s\n", plain(problem.String()))
	}
	state := "in force"
	if !p.Enabled {
		state = "disabled"
	}
	_, err := fmt.Fprintf(out, "pack %s is at version %d, %s: %d files, %d rules, %d files unsupported, %d invalid\n",
		clean(p.Name), p.Version, state, p.Report.Files, p.Report.Rules, len(p.Report.Unsupported), len(p.Report.Invalid))
	return err
}

func rulesVersionsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "versions PACK", Short: "List the versions of a pack that can be restored, latest first", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			heads := []string{"VERSION", "RULES", "SOURCE", "AUTHOR", "CREATED", "DIGEST"}
			return listing(ctx, c, cmd.OutOrStdout(), "/rule-packs/"+url.PathEscape(args[0])+"/versions", nil, asJSON, heads, func(p pack) []string {
				return []string{strconv.Itoa(p.Version), strconv.Itoa(p.Report.Rules), p.Source, p.Author, stamp(p.Created), p.Digest}
			})
		}),
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func rulesRestoreCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "restore PACK VERSION", Short: "Put an earlier version of a pack back in force", Args: cobra.ExactArgs(2),
		RunE: online(func(_ context.Context, c *client, cmd *cobra.Command, args []string) error {
			number, err := strconv.Atoi(args[1])
			if err != nil {
				return fmt.Errorf("%q is no number of a version", args[1])
			}
			return changePack(cmd, c, http.MethodPost, "/rule-packs/"+url.PathEscape(args[0])+"/restore", map[string]int{"version": number}, asJSON)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the pack as one JSON object")
	return cmd
}

func rulesReloadCommand() *cobra.Command {
	return &cobra.Command{
		Use: "reload", Short: "Take in the packs in the server's directory ($BAIZE_HOME/rules)", Args: cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			var done struct{ Packs []string }
			if err := c.call(ctx, http.MethodPost, "/rule-packs/reload", nil, &done); err != nil {
				return err
			}
			refused := 0
			for _, line := range done.Packs {
				fmt.Fprintln(cmd.OutOrStdout(), plain(line))
				if strings.Contains(line, ": refused") {
					refused++
				}
			}
			if refused > 0 {
				return no("%d of %d packs were refused: correct what is listed", refused, len(done.Packs))
			}
			return nil
		}),
	}
}

// rulesSwitchCommand enables or disables a rule, or a pack.
func rulesSwitchCommand(name string, enabled bool) *cobra.Command {
	var asPack bool
	cmd := &cobra.Command{
		Use: name + " RULE | " + name + " --pack PACK", Short: strings.ToUpper(name[:1]) + name[1:] + " a rule of the server, or a whole pack", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			if asPack {
				return changePack(cmd, c, http.MethodPost, "/rule-packs/"+url.PathEscape(args[0])+"/enabled", map[string]bool{"enabled": enabled}, false)
			}
			err := c.call(ctx, http.MethodPost, "/rules/enabled", map[string]any{"rule": args[0], "enabled": enabled}, nil)
			if err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "rule %s is %sd\n", clean(args[0]), name)
			}
			return err
		}),
	}
	cmd.Flags().BoolVar(&asPack, "pack", false, "the name is that of a pack")
	return cmd
}
