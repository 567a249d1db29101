package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"baize/internal/incident"
	"baize/internal/server/state"
)

const (
	streamOperation = "stream"
	// heartbeat keeps proxies from closing a quiet stream, notices a client
	// that is gone, and is when a subscriber's right to listen is checked again.
	heartbeat = 15 * time.Second
	// maxSubscribers bounds the open streams of the server.
	maxSubscribers = 500
	// maxStreamsEach bounds those of one user, so that others get theirs.
	maxStreamsEach = 32
)

type streamInput struct {
	// Last is what a browser sends of itself when it connects again.
	Last uint64 `header:"Last-Event-ID"`
	From uint64 `query:"from" doc:"As Last-Event-ID, for clients that cannot set headers"`
	r    *http.Request
}

// Resolve implements huma.Resolver: the request is needed to check again who
// listens.
func (in *streamInput) Resolve(ctx huma.Context) []error {
	in.r, _ = humago.Unwrap(ctx)
	return nil
}

var _ huma.Resolver = (*streamInput)(nil)

func (s *Server) streamRoutes() {
	register(s, operation{
		method: http.MethodGet, path: "/stream", id: streamOperation, need: Viewer,
		summary: "Changes as server-sent events: incident, intrusion, alert, host; merge says which incident became part of which, and why; resync says to read everything again",
	}, s.stream)
}

// render loads the object a change speaks of. That an incident became part of
// another is told first.
func (s *Server) render(ctx context.Context, c state.Change) ([]rendered, error) {
	var object any
	var told []rendered
	var err error
	switch c.Kind {
	case state.KindAlert:
		object, err = s.state.Alert(ctx, c.ID)
	case state.KindIncident:
		var i incident.Incident
		if i, err = s.state.Incident(ctx, c.ID); err == nil && i.MergedInto != "" {
			told, err = s.merged(ctx, &i)
		}
		object = i
	case state.KindIntrusion:
		object, err = s.state.Intrusion(ctx, c.ID)
	case state.KindHost:
		object, err = s.host(ctx, c.ID)
	default:
		return nil, nil
	}
	if errors.Is(err, state.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(object)
	return append(told, rendered{c.Kind, data}), err
}

// eventMerge is the name of the event that tells a Merge.
const eventMerge = "merge"

// Merge says that an incident became part of an older one.
type Merge struct {
	From string `json:"from"`
	Into string `json:"into"`
	// Titles of both, as they are now.
	FromTitle string `json:"from_title"`
	IntoTitle string `json:"into_title"`
	// Reasons tie an alert of one to one of the other, the strongest first, at most
	// maxMergeReasons; none where the one has no alerts of its own any more.
	Reasons []incident.Reason `json:"reasons"`
}

// maxMergeReasons bounds the reasons that a merge is told with.
const maxMergeReasons = 8

// merged tells of an incident that became part of another.
func (s *Server) merged(ctx context.Context, from *incident.Incident) ([]rendered, error) {
	into, err := s.state.FollowIncident(ctx, from.ID)
	if err != nil {
		return nil, err
	}
	m := Merge{From: from.ID, Into: into.ID, FromTitle: from.Title, IntoTitle: into.Title, Reasons: []incident.Reason{}}
	mine := make(map[string]bool, len(from.Alerts))
	for _, id := range from.Alerts {
		mine[id] = true
	}
	if m.Reasons = crossing(into.Reasons, grown(into.Reasons, mine)); len(m.Reasons) == 0 {
		m.Reasons = crossing(into.Reasons, mine)
	}
	slices.SortStableFunc(m.Reasons, func(a, b incident.Reason) int { return cmp.Compare(b.Weight, a.Weight) })
	m.Reasons = m.Reasons[:min(len(m.Reasons), maxMergeReasons)]
	data, err := json.Marshal(m)
	return []rendered{{eventMerge, data}}, err
}

// crossing are the reasons between alerts of a set and others.
func crossing(reasons []incident.Reason, set map[string]bool) []incident.Reason {
	between := []incident.Reason{}
	for _, r := range reasons {
		if set[r.A] != set[r.B] {
			between = append(between, r)
		}
	}
	return between
}

// own are reasons by which an alert belongs to the same intruder's same doing: the
// alert that joined two incidents is of the one that it has this in common with.
var own = []string{incident.ReasonLineage, incident.ReasonProcess, incident.ReasonIntrusion}

// grown is a set of alerts with those that belong to them in that way.
func grown(reasons []incident.Reason, set map[string]bool) map[string]bool {
	set = maps.Clone(set)
	for more := true; more; {
		more = false
		for _, r := range reasons {
			if set[r.A] != set[r.B] && slices.Contains(own, r.Reason) {
				set[r.A], set[r.B], more = true, true, true
			}
		}
	}
	return set
}

func (s *Server) stream(ctx context.Context, in *streamInput) (*huma.StreamResponse, error) {
	user := principalOf(ctx).Name
	if !s.hub.enter(user) {
		return nil, huma.Error503ServiceUnavailable(fmt.Sprintf("no more than %d streams are served, %d to one user", maxSubscribers, maxStreamsEach))
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer s.hub.leave(user)
		s.metrics.subscribers.Inc()
		defer s.metrics.subscribers.Dec()
		ctx.SetHeader("Content-Type", "text/event-stream")
		ctx.SetHeader("Cache-Control", "no-store")
		ctx.SetHeader("X-Accel-Buffering", "no")
		ctx.SetStatus(http.StatusOK)
		_, w := humago.Unwrap(ctx)
		sub := &subscriber{server: s, w: w, request: in.r, cursor: max(in.Last, in.From)}
		if err := sub.serve(ctx.Context()); err != nil {
			s.logger.Debug("stream ended", "error", err)
		}
	}}, nil
}

// subscriber is one open stream.
type subscriber struct {
	server  *Server
	w       http.ResponseWriter
	request *http.Request
	// cursor is that of the last change the client has.
	cursor uint64
}

// errEnded reports that the subscriber may listen no longer.
var errEnded = errors.New("session ended")

func (sub *subscriber) serve(ctx context.Context) error {
	if err := sub.catchUp(ctx); err != nil {
		return err
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		messages, head, more, ok := sub.server.hub.since(sub.cursor)
		if !ok {
			if err := sub.resync(head); err != nil {
				return err
			}
			continue
		}
		if err := sub.send(messages...); err != nil {
			return err
		}
		sub.cursor = head
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-more:
		case <-beat.C:
			if err := sub.beat(); err != nil {
				return err
			}
		}
	}
}

// catchUp starts a new stream at the present, and sends to one that resumes
// what it missed, from the feed if the ring is too short.
func (sub *subscriber) catchUp(ctx context.Context) error {
	hub := sub.server.hub
	if sub.cursor == 0 {
		sub.cursor = hub.position()
	}
	// The id alone is no event, but a client that loses the connection before
	// the first one resumes from it.
	if err := sub.write(fmt.Appendf(nil, "retry: 1000\nid: %d\n\n", sub.cursor)); err != nil {
		return err
	}
	for {
		if _, head, _, ok := hub.since(sub.cursor); ok || sub.cursor > head {
			return nil
		}
		messages, last, err := hub.read(ctx, sub.cursor)
		if errors.Is(err, state.ErrGone) {
			return sub.resync(hub.position())
		}
		if err != nil {
			return err
		}
		if err := sub.send(messages...); err != nil {
			return err
		}
		if last == sub.cursor {
			return nil
		}
		sub.cursor = last
	}
}

// resync tells the client that it missed something which cannot be sent any
// more: it has to read the lists again, after which it is at head.
func (sub *subscriber) resync(head uint64) error {
	sub.server.metrics.resyncs.Inc()
	sub.cursor = head
	return sub.write(frame("resync", head, []byte(`{"reason":"too far behind"}`)))
}

func (sub *subscriber) beat() error {
	if _, status, _ := sub.server.admit(sub.request, Viewer); status != 0 {
		return errEnded
	}
	return sub.write([]byte(": beat\n\n"))
}

func (sub *subscriber) send(messages ...message) error {
	for _, m := range messages {
		if err := sub.writeOnly(m.text); err != nil {
			return err
		}
	}
	if len(messages) == 0 {
		return nil
	}
	return http.NewResponseController(sub.w).Flush()
}

func (sub *subscriber) write(text []byte) error {
	if err := sub.writeOnly(text); err != nil {
		return err
	}
	return http.NewResponseController(sub.w).Flush()
}

func (sub *subscriber) writeOnly(text []byte) error {
	_, err := (&patientWriter{w: sub.w}).Write(text)
	return err
}
