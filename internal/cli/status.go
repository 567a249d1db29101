package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// statusPoll is how often a waiting status asks again.
const statusPoll = 200 * time.Millisecond

// status is the health of the whole as the API describes it.
type status struct {
	Version string
	Hosts   struct{ Total, Connected, Armed, Revoked int }
	Tiers   map[string]int

	Coverage   []class
	Lost       uint64
	SpoolBytes uint64 `json:"spool_bytes"`
	Engine     struct{ Position, Last, Lag uint64 }
	Alerts     int64
	Incidents  struct{ Open, Closed int64 }
}

func statusCommand() *cobra.Command {
	var wait time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Hosts, coverage, loss and lag; fails unless an agent is connected with its sensor armed",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, armed, err := await(cmd.Context(), wait)
			if err != nil {
				return err
			}
			if asJSON {
				err = printLine(cmd.OutOrStdout(), text)
			} else {
				err = showStatus(cmd.OutOrStdout(), text)
			}
			if err == nil && !armed {
				err = no("no agent is connected with its sensor armed")
			}
			return err
		},
	}
	cmd.Flags().DurationVar(&wait, "wait", 0, "how long to wait for an armed agent")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// await asks until an agent is armed or the time is over, and returns the last
// answer.
func await(ctx context.Context, wait time.Duration) (text json.RawMessage, armed bool, err error) {
	deadline := time.Now().Add(wait)
	for {
		text, armed, err = ask(ctx)
		if err == nil && armed || time.Now().After(deadline) {
			return text, armed, err
		}
		select {
		case <-ctx.Done():
			return nil, false, unreachable("%w", ctx.Err())
		case <-time.After(statusPoll):
		}
	}
}

func ask(ctx context.Context) (text json.RawMessage, armed bool, err error) {
	c, err := connect()
	if err != nil {
		return nil, false, err
	}
	defer c.close()
	if err := c.call(ctx, http.MethodGet, "/status", nil, &text); err != nil {
		return nil, false, err
	}
	var s status
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, false, unreachable("read the answer: %w", err)
	}
	return text, s.Hosts.Armed > 0, nil
}

func showStatus(out io.Writer, text json.RawMessage) error {
	var s status
	if err := json.Unmarshal(text, &s); err != nil {
		return unreachable("read the answer: %w", err)
	}
	fmt.Fprintf(out, "server     %s\nhosts      %d enrolled, %d connected, %d armed, %d revoked\n",
		clean(s.Version), s.Hosts.Total, s.Hosts.Connected, s.Hosts.Armed, s.Hosts.Revoked)
	fmt.Fprintf(out, "incidents  %d open, %d closed; %d alerts\nengine     %d messages behind; %s wait on hosts; %d events lost\n",
		s.Incidents.Open, s.Incidents.Closed, s.Alerts, s.Engine.Lag, bytesText(s.SpoolBytes), s.Lost)
	if len(s.Coverage) == 0 {
		return nil
	}
	fmt.Fprintln(out)
	t := newTable(out, "CLASS", "COVERAGE", "SEEN", "LOST")
	for _, c := range s.Coverage {
		t.row(c.Class, c.State, strconv.FormatUint(c.Seen, 10), strconv.FormatUint(c.Lost, 10))
	}
	return t.flush()
}
