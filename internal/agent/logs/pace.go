package logs

import (
	"context"
	"time"
)

// pace lets lines through at a rate, with a burst of burstSeconds of it. It
// belongs to one goroutine.
type pace struct {
	rate, tokens float64
	at           time.Time
	// behind counts the waits since it was last asked.
	behind int
}

const burstSeconds = 5

func newPace(rate int) *pace {
	if rate == 0 {
		rate = DefaultRate
	}
	return &pace{rate: float64(rate), tokens: float64(rate) * burstSeconds}
}

// take waits until a line may be read; false if the context ended.
func (p *pace) take(ctx context.Context) bool {
	now := time.Now()
	if !p.at.IsZero() {
		p.tokens = min(p.rate*burstSeconds, p.tokens+now.Sub(p.at).Seconds()*p.rate)
	}
	p.at = now
	if p.tokens--; p.tokens >= 0 {
		return true
	}
	p.behind++
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Duration(-p.tokens / p.rate * float64(time.Second))):
		return true
	}
}

// waited reports, once, whether lines had to wait.
func (p *pace) waited() bool {
	was := p.behind > 0
	p.behind = 0
	return was
}
