package engine

import (
	"bufio"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/label"
	"baize/internal/lru"
	"baize/internal/sigma/correlate"
)

// snapshotVersion rises whenever a snapshot of before could not be continued.
// A snapshot of another version is refused; the engine then starts from its log.
const snapshotVersion = 7

// ErrSnapshot reports a snapshot that this engine cannot continue from.
var ErrSnapshot = errors.New("unusable snapshot")

type header struct {
	Version int
	Now     int64
	Beat    int64
	// Heard, Ticks and LastTick are what is known of hosts that speak.
	Heard           []lru.Item[hostKey, heard]
	Ticks, LastTick int64
	Policy          policyState
	Labels          label.State
	// Alerts are JSON: the form in which an alert survives unchanged.
	Alerts []lru.Item[alertKey, []byte]
	// More is how many repeats of each wait.
	More    []uint64
	Awaited []lru.Item[event.FileKey, []alertKey]
	// Chains are JSON as well.
	Chains []lru.Item[string, []byte]
	// Waiting are the alerts to hand out, in order; some may have left Alerts.
	Waiting []waiting
	// Correlations are what they remember, Contributors the events that they
	// may name, Observed the number of the last one.
	Correlations correlate.State
	Contributors []lru.Item[uint64, keptContributor]
	Observed     uint64
}

type waiting struct {
	Key  alertKey
	Body []byte
	More uint64
}

// Snapshot writes all that the engine knows. An engine restored from it goes
// on as this one would.
func (e *Engine) Snapshot(w io.Writer) error {
	buffered := bufio.NewWriterSize(w, 1<<20)
	enc := gob.NewEncoder(buffered)
	head := header{
		Version: snapshotVersion, Now: e.now, Beat: e.beat, Policy: e.keepPolicy(), Labels: e.labels.Keep(), Awaited: e.awaited.Snapshot(),
		Heard: e.heard.Snapshot(), Ticks: e.ticks, LastTick: e.lastTick,
	}
	for _, item := range e.alerts.Snapshot() {
		body, err := json.Marshal(item.Value.Alert)
		if err != nil {
			return fmt.Errorf("snapshot of alert %s: %w", item.Value.Alert.ID, err)
		}
		head.Alerts = append(head.Alerts, lru.Item[alertKey, []byte]{Key: item.Key, Value: body, Used: item.Used})
		head.More = append(head.More, item.Value.More)
	}
	for _, item := range e.chains.Snapshot() {
		body, err := json.Marshal(item.Value)
		if err != nil {
			return fmt.Errorf("snapshot of alert %s: %w", item.Value.ID, err)
		}
		head.Chains = append(head.Chains, lru.Item[string, []byte]{Key: item.Key, Value: body, Used: item.Used})
	}
	for _, f := range e.waiting {
		body, err := json.Marshal(f.Alert)
		if err != nil {
			return fmt.Errorf("snapshot of alert %s: %w", f.Alert.ID, err)
		}
		head.Waiting = append(head.Waiting, waiting{Key: f.Key, Body: body, More: f.More})
	}
	if err := e.keepCorrelations(&head); err != nil {
		return err
	}
	if err := enc.Encode(head); err != nil {
		return fmt.Errorf("engine snapshot: %w", err)
	}
	if err := e.graph.Snapshot(enc); err != nil {
		return err
	}
	if err := e.merger.Snapshot(enc); err != nil {
		return err
	}
	return buffered.Flush()
}

// Restore reads into a new engine what Snapshot wrote. After an error the
// engine is not usable.
func (e *Engine) Restore(r io.Reader) error {
	dec := gob.NewDecoder(bufio.NewReaderSize(r, 1<<20))
	var head header
	if err := dec.Decode(&head); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	if head.Version != snapshotVersion || len(head.More) != len(head.Alerts) {
		return fmt.Errorf("%w: version %d, want %d", ErrSnapshot, head.Version, snapshotVersion)
	}
	e.now, e.beat = head.Now, head.Beat
	e.heard.Restore(head.Heard)
	e.ticks, e.lastTick = head.Ticks, head.LastTick
	if err := e.restorePolicy(head.Policy); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	if err := e.labels.Restore(&head.Labels); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	if err := e.restoreCorrelations(&head); err != nil {
		return err
	}
	e.awaited.Restore(head.Awaited)
	if err := e.restoreAlerts(&head); err != nil {
		return err
	}
	if err := e.graph.Restore(dec); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	if err := e.merger.Restore(dec); err != nil {
		return fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	return nil
}

func (e *Engine) restoreAlerts(head *header) error {
	for i, item := range head.Alerts {
		f, err := restored(item.Key, item.Value, head.More[i])
		if err != nil {
			return err
		}
		e.alerts.Put(item.Key, f, item.Used)
	}
	for _, item := range head.Chains {
		var a alert.Alert
		if err := json.Unmarshal(item.Value, &a); err != nil {
			return fmt.Errorf("%w: kill chain: %w", ErrSnapshot, err)
		}
		e.chains.Put(item.Key, &a, item.Used)
	}
	for _, w := range head.Waiting {
		f, err := restored(w.Key, w.Body, w.More)
		if err != nil {
			return err
		}
		if slot := e.alerts.Peek(w.Key); slot != nil && (*slot).Alert.ID == f.Alert.ID {
			f = *slot
		}
		f.waits = true
		e.waiting = append(e.waiting, f)
	}
	return nil
}

func restored(key alertKey, body []byte, more uint64) (*firing, error) {
	f := &firing{Key: key, More: more}
	if err := json.Unmarshal(body, &f.Alert); err != nil {
		return nil, fmt.Errorf("%w: alert: %w", ErrSnapshot, err)
	}
	return f, nil
}
