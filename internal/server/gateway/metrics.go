package gateway

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"baize/internal/event"
	baizev1 "baize/proto/baize/v1"
)

// observations are what the agents' sensors saw and lost, over all hosts. The
// agents count since their own start; what is added here is what came since the
// heartbeat before.
type observations struct {
	seen, lost, spared *prometheus.CounterVec
}

func newObservations() *observations {
	return &observations{
		seen:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "baize_agent_observations_total", Help: "What the connected agents' sensors saw, by class."}, []string{"class"}),
		lost:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "baize_agent_observations_lost_total", Help: "What of it was lost or not whole, by class and reason."}, []string{"class", "reason"}),
		spared: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "baize_agent_observations_spared_total", Help: "What of it was counted and not told one by one, by class and way."}, []string{"class", "way"}),
	}
}

// Describe implements prometheus.Collector.
func (o *observations) Describe(out chan<- *prometheus.Desc) {
	o.seen.Describe(out)
	o.lost.Describe(out)
	o.spared.Describe(out)
}

// Collect implements prometheus.Collector.
func (o *observations) Collect(out chan<- prometheus.Metric) {
	o.seen.Collect(out)
	o.lost.Collect(out)
	o.spared.Collect(out)
}

// add counts what a heartbeat has more than the one before of the same session.
// The first only says from where to count.
func (o *observations) add(before, beat *baizev1.Heartbeat) {
	if before == nil {
		return
	}
	then := map[[2]string]uint64{}
	for _, c := range before.GetClasses() {
		then[[2]string{c.GetClass()}] = c.GetSeen()
		for _, l := range c.GetLosses() {
			then[[2]string{c.GetClass(), l.GetReason()}] = l.GetCount()
		}
		for _, way := range ways {
			then[[2]string{c.GetClass(), "spared " + way.name}] = way.of(c)
		}
	}
	for _, c := range beat.GetClasses() {
		class := label(c.GetClass(), classes)
		o.seen.WithLabelValues(class).Add(rise(then[[2]string{c.GetClass()}], c.GetSeen()))
		for _, l := range c.GetLosses() {
			o.lost.WithLabelValues(class, label(l.GetReason(), reasons)).Add(rise(then[[2]string{c.GetClass(), l.GetReason()}], l.GetCount()))
		}
		for _, way := range ways {
			if n := rise(then[[2]string{c.GetClass(), "spared " + way.name}], way.of(c)); n > 0 {
				o.spared.WithLabelValues(class, way.name).Add(n)
			}
		}
	}
}

// ways in which an observation is counted and not told.
var ways = []struct {
	name string
	of   func(*baizev1.ClassHealth) uint64
}{
	{event.CoverageCoalesced, (*baizev1.ClassHealth).GetCoalesced},
	{event.CoverageFiltered, (*baizev1.ClassHealth).GetFiltered},
	{event.CoverageThrottled, (*baizev1.ClassHealth).GetThrottled},
	{"left out", (*baizev1.ClassHealth).GetLeftOut},
}

// rise is what a counter gained; one that fell began anew.
func rise(then, now uint64) float64 {
	if now < then {
		then = 0
	}
	return float64(now - then)
}

// Labels are what a host says only where it is known here: a host must not make
// up metrics.
var (
	classes = []string{string(event.ClassProcess), string(event.ClassFile), string(event.ClassNetwork), string(event.ClassDNS), "kernel", "access", "log"}
	reasons = []string{"ring full", "map full", "memory not readable", "32-bit programs, whose calls are hidden", "shed under pressure"}
)

func label(said string, known []string) string {
	if slices.Contains(known, said) {
		return said
	}
	return "other"
}
