package console

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Change is one server-sent event, with the time it arrived.
type Change struct {
	ID, Name string
	Data     []byte
	Arrived  time.Time
}

// Stream follows the live changes after the one with the id last ("" for from
// now on) until ctx ends: it calls each for one after the other, and returns
// what ended the stream (nil where ctx did).
func (c *Client) Stream(ctx context.Context, last string, each func(Change)) error {
	response, err := c.do(ctx, http.MethodGet, "/stream", nil, header{"Last-Event-ID", last})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	err = parse(response.Body, each)
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("live stream ended: %w", err)
}

// parse reads the text/event-stream format of the HTML standard, as far as it
// is in use here: comments, id, event and data.
func parse(body io.Reader, each func(Change)) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 8<<20)
	var change Change
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			if change.Data != nil {
				change.Arrived = time.Now()
				each(change)
			}
			change = Change{}
		case field == "id":
			change.ID = value
		case field == "event":
			change.Name = value
		case field == "data":
			change.Data = append(change.Data, value...)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return io.EOF
}
