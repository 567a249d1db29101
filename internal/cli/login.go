package cli

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// loginLife is how long a stored login is good for.
const loginLife = 30 * 24 * time.Hour

type loginOptions struct{ user, pin, role string }

func loginCommand() *cobra.Command {
	var o loginOptions
	cmd := &cobra.Command{
		Use:   "login URL",
		Short: "Log in to a server elsewhere: stores a token for this user",
		Long: "Log in to a server elsewhere. The password is read from the terminal, or from standard input.\n" +
			"The server's authority is pinned: compare its digest with the one that the server printed at its start.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return logIn(cmd, args[0], o) },
	}
	cmd.Flags().StringVar(&o.user, "user", "admin", "user name")
	cmd.Flags().StringVar(&o.pin, "pin", "", "SHA-256 of the server's authority, hexadecimal: asked for where it is not given")
	cmd.Flags().StringVar(&o.role, "role", "admin", "most that the token may do: viewer, analyst, responder or admin")
	return cmd
}

func logIn(cmd *cobra.Command, address string, o loginOptions) error {
	base, err := url.Parse(address)
	if err != nil || base.Scheme != "https" || base.Host == "" {
		return fmt.Errorf("%q is not a URL like https://HOST:8443", address)
	}
	root, err := findAuthority(cmd.Context(), base.Host)
	if err != nil {
		return err
	}
	in := bufio.NewReader(cmd.InOrStdin())
	if err := confirm(cmd, in, root, o.pin); err != nil {
		return err
	}
	password, err := readPassword(cmd, in)
	if err != nil {
		return err
	}
	l := &login{URL: "https://" + base.Host, Authority: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}))}
	if err := l.obtain(cmd.Context(), o, password); err != nil {
		return err
	}
	if err := l.store(); err != nil {
		return unreachable("store the login: %w", err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "logged in to %s as %s until %s\n", l.URL, o.user, l.Expires.Local().Format(time.DateTime))
	return nil
}

// findAuthority asks the server for its chain and returns the root. Nothing is
// sent before the root is confirmed.
func findAuthority(ctx context.Context, host string) (*x509.Certificate, error) {
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} // judged by confirm
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, unreachable("%w", err)
	}
	defer conn.Close()
	chain := conn.(*tls.Conn).ConnectionState().PeerCertificates
	return chain[len(chain)-1], nil
}

func confirm(cmd *cobra.Command, in *bufio.Reader, root *x509.Certificate, pin string) error {
	sum := sha256.Sum256(root.Raw)
	digest := hex.EncodeToString(sum[:])
	if pin != "" {
		if !strings.EqualFold(strings.TrimPrefix(pin, "sha256:"), digest) {
			return unreachable("the server's authority is sha256:%s, not the pinned one: do not log in", digest)
		}
		return nil
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "The server's authority is sha256:%s\nIs that what the server printed at its start? [y/N] ", digest)
	line, err := in.ReadString('\n')
	if err != nil || !strings.HasPrefix(strings.ToLower(strings.TrimSpace(line)), "y") {
		return unreachable("the authority was not confirmed: give it with --pin")
	}
	return nil
}

// readPassword reads without echo where the input is a terminal.
func readPassword(cmd *cobra.Command, in *bufio.Reader) (string, error) {
	file, isFile := cmd.InOrStdin().(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		line, err := in.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", unreachable("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	fmt.Fprint(cmd.ErrOrStderr(), "Password: ")
	text, err := term.ReadPassword(int(file.Fd()))
	fmt.Fprintln(cmd.ErrOrStderr())
	if err != nil {
		return "", unreachable("read the password: %w", err)
	}
	return string(text), nil
}

// obtain opens a session, buys a token with it and ends it.
func (l *login) obtain(ctx context.Context, o loginOptions, password string) error {
	c, err := l.client()
	if err != nil {
		return err
	}
	defer c.close()
	if c.http.Jar, err = cookiejar.New(nil); err != nil {
		return err
	}
	if err := c.call(ctx, http.MethodPost, "/login", map[string]string{"user": o.user, "password": password}, nil); err != nil {
		return err
	}
	name, err := os.Hostname()
	if err != nil {
		name = "command line"
	}
	var token struct {
		Token   string
		Expires time.Time
	}
	wish := map[string]string{"name": "baize on " + name, "role": o.role, "life": loginLife.String()}
	if err := c.call(ctx, http.MethodPost, "/api-tokens", wish, &token); err != nil {
		return err
	}
	l.Token, l.Expires = token.Token, token.Expires
	return c.call(ctx, http.MethodPost, "/logout", nil, nil)
}
