// Package uplink carries the spool to the server and brings commands back, over
// one mutually authenticated stream. What it has sent stays in the spool until
// the server's durable mark; after any interruption it goes on behind that mark.
package uplink

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/keepalive"

	"baize/internal/agent/spool"
	baizev1 "baize/proto/baize/v1"
)

const (
	// HeartbeatEvery is how often the server hears from a host that has
	// nothing to say.
	HeartbeatEvery = 5 * time.Second
	// window bounds the batches sent and not yet durable.
	window = 64
	// maxMessage bounds a message, in bytes: a spool record and its frame.
	maxMessage = spool.MaxRecord + 64<<10

	minBackoff = 250 * time.Millisecond
	maxBackoff = 30 * time.Second
	// healthy is how long a session must last for the backoff to start anew.
	healthy = 10 * time.Second
)

var (
	keepaliveParams = keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}
	// The sessions' own backoff is the one that counts.
	connectParams = grpc.ConnectParams{
		Backoff:           backoff.Config{BaseDelay: minBackoff, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
		MinConnectTimeout: 5 * time.Second,
	}
)

// Options of an Uplink.
type Options struct {
	// Dir holds the identity.
	Dir      string
	Identity *Identity
	Spool    *spool.Spool
	// Hello is sent first; host, boot and time are filled in.
	Hello *baizev1.Hello
	// Health is asked every HeartbeatEvery.
	Health func() *baizev1.Heartbeat
	// Accept takes a command, in the order of arrival, and returns what carries
	// it out. What is slow may still be at it when later commands are.
	Accept func(*baizev1.Envelope) (obey func(context.Context) *baizev1.CommandResult, slow bool)
	// Interest hears which kinds of event the rules of a revision ask for.
	Interest func(revision string, kinds []string)
	// Back hears of a session that was long in coming: since when there was none.
	Back func(since time.Time)
	Log  *slog.Logger
}

// reportAway is how long a server must have been out of reach to be told.
const reportAway = 30 * time.Second

// Uplink is the connection to the server. Make it with New, run it with Run.
type Uplink struct {
	options  Options
	identity atomic.Pointer[Identity]
	durable  atomic.Uint64
	online   atomic.Bool
	// away is since when there is no session; it belongs to Run.
	away time.Time
}

// New returns an uplink that does not run yet.
func New(options Options) *Uplink {
	u := &Uplink{options: options}
	u.identity.Store(options.Identity)
	return u
}

// Durable is the highest mark of this boot, 0 before the first session.
func (u *Uplink) Durable() uint64 { return u.durable.Load() }

// Online reports whether a session is open.
func (u *Uplink) Online() bool { return u.online.Load() }

// Run keeps a session open until the context ends.
func (u *Uplink) Run(ctx context.Context) {
	wait := minBackoff
	u.away = time.Now()
	for ctx.Err() == nil {
		began := time.Now()
		err := u.connect(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) >= healthy {
			wait = minBackoff
		}
		if errors.Is(err, errRenewed) {
			continue
		}
		pause := jitter(wait)
		u.options.Log.Warn("no connection to the server", "server", u.identity.Load().Server, "error", err, "again_in", pause.Round(time.Millisecond))
		sleep(ctx, pause)
		wait = min(2*wait, maxBackoff)
	}
}

// jitter spreads a fleet's attempts over half to all of d.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// errRenewed ends a session so that the next one uses the new certificate.
var errRenewed = errors.New("certificate was renewed")

// connect opens one session and returns when it ends.
func (u *Uplink) connect(ctx context.Context) error {
	id := u.identity.Load()
	conn, err := dial(id.Server, id.Authority, &id.Certificate)
	if err != nil {
		return err
	}
	defer conn.Close()
	if id.renewable(time.Now()) {
		if err := u.renew(ctx, conn); err != nil {
			u.options.Log.Warn("certificate not renewed", "error", err)
		} else {
			return errRenewed
		}
	}
	return u.session(ctx, conn)
}

func (u *Uplink) renew(ctx context.Context, conn *grpc.ClientConn) error {
	ctx, cancel := context.WithTimeout(ctx, HeartbeatEvery)
	defer cancel()
	fresh, err := u.identity.Load().renew(ctx, conn, u.options.Dir)
	if err != nil {
		return err
	}
	u.identity.Store(fresh)
	u.options.Log.Info("certificate renewed", "until", fresh.Certificate.Leaf.NotAfter)
	return nil
}

// ahead reports a server that remembers more of this boot than the spool does:
// the numbering goes on behind it.
func (u *Uplink) ahead(boot string, durable uint64) error {
	next := u.options.Spool.NextSeq(boot)
	if durable < next {
		return nil
	}
	u.options.Log.Warn("the spool was lost: numbering goes on behind the server's mark", "next", next, "mark", durable)
	if err := u.options.Spool.Skip(boot, durable); err != nil {
		return fmt.Errorf("go on behind the server's mark: %w", err)
	}
	return nil
}
