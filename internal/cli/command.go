package cli

import (
	"context"
	"encoding/json"
	"errors"
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
	t, rows := newTable(out, heads...), 0
	err := each(ctx, c, path, query, func(item T) error {
		t.row(row(item)...)
		rows++
		return nil
	})
	if err != nil && rows == 0 {
		return err
	}
	return errors.Join(t.flush(), err)
}

func jsonFlag(cmd *cobra.Command, target *bool) {
	cmd.Flags().BoolVar(target, "json", false, "print NDJSON: one object a line, complete, oldest first")
}
