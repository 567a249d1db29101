// Package console is the console's view of a server, for tests: it logs in as a
// browser does, reads the API, and follows the live stream.
package console

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"baize/internal/alert"
	"baize/internal/incident"
	"baize/internal/provenance"
)

// Client is a logged-in session.
type Client struct {
	base string
	http *http.Client
}

// Login opens a session at a base such as https://127.0.0.1:8443. The server's
// certificate is its own authority's: the tests talk to loopback and trust it.
func Login(ctx context.Context, base, user, password string) (*Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // loopback only
	c := &Client{base: strings.TrimRight(base, "/") + "/api/v1", http: &http.Client{Jar: jar, Transport: transport}}
	body, err := json.Marshal(map[string]string{"user": user, "password": password})
	if err != nil {
		return nil, err
	}
	response, err := c.do(ctx, http.MethodPost, "/login", body)
	if err != nil {
		return nil, err
	}
	return c, response.Body.Close()
}

// Close gives up idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// header is one header of a request; an empty value leaves it out.
type header struct{ name, value string }

// do returns a response with a status below 300, or an error with the server's words.
func (c *Client) do(ctx context.Context, method, path string, body []byte, headers ...header) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		if h.value != "" {
			request.Header.Set(h.name, h.value)
		}
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 300 {
		defer response.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	return response, nil
}

// Get reads a JSON answer into v.
func (c *Client) Get(ctx context.Context, path string, v any) error {
	response, err := c.do(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(v); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}

// page is one answer of a list.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next"`
}

// list reads all pages.
func list[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	var all []T
	for cursor := ""; ; {
		query := url.Values{"limit": {"200"}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		var p page[T]
		if err := c.Get(ctx, path+"?"+query.Encode(), &p); err != nil {
			return nil, err
		}
		all = append(all, p.Items...)
		if cursor = p.Next; cursor == "" {
			return all, nil
		}
	}
}

// Alerts returns every alert.
func (c *Client) Alerts(ctx context.Context) ([]alert.Alert, error) {
	return list[alert.Alert](ctx, c, "/alerts")
}

// Incidents returns every incident.
func (c *Client) Incidents(ctx context.Context) ([]incident.Incident, error) {
	return list[incident.Incident](ctx, c, "/incidents")
}

// Host is what the API says of a host, as far as the tests look at it.
type Host struct {
	ID         string  `json:"id"`
	Name       string  `json:"name"`
	Connected  bool    `json:"connected"`
	Armed      bool    `json:"armed"`
	Scope      string  `json:"scope"`
	RSS        uint64  `json:"rss_bytes"`
	CPU        float64 `json:"cpu_seconds"`
	SpoolBytes uint64  `json:"spool_bytes"`
	Classes    []struct {
		Class string `json:"class"`
		State string `json:"state"`
		Seen  uint64 `json:"seen"`
		Lost  uint64 `json:"lost"`
	} `json:"classes"`
}

// Hosts returns every host.
func (c *Client) Hosts(ctx context.Context) ([]Host, error) {
	return list[Host](ctx, c, "/hosts")
}

// Provenance of an alert, as the API gives it.
type Provenance struct {
	Graph     provenance.Graph             `json:"graph"`
	Answers   map[string]provenance.Answer `json:"answers"`
	Intrusion *provenance.Intrusion        `json:"intrusion"`
}

// Provenance returns where an alert came from and what came of it.
func (c *Client) Provenance(ctx context.Context, alertID string) (Provenance, error) {
	var p Provenance
	err := c.Get(ctx, "/alerts/"+url.PathEscape(alertID)+"/provenance", &p)
	return p, err
}
