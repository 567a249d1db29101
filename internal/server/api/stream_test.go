package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/incident"
	"baize/internal/server/state"
	"baize/test/seed/story"
)

// received is one server-sent event as a client sees it.
type received struct {
	id   uint64
	name string
	data string
}

// listener reads a stream as a browser does.
type listener struct {
	t      testing.TB
	body   *bufio.Reader
	cancel context.CancelFunc
	last   uint64
}

func (c *client) listen(last uint64) *listener {
	c.b.t.Helper()
	ctx, cancel := context.WithTimeout(c.b.t.Context(), 30*time.Second)
	request := c.request(http.MethodGet, "/stream", nil).WithContext(ctx)
	if last > 0 {
		request.Header.Set("Last-Event-ID", strconv.FormatUint(last, 10))
	}
	response, err := c.http.Do(request)
	must(c.b.t, err)
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" {
		c.b.t.Fatalf("stream: %s %s", response.Status, response.Header.Get("Content-Type"))
	}
	c.b.t.Cleanup(func() { cancel(); response.Body.Close() })
	l := &listener{t: c.b.t, body: bufio.NewReader(response.Body), cancel: cancel}
	_, err = l.frame()
	must(c.b.t, err)
	if last == 0 && l.last == 0 && c.b.server.hub.position() > 0 {
		c.b.t.Fatal("the stream does not say where it begins")
	}
	return l
}

// frame reads up to an empty line; an id alone is remembered and is no event.
func (l *listener) frame() (received, error) {
	var r received
	for {
		line, err := l.body.ReadString('\n')
		if err != nil {
			return r, err
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "id":
			r.id, err = strconv.ParseUint(value, 10, 64)
			l.last = r.id
		case "event":
			r.name = value
		case "data":
			r.data = value
		case "":
			return r, err
		}
		if err != nil {
			return r, err
		}
	}
}

// next is the next event that is not a comment.
func (l *listener) next() received {
	l.t.Helper()
	for {
		r, err := l.frame()
		if err != nil {
			l.t.Fatal(err)
		}
		if r.name != "" {
			return r
		}
	}
}

// until reads until an incident has the revision, and returns all that it read.
func (l *listener) until(id string, revision uint64) []received {
	l.t.Helper()
	var read []received
	for {
		r := l.next()
		read = append(read, r)
		var inc incident.Incident
		if r.name != state.KindIncident {
			continue
		}
		must(l.t, json.Unmarshal([]byte(r.data), &inc))
		if inc.ID == id && inc.Revision == revision {
			return read
		}
	}
}

func TestStreamIsLive(t *testing.T) {
	b := start(t)
	teller := tell(t, b, 1)
	l := b.login("viewer").listen(0)
	must(t, teller.Tell(t.Context(), 2))
	read := l.until(story.Intrusion, 3)
	if len(alerts(read)) == 0 || !slices.ContainsFunc(read, func(r received) bool { return r.name == state.KindIntrusion }) {
		t.Errorf("got %v", read)
	}
	must(t, b.state.Touch(t.Context(), state.KindHost, "h1"))
	r := l.next()
	for r.name != state.KindHost { // an incident may come as new as its later alerts, and again with them
		r = l.next()
	}
	if r.name != state.KindHost || !strings.Contains(r.data, `"name":"web-1"`) {
		t.Errorf("got %+v", r)
	}
}

// A client that lost its connection gets what happened meanwhile, whether the
// server kept running (from memory) or not (from state).
func TestStreamResumes(t *testing.T) {
	for _, forget := range []bool{false, true} {
		t.Run(fmt.Sprint("forgetful ", forget), func(t *testing.T) {
			b := start(t)
			teller := tell(t, b, 1)
			viewer := b.login("viewer")
			l := viewer.listen(0)
			must(t, teller.Tell(t.Context(), 1))
			l.until(story.Intrusion, 2)
			l.cancel()
			must(t, teller.Tell(t.Context(), 3))
			if forget {
				head, err := b.state.Cursor(t.Context())
				must(t, err)
				b.server.hub.jump(head)
			}
			again := viewer.listen(l.last)
			// An incident may come as new as its later alerts: those follow.
			read := again.until(story.Intrusion, 5)
			want := map[string]int{"a-0003": 1, "a-0004": 1, "a-0005": 1}
			for len(alerts(read)) < len(want) {
				read = append(read, again.next())
			}
			if got := alerts(read); !maps.Equal(got, want) {
				t.Errorf("alerts came %v", got)
			}
		})
	}
}

// alerts is how often each alert came, but for the kill chain, which advances.
func alerts(read []received) map[string]int {
	came := map[string]int{}
	for _, r := range read {
		var a alert.Alert
		if r.name == state.KindAlert && json.Unmarshal([]byte(r.data), &a) == nil && a.Kind != alert.KindChain {
			came[a.ID]++
		}
	}
	return came
}

func TestStreamSaysWhenItCannotResume(t *testing.T) {
	b := start(t)
	tell(t, b, 2)
	for _, last := range []uint64{1 << 40, 1} {
		if last == 1 { // the feed begins later
			must(t, b.state.Tx(t.Context(), forgetChanges))
			b.server.hub.jump(b.server.hub.position())
		}
		if r := b.login("viewer").listen(last).next(); r.name != "resync" || r.id == 0 || r.id > 100 {
			t.Errorf("from %d: %+v", last, r)
		}
	}
}

// A subscriber that is too slow for the ring is told so, and goes on.
func TestSlowSubscriberIsToldToResync(t *testing.T) {
	b := start(t)
	teller := tell(t, b, 1)
	l := b.login("viewer").listen(0)
	must(t, teller.Tell(t.Context(), 1))
	l.until(story.Intrusion, 2)
	b.server.hub.jump(b.server.hub.position() + 5)
	if r := l.next(); r.name != "resync" {
		t.Errorf("got %+v", r)
	}
}

func TestRingIsBounded(t *testing.T) {
	h := newHub(nil, nil, nil)
	for i := range uint64(3 * maxRing) {
		h.publish([]message{{cursor: i + 1, text: make([]byte, 64)}}, i+1)
	}
	if len(h.ring) != maxRing || h.floor != 2*maxRing {
		t.Errorf("%d messages after %d", len(h.ring), h.floor)
	}
	if _, _, _, ok := h.since(h.floor - 1); ok {
		t.Error("a cursor before the ring was served")
	}
	if messages, _, _, ok := h.since(h.floor); !ok || len(messages) != maxRing {
		t.Errorf("%d messages, %v", len(messages), ok)
	}
	h.publish([]message{{cursor: 4 * maxRing, text: make([]byte, maxRingBytes)}}, 4*maxRing)
	if h.bytes > maxRingBytes || len(h.ring) != 1 {
		t.Errorf("%d bytes in %d messages", h.bytes, len(h.ring))
	}
}

func TestStreamsAreCounted(t *testing.T) {
	h := newHub(nil, nil, nil)
	for i := range maxSubscribers {
		if !h.enter(strconv.Itoa(i / maxStreamsEach)) {
			t.Fatal("refused too early")
		}
	}
	if h.enter("late") {
		t.Fatal("no bound")
	}
	h.leave("0")
	if !h.enter("late") {
		t.Fatal("a place that was left is not free")
	}
	h.leave("1")
	if h.leave("2"); h.enter("3") || !h.enter("1") {
		t.Fatal("users are not bounded each for itself")
	}
}

// TestAMergeIsAnnounced: which incident became part of which, and by what, before the
// last word on the one that is no more. Who lost the connection between gets both.
func TestAMergeIsAnnounced(t *testing.T) {
	b := start(t)
	epoch, err := b.state.TakeLease(t.Context(), state.RoleEngine, "test")
	must(t, err)
	one := incident.Incident{ID: "i1", Revision: 1, Org: "default", Status: incident.StatusOpen, Title: "Older", Opened: began, Updated: began, Alerts: []string{"a1", "a2"}}
	two := incident.Incident{ID: "i2", Revision: 1, Org: "default", Status: incident.StatusOpen, Title: "Younger", Opened: began, Updated: began, Alerts: []string{"a3", "a4"}}
	must(t, b.state.ApplyEngine(t.Context(), epoch, 1, state.Output{Incidents: []incident.Incident{one, two}}))
	viewer := b.login("viewer")
	l := viewer.listen(0)
	begun := l.last
	// A new alert, of the younger by its intrusion, has something in common with the older.
	tie := incident.Reason{A: "a2", B: "a5", Reason: incident.ReasonHash, Entity: "sha256:aa", Weight: 0.9}
	one.Revision, one.Alerts = 2, []string{"a1", "a2", "a3", "a4", "a5"}
	one.Reasons = []incident.Reason{
		{A: "a1", B: "a2", Reason: incident.ReasonLineage, Weight: 1},
		tie,
		{A: "a3", B: "a4", Reason: incident.ReasonLineage, Weight: 1},
		{A: "a5", B: "a4", Reason: incident.ReasonIntrusion, Weight: 1},
	}
	two.Revision, two.MergedInto = 2, "i1"
	must(t, b.state.ApplyEngine(t.Context(), epoch, 2, state.Output{Incidents: []incident.Incident{two, one}}))
	for _, from := range []*listener{l, viewer.listen(begun)} {
		r := from.next()
		for r.name != eventMerge {
			if r.name == state.KindIncident && strings.Contains(r.data, `"merged_into":"i1"`) {
				t.Fatal("the merge was not announced before the last word")
			}
			r = from.next()
		}
		var m Merge
		must(t, json.Unmarshal([]byte(r.data), &m))
		if m.From != "i2" || m.Into != "i1" || m.FromTitle != "Younger" || m.IntoTitle != "Older" || !slices.Equal(m.Reasons, []incident.Reason{tie}) {
			t.Errorf("%+v", m)
		}
		if r.id != 0 {
			t.Error("a client that lost the connection after the announcement would miss the last word")
		}
		if next := from.next(); next.name != state.KindIncident || !strings.Contains(next.data, `"merged_into":"i1"`) {
			t.Errorf("then came %+v", next)
		}
	}
}

// Two clients that changed nothing see each revision once, in order.
func TestChangesOfAPageAreSentOnce(t *testing.T) {
	b := start(t)
	tell(t, b, 5)
	messages, last, err := b.server.hub.read(t.Context(), 0)
	must(t, err)
	// Five alerts, the kill chain, the incident and the intrusion, however often they changed.
	if len(messages) != 8 || last != 17 || messages[7].cursor != 17 {
		t.Errorf("%d messages up to %d", len(messages), last)
	}
}

func TestSubscriberWithoutRightEnds(t *testing.T) {
	b := start(t)
	session := b.login("viewer")
	sub := &subscriber{server: b.server, request: session.request(http.MethodGet, "/stream", nil)}
	session.call(http.MethodPost, "/logout", nil).want(http.StatusNoContent)
	if err := sub.beat(); !errors.Is(err, errEnded) {
		t.Errorf("got %v", err)
	}
}
