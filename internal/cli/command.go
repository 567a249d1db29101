package cli

import (
	"context"
	"encoding/json"
	"io"
	"net/url"

	"github.com/spf13/cobra"
)

// online wraps what a command does with a client of the server.
func online(do func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := connect()
		if err != nil {
			return err
		}
		defer c.close()
		return do(cmd.Context(), c, cmd, args)
	}
}

// listing prints a list of the API: each item as a line of JSON, as the server
// gave it, or as a row for people.
func listing[T any](ctx context.Context, c *client, out io.Writer, path string, query url.Values, asJSON bool, heads []string, row func(T) []string) error {
	if asJSON {
		return each(ctx, c, path, query, func(item json.RawMessage) error { return printLine(out, item) })
	}
	t := newTable(out, heads...)
	err := each(ctx, c, path, query, func(item T) error {
		t.row(row(item)...)
		return nil
	})
	if failed := t.flush(); err == nil {
		err = failed
	}
	return err
}

func jsonFlag(cmd *cobra.Command, target *bool) {
	cmd.Flags().BoolVar(target, "json", false, "print NDJSON: one object a line, complete, oldest first")
}
