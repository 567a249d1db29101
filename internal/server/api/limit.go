package api

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits of failed logins. A person who mistypes is not stopped; a search of
// passwords gets 10 guesses a minute from one network and 20 at one name.
const (
	sourceEvery = 6 * time.Second
	sourceBurst = 10
	nameEvery   = 3 * time.Second
	nameBurst   = 20
	// maxBuckets bounds the memory of the limiter. At the bound all buckets are
	// forgotten, which an attacker buys with that many networks or names.
	maxBuckets = 10_000
)

// limiter counts failed logins by network and by name.
type limiter struct {
	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newLimiter() *limiter { return &limiter{buckets: map[string]*rate.Limiter{}} }

// wait returns how long a login of name from source must wait: 0 if it may be
// tried now, which takes one try from both.
func (l *limiter) wait(name, source string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.buckets) > maxBuckets {
		clear(l.buckets)
	}
	bySource := l.bucketLocked("source "+network(source), sourceEvery, sourceBurst)
	byName := l.bucketLocked("name "+name, nameEvery, nameBurst)
	first, second := bySource.ReserveN(now, 1), byName.ReserveN(now, 1)
	delay := max(first.DelayFrom(now), second.DelayFrom(now))
	if delay > 0 {
		first.CancelAt(now)
		second.CancelAt(now)
	}
	return delay
}

func (l *limiter) bucketLocked(key string, every time.Duration, burst int) *rate.Limiter {
	b := l.buckets[key]
	if b == nil {
		b = rate.NewLimiter(rate.Every(every), burst)
		l.buckets[key] = b
	}
	return b
}

// succeeded forgives what a name and its network failed before.
func (l *limiter) succeeded(name, source string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.buckets, "source "+network(source))
	delete(l.buckets, "name "+name)
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
