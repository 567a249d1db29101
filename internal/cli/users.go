package cli

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// user is a user as the API describes one.
type user struct {
	Name, Role  string
	Created     time.Time
	PasswordSet bool   `json:"password_set"`
	OneTime     string `json:"one_time_password"`
}

func usersCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "users", Short: "Manage the people who may log in"}
	cmd.AddCommand(userListCommand(), userAddCommand(), userPasswordCommand(), userOneTimeCommand(), userRemoveCommand())
	return cmd
}

func userListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List users", Args: cobra.NoArgs,
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			// Users are few: the server gives them in one answer.
			return listing(ctx, c, cmd.OutOrStdout(), "/users", nil, asJSON, []string{"NAME", "ROLE", "CREATED", "PASSWORD SET"}, func(u user) []string {
				return []string{u.Name, u.Role, stamp(u.Created), strconv.FormatBool(u.PasswordSet)}
			})
		}),
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}

func userAddCommand() *cobra.Command {
	var role string
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Add a user; prints a password that is good for one login", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			var u user
			if err := c.call(ctx, http.MethodPost, "/users", map[string]string{"name": args[0], "role": role}, &u); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), u.OneTime)
			return err
		}),
	}
	cmd.Flags().StringVar(&role, "role", "viewer", "viewer, analyst, responder or admin")
	return cmd
}

func userPasswordCommand() *cobra.Command {
	return &cobra.Command{
		Use: "passwd NAME", Short: "Set a user's password, read from the terminal or standard input; ends all sessions", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			password, err := readPassword(cmd, bufio.NewReader(cmd.InOrStdin()))
			if err != nil {
				return err
			}
			if password == "" {
				return fmt.Errorf("the password is empty; for one that is good for one login: baize users one-time %s", args[0])
			}
			return c.call(ctx, http.MethodPut, "/users/"+url.PathEscape(args[0])+"/password", map[string]string{"password": password}, nil)
		}),
	}
}

func userOneTimeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "one-time NAME", Short: "Print a new password of a user that is good for one login; ends all sessions", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			var u user
			if err := c.call(ctx, http.MethodPut, "/users/"+url.PathEscape(args[0])+"/password", struct{}{}, &u); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), u.OneTime)
			return err
		}),
	}
}

func userRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use: "remove NAME", Short: "Remove a user with sessions and tokens", Args: cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, _ *cobra.Command, args []string) error {
			return c.call(ctx, http.MethodDelete, "/users/"+url.PathEscape(args[0]), nil, nil)
		}),
	}
}
