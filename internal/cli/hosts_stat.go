package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"baize/internal/response"
)

func hostStatCommand() *cobra.Command {
	var inode, container string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "stat HOST PATH",
		Short: "Have a host look at a file now: exit status 1 if it is not there, or not the one meant",
		Args:  cobra.ExactArgs(2),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			var whole json.RawMessage
			body := map[string]string{"path": args[1], "inode": inode, "container": container}
			if err := c.call(ctx, http.MethodPost, "/hosts/"+url.PathEscape(args[0])+"/stat", body, &whole); err != nil {
				return err
			}
			var found struct {
				State, Detail string
				Stat          *response.Stat
			}
			if err := json.Unmarshal(whole, &found); err != nil {
				return unreachable("read the answer: %w", err)
			}
			if asJSON {
				if err := printLine(cmd.OutOrStdout(), whole); err != nil {
					return err
				}
			}
			if found.Stat == nil {
				return no("the host answered %s: %s", clean(found.State), plain(found.Detail))
			}
			if !asJSON {
				printStat(cmd.OutOrStdout(), args[1], found.Stat)
			}
			switch {
			case !found.Stat.Exists:
				return no("it is not there")
			case found.Stat.Same != nil && !*found.Stat.Same:
				return no("another file is there")
			}
			return nil
		}),
	}
	cmd.Flags().StringVar(&inode, "inode", "", "key of the file that is meant")
	cmd.Flags().StringVar(&container, "container", "", "id of the container that the path is in")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the answer as one JSON object")
	return cmd
}

func printStat(out io.Writer, path string, s *response.Stat) {
	if !s.Exists {
		fmt.Fprintf(out, "%s: not there\n", plain(path))
		return
	}
	kind := s.Type
	if kind == "" {
		kind = "file"
	}
	fmt.Fprintf(out, "%s: %s, mode %s, %s, changed %s\ninode   %s\n", plain(path), clean(kind), clean(s.Mode), bytesText(uint64(s.Size)), stamp(s.Modified), clean(s.Inode.String()))
	if s.Hash != nil && s.Hash.SHA256 != "" {
		fmt.Fprintf(out, "sha256  %s\n", clean(s.Hash.SHA256))
	} else if s.Hash != nil {
		fmt.Fprintf(out, "sha256  %s\n", clean(s.Hash.State))
	}
	if s.Same != nil {
		fmt.Fprintf(out, "the file that is meant: %t\n", *s.Same)
	}
}
