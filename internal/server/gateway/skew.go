package gateway

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"
)

// skewSamples is how many of the latest messages the estimate looks at.
const skewSamples = 32

// skew estimates host clock minus server clock. A message's time is older than
// its arrival by the way it took, so each sample is too small by an unknown
// delay: the largest of the latest is the best.
type skew struct {
	samples [skewSamples]time.Duration
	n       int
}

func (s *skew) add(host *timestamppb.Timestamp, server time.Time) {
	if !host.IsValid() || host.AsTime().Unix() == 0 {
		return
	}
	s.samples[s.n%skewSamples] = host.AsTime().Sub(server)
	s.n++
}

// estimate is 0 before the first sample.
func (s *skew) estimate() time.Duration {
	if s.n == 0 {
		return 0
	}
	best := s.samples[0]
	for _, sample := range s.samples[1:min(s.n, skewSamples)] {
		best = max(best, sample)
	}
	return best
}
