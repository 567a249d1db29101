package cli

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/cobra"
)

func evidenceExportCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "export ID",
		Short: "Write the content of a piece of evidence to a new file",
		Long:  "Write the content of a piece of evidence, as it was on its host, to a new file that only its owner may read. It may be what an intruder brought: handle it accordingly.",
		Args:  cobra.ExactArgs(1),
		RunE: online(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			response, err := c.do(ctx, http.MethodGet, "/evidence/"+url.PathEscape(args[0])+"/content", nil)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			if output == "-" {
				return saveVerified(response, cmd.OutOrStdout())
			}
			if output == "" {
				output = "evidence-" + url.PathEscape(args[0])
			}
			file, err := os.OpenFile(output, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if err != nil {
				return unreachable("%w", err)
			}
			if err := errors.Join(saveVerified(response, file), file.Close()); err != nil {
				return errors.Join(err, os.Remove(output))
			}
			fmt.Fprintln(cmd.OutOrStdout(), output)
			return nil
		}),
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write, - for standard output (default evidence-ID)")
	return cmd
}

// saveVerified copies an answer and holds it against the digest that it says.
func saveVerified(response *http.Response, to io.Writer) error {
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(to, sum), response.Body); err != nil {
		return unreachable("the export broke off: %w", err)
	}
	want := response.Header.Get("Repr-Digest")
	if got := "sha-256=:" + base64.StdEncoding.EncodeToString(sum.Sum(nil)) + ":"; got != want {
		return unreachable("the content is not what the server says it is: %s, not %q", got, want)
	}
	return nil
}
