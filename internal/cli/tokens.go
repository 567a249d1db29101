package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

func tokensCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "tokens", Short: "Make tokens that enrol hosts, and tokens for programs"}
	cmd.AddCommand(enrolTokenCommand(), programTokenCommand(), tokenListCommand(), tokenRemoveCommand())
	return cmd
}

func enrolTokenCommand() *cobra.Command {
	var uses int
	var life time.Duration
	cmd := &cobra.Command{
		Use: "create", Short: "Print a token that enrols hosts", Args: cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			return printToken(ctx, c, cmd, "/tokens", map[string]any{"uses": uses, "life": life.String()})
		}),
	}
	cmd.Flags().IntVar(&uses, "uses", 1, "how many hosts it may enrol")
	cmd.Flags().DurationVar(&life, "life", time.Hour, "how long it is good for")
	return cmd
}

func programTokenCommand() *cobra.Command {
	var name, role string
	var life time.Duration
	cmd := &cobra.Command{
		Use: "program USER", Short: "Print a token with which a program acts for a user", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			return printToken(ctx, c, cmd, "/api-tokens", map[string]any{"user": args[0], "name": name, "role": role, "life": life.String()})
		}),
	}
	cmd.Flags().StringVar(&name, "name", "program", "what it is for")
	cmd.Flags().StringVar(&role, "role", "viewer", "most that it may do: viewer, analyst, responder or admin")
	cmd.Flags().DurationVar(&life, "life", 30*24*time.Hour, "how long it is good for")
	return cmd
}

// printToken makes a token and prints it alone, for scripts.
func printToken(ctx context.Context, c *client, cmd *cobra.Command, path string, wish map[string]any) error {
	var made struct{ Token string }
	if err := c.call(ctx, http.MethodPost, path, wish, &made); err != nil {
		return err
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), made.Token)
	return err
}

func tokenListCommand() *cobra.Command {
	var asJSON bool
	type token struct {
		ID, Name, User, Role string
		Created, Expires     time.Time
	}
	cmd := &cobra.Command{
		Use: "list", Short: "List the tokens for programs", Args: cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			return listing(ctx, c, cmd.OutOrStdout(), "/api-tokens", nil, asJSON, []string{"NAME", "USER", "ROLE", "CREATED", "EXPIRES", "ID"}, func(t token) []string {
				return []string{t.Name, t.User, t.Role, stamp(t.Created), stamp(t.Expires), t.ID}
			})
		}),
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func tokenRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove ID", Short: "End a token for a program", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, _ *cobra.Command, args []string) error {
			return c.call(ctx, http.MethodDelete, "/api-tokens/"+url.PathEscape(args[0]), nil, nil)
		}),
	}
}
