package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
)

// answerLimit bounds one answer that is read whole, in bytes.
const answerLimit = 256 << 20

// client calls the API of one server.
type client struct {
	http *http.Client
	// base ends before "/api/v1".
	base  string
	token string
}

// connect returns a client of the server of this machine whose state directory
// is $BAIZE_HOME or ./var (there the kernel tells the server who calls), else
// of the one that this user logged in to.
func connect() (*client, error) {
	if _, err := os.Stat(socket(home())); err == nil || os.Getenv("BAIZE_HOME") != "" {
		return local(home()), trusted(home())
	}
	stored, err := readLogin()
	if errors.Is(err, os.ErrNotExist) {
		return local(home()), nil // its error says what to do
	}
	if err != nil {
		return nil, unreachable("read the stored login: %w", err)
	}
	return stored.client()
}

// home is the state directory.
func home() string {
	if dir := os.Getenv("BAIZE_HOME"); dir != "" {
		return dir
	}
	return "var"
}

// trusted refuses a state directory of another user that is here by chance: who
// works in a directory of others must not tell a server of theirs a password.
func trusted(home string) error {
	if os.Getenv("BAIZE_HOME") != "" {
		return nil // named on purpose
	}
	info, err := os.Stat(home)
	if err != nil {
		return nil //nolint:nilerr // connecting says what is wrong
	}
	owner := int(info.Sys().(*syscall.Stat_t).Uid) // what os.Stat returns on Linux
	if owner == 0 || owner == os.Geteuid() {
		return nil
	}
	return unreachable("./%s belongs to user %d: if that server is meant, set BAIZE_HOME to it", home, owner)
}

func socket(home string) string { return filepath.Join(home, "server", "api.sock") }

// local is a client on the unix socket of a server of this machine.
func local(home string) *client {
	path := socket(home)
	return &client{base: "http://local", http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
			if err != nil {
				return nil, fmt.Errorf("no server answers on %s: start it, set BAIZE_HOME, or log in with: baize login URL: %w", path, err)
			}
			return conn, nil
		},
	}}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// do makes a call and returns its answer, whose status is below 300.
func (c *client) do(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+"/api/v1"+path, reader)
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // the URL says nothing that the reason does not
		}
		return nil, unreachable("%w", err)
	}
	if response.StatusCode >= 300 {
		defer response.Body.Close()
		return nil, refusal(response)
	}
	return response, nil
}

// refusal is the error that an RFC 9457 problem describes.
func refusal(response *http.Response) error {
	var problem struct {
		Detail string
		Errors []struct{ Message, Location string }
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil || json.Unmarshal(text, &problem) != nil || problem.Detail == "" {
		return unreachable("the server answered %s", response.Status)
	}
	detail := problem.Detail
	for _, e := range problem.Errors {
		detail += "; " + e.Location + ": " + e.Message
	}
	switch response.StatusCode {
	case http.StatusNotFound, http.StatusConflict:
		return no("%s", detail)
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		return errors.New(detail) // wrong usage
	}
	return unreachable("%s", detail)
}

// call makes a call and reads its answer into out, unless that is nil.
func (c *client) call(ctx context.Context, method, path string, body, out any) error {
	response, err := c.do(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, answerLimit)).Decode(out); err != nil {
		return unreachable("%s %s: read the answer: %w", method, path, err)
	}
	return nil
}

// pageSize is how many items are asked for at once.
const pageSize = "200"

// each calls do with every item of a list, in the list's order, page by page.
// A nil query asks for a list that comes in one answer.
func each[T any](ctx context.Context, c *client, path string, query url.Values, do func(T) error) error {
	if query != nil {
		query.Set("limit", pageSize)
	}
	for {
		var page struct {
			Items []T
			Next  string
		}
		if err := c.call(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &page); err != nil {
			return err
		}
		for _, item := range page.Items {
			if err := do(item); err != nil {
				return err
			}
		}
		if page.Next == "" {
			return nil
		}
		if page.Next == query.Get("cursor") {
			return unreachable("%s: the server's pages turn in a circle", path)
		}
		query.Set("cursor", page.Next)
	}
}
