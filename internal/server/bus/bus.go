// Package bus is the engine's log: an embedded NATS server with JetStream that
// no socket listens for. One message is one host's batch of events, or what
// the server itself has to say (ticks, rule revisions, refusals), as an
// EventList either way. A message that was acknowledged is on disk.
//
// The order of the log is the order that everything downstream sees, live and
// in a replay: Ingest.Bus of an event is its message's sequence, shifted left
// by indexBits, plus its index in the message.
//
// Each host and boot has its own subject, so that the log itself can say how
// far a boot's events are durable (Tail), and so that a publisher is fenced: a
// batch is accepted only behind the one its publisher believes to be the last.
package bus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	stream   = "EVENTS"
	subjects = "events.>"
	// subjects: events.host.HOST.BOOT for numbered batches, events.server.HOST
	// for what the server says of a host, events.control for the engine.
	subjectHost    = "events.host."
	subjectServer  = "events.server."
	subjectControl = "events.control"

	// indexBits hold an event's index in its message; wire.MaxEvents is less.
	indexBits = 20

	// MaxBody bounds the body of one message, in bytes.
	MaxBody = 2 << 20

	startTimeout = 30 * time.Second
)

// ErrBusy reports a directory that another server uses.
var ErrBusy = errors.New("in use by another server")

// Config of the log.
type Config struct {
	// Dir holds the log.
	Dir string
	// MaxAge and MaxBytes are retention and quota: what exceeds either is
	// dropped from the old end.
	MaxAge   time.Duration
	MaxBytes int64
}

// Bus is the log of one server. It is safe for concurrent use.
type Bus struct {
	server *server.Server
	conn   *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream
	lock   *os.File
	tail   tail
}

// Open starts the log in its directory. Close stops it.
func Open(ctx context.Context, config Config) (*Bus, error) {
	b := &Bus{}
	if err := b.start(ctx, config); err != nil {
		b.Close()
		return nil, fmt.Errorf("event log %s: %w", config.Dir, err)
	}
	return b, nil
}

func (b *Bus) start(ctx context.Context, config Config) (err error) {
	if config.Dir == "" || config.MaxAge <= 0 || config.MaxBytes <= 0 {
		return errors.New("a directory, a maximal age and a quota are required")
	}
	if b.lock, err = lock(config.Dir); err != nil {
		return err
	}
	if b.server, err = server.NewServer(options(config)); err != nil {
		return err
	}
	go b.server.Start()
	if !b.server.ReadyForConnections(startTimeout) {
		return errors.New("the embedded server does not start")
	}
	if b.conn, err = nats.Connect("", nats.InProcessServer(b.server), nats.MaxReconnects(-1)); err != nil {
		return err
	}
	if b.js, err = jetstream.New(b.conn); err != nil {
		return err
	}
	b.stream, err = b.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: stream, Subjects: []string{subjects}, Storage: jetstream.FileStorage,
		Discard: jetstream.DiscardOld, MaxAge: config.MaxAge, MaxBytes: config.MaxBytes,
		AllowDirect: true,
	})
	if err != nil {
		return err
	}
	info, err := b.stream.Info(ctx)
	if err != nil {
		return err
	}
	b.tail.advance(info.State.LastSeq)
	return nil
}

func options(config Config) *server.Options {
	return &server.Options{
		ServerName: "baize", DontListen: true, NoSigs: true, NoLog: true, NoSystemAccount: true,
		JetStream: true, StoreDir: config.Dir, SyncAlways: true, DisableJetStreamBanner: true,
		JetStreamMaxStore: config.MaxBytes, JetStreamMaxMemory: 64 << 20,
		MaxPayload: MaxBody + 64<<10, MaxPending: 64 << 20,
	}
}

// lock keeps a second server out of the directory for as long as the file is open.
func lock(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, ErrBusy
	}
	return file, nil
}

// Close stops the log; what was acknowledged stays.
func (b *Bus) Close() {
	if b.conn != nil {
		b.conn.Close()
	}
	if b.server != nil {
		b.server.Shutdown()
		b.server.WaitForShutdown()
	}
	if b.lock != nil {
		_ = b.lock.Close()
	}
}

// Stats describe the log.
type Stats struct {
	// First and Last are the positions that the log still holds.
	First, Last uint64
	Messages    uint64
	Bytes       uint64
}

// Stats returns the log's extent.
func (b *Bus) Stats(ctx context.Context) (Stats, error) {
	info, err := b.stream.Info(ctx)
	if err != nil {
		return Stats{}, fmt.Errorf("event log: %w", err)
	}
	return Stats{First: info.State.FirstSeq << indexBits, Last: End(info.State.LastSeq), Messages: info.State.Msgs, Bytes: info.State.Bytes}, nil
}

// End is the position after every event of the message with that sequence.
func End(sequence uint64) uint64 { return sequence<<indexBits | (1<<indexBits - 1) }
