package api

import (
	"maps"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// allowance is how much of something is allowed: burst at once, then one each
// every.
type allowance struct {
	kind  string
	every time.Duration
	burst float64
}

// Limits of what can be guessed or flooded. A person who mistypes is not
// stopped; a search of passwords gets 10 guesses a minute from one network and
// 20 at one name.
var (
	fromSource = allowance{"source", 6 * time.Second, 10}
	atName     = allowance{"name", 3 * time.Second, 20}
	ownChange  = allowance{"change", 6 * time.Second, 10}
	// auditedCalls keeps one user from pushing what others did out of the audit
	// log, which is bounded: that takes days.
	auditedCalls = allowance{"audited", 250 * time.Millisecond, 240}
)

const (
	// maxBuckets bounds the memory of the limiter. At the bound, what comes new
	// shares one bucket of its kind.
	maxBuckets = 10_000
	// maxKnown bounds the names and networks that are remembered as belonging
	// together.
	maxKnown = 1024
)

// bucket holds what is left of an allowance.
type bucket struct {
	allowance
	left float64
	at   time.Time
}

func (b *bucket) refill(now time.Time) {
	if passed := now.Sub(b.at); passed > 0 {
		b.left, b.at = min(b.burst, b.left+float64(passed)/float64(b.every)), now
	}
}

// take takes one, or returns how long there is none.
func (b *bucket) take(now time.Time) time.Duration {
	b.refill(now)
	if b.left >= 1 {
		b.left--
		return 0
	}
	return max(1, time.Duration((1-b.left)*float64(b.every)))
}

// limiter counts logins by network and by name, and what users do.
type limiter struct {
	mu      sync.Mutex
	buckets map[string]*bucket
	// known are names and networks of logins that succeeded.
	known map[string]bool
}

func newLimiter() *limiter { return &limiter{buckets: map[string]*bucket{}, known: map[string]bool{}} }

// take returns how long key must wait for one more of what is allowed: 0 if it
// may now.
func (l *limiter) take(a allowance, key string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bucketLocked(a, key, now).take(now)
}

// name returns how long a login of name from source must wait. Where the name
// logged in before, others cannot lock it out.
func (l *limiter) name(name, source string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[name+" "+network(source)] {
		return 0
	}
	return l.bucketLocked(atName, name, now).take(now)
}

func (l *limiter) bucketLocked(a allowance, key string, now time.Time) *bucket {
	key = a.kind + " " + key
	if b := l.buckets[key]; b != nil {
		return b
	}
	if len(l.buckets) >= maxBuckets {
		maps.DeleteFunc(l.buckets, func(_ string, b *bucket) bool { b.refill(now); return b.left >= b.burst })
	}
	if len(l.buckets) >= maxBuckets {
		key = a.kind // shared; user names and networks are never empty
	}
	if l.buckets[key] == nil {
		l.buckets[key] = &bucket{a, a.burst, now}
	}
	return l.buckets[key]
}

// succeeded gives back what the login took. What failed before is not
// forgiven: who has one account must not be freed to guess at others.
func (l *limiter) succeeded(name, source string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range []*bucket{l.bucketLocked(fromSource, network(source), now), l.bucketLocked(atName, name, now)} {
		b.left = min(b.burst, b.left+1)
	}
	if len(l.known) >= maxKnown {
		clear(l.known)
	}
	l.known[name+" "+network(source)] = true
}

// network is the address that one client can be expected to have: an IPv4
// address, or the /64 of an IPv6 one.
func network(source string) string {
	ip, err := netip.ParseAddr(source)
	if err != nil || ip.Unmap().Is4() {
		return source
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return source
	}
	return prefix.String()
}

// throttle stands before the audit log, so that what it refuses costs no entry.
func (s *Server) throttle(ctx huma.Context, next func(huma.Context)) {
	delay := time.Duration(0)
	r, _ := humago.Unwrap(ctx)
	audited, _ := ctx.Operation().Metadata[auditedKey].(bool)
	p := principalOf(ctx.Context())
	switch {
	case ctx.Operation().OperationID == loginOperation:
		delay = s.logins.take(fromSource, network(sourceOf(r)), s.now())
	case audited && !p.Local:
		delay = s.logins.take(auditedCalls, p.Name, s.now())
	}
	if delay == 0 {
		next(ctx)
		return
	}
	if ctx.Operation().OperationID == loginOperation {
		s.metrics.login("limited")
	}
	ctx.SetHeader("Retry-After", seconds(delay))
	s.refuse(ctx, http.StatusTooManyRequests, "too many calls; try again in "+seconds(delay)+" s")
}

func seconds(delay time.Duration) string { return strconv.Itoa(int(math.Ceil(delay.Seconds()))) }

// tooMany refuses a call that may be tried again after delay.
func tooMany(what string, delay time.Duration) error {
	refusal := huma.Error429TooManyRequests(what + "; try again in " + seconds(delay) + " s")
	return huma.ErrorWithHeaders(refusal, http.Header{"Retry-After": {seconds(delay)}})
}
