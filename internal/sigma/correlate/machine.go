package correlate

import (
	"cmp"
	"slices"
	"time"

	"baize/internal/sigma"
)

// Lateness is how much later than a later event of its group an event may come
// and still count.
const Lateness = time.Minute

// away is how long, by the log's time, a group is kept beyond its timespan for a
// host that is not heard of: its events may wait for it to come back.
const away = time.Hour

// Limits of a machine. The zero value of a field is its default.
type Limits struct {
	// Groups and Events that one correlation remembers.
	Groups, Events int
	// GroupEvents is how many events of one group are remembered exactly.
	GroupEvents int
	// Disabled are the keys of rules that raise no alert. Those that correlations
	// refer to are seen by them all the same; disabled correlations see nothing,
	// and leave the rules they refer to their own alerts.
	Disabled map[string]bool
}

const (
	defaultGroups      = 10_000
	defaultEvents      = 100_000
	defaultGroupEvents = 2_048
	// totalEvents are shared among the correlations where there are many.
	totalEvents = 2_000_000
	minEvents   = 10_000
)

func (l Limits) withDefaults(rules int) Limits {
	if l.Groups == 0 {
		l.Groups = defaultGroups
	}
	if l.Events == 0 {
		l.Events = max(min(defaultEvents, totalEvents/max(rules, 1)), minEvents)
	}
	if l.GroupEvents == 0 {
		l.GroupEvents = defaultGroupEvents
	}
	return l
}

// Input is one event.
type Input struct {
	// Records are the event as rules of each of its log sources see it. A rule
	// matches it once. The machine keeps nothing of them.
	Records []sigma.Record
	// Time is when it happened, Now the log's time, in nanoseconds. Now never
	// goes back; an event from beyond it counts as happening now.
	Time, Now int64
	// Ref names the event to the caller. It rises from event to event.
	Ref uint64
	// Org is its tenant, Host where it happened.
	Org, Host string
	// Count is how many observations it stands for; 0 reads as 1.
	Count uint64
}

// Match says that an event satisfies a rule, or completes a correlation.
type Match struct {
	Rule *sigma.Rule
	// Ref is the event, or the one that completed the correlation, and Time
	// when it happened.
	Ref  uint64
	Time int64
	// The rest is set for correlations. Org and Host are those of the event.
	Org, Host string
	// Group are the values of the group-by fields.
	Group []string
	// Refs are contributing events in order of time: the newest of each rule or
	// value first of all, at most MaxRefs. Total counts all of them.
	Refs  []uint64
	Total uint64
}

// MaxRefs bounds Match.Refs.
const MaxRefs = 32

// Machine evaluates the rules of a set and their correlations. It is not safe
// for concurrent use.
type Machine struct {
	set   *sigma.Set
	rules []*rule
	// feeds are the correlations that refer to a rule.
	feeds map[*sigma.Rule][]feed
	// quiet are the rules that raise no alert of their own.
	quiet map[*sigma.Rule]bool
	due   deadlines
	now   int64
	fed   bool
	// lost are the groups given up since TakeLosses.
	lost []Loss
	// The rest is working memory.
	hits      []hit
	satisfied []*sigma.Rule
	values    sigma.Values
	key, text []byte
	marks     marks
	floats    []float64
	chains    []int
}

// feed is a place among the references of a correlation.
type feed struct {
	rule  *rule
	place int32
}

// New returns a machine that has seen nothing.
func New(set *sigma.Set, limits Limits) *Machine {
	m := &Machine{set: set, feeds: map[*sigma.Rule][]feed{}, quiet: map[*sigma.Rule]bool{}}
	limits = limits.withDefaults(len(set.Correlations()))
	for _, def := range set.Correlations() {
		if !limits.Disabled[def.Key()] {
			m.add(newRule(def, len(m.rules), limits))
		}
	}
	m.carry()
	m.hush(set, limits.Disabled)
	return m
}

// add connects a correlation with the rules it refers to.
func (m *Machine) add(r *rule) {
	m.rules = append(m.rules, r)
	for place, ref := range r.def.Correlation.References {
		for _, fed := range ref.Rules {
			m.feeds[fed] = append(m.feeds[fed], feed{r, int32(place)})
			for _, inner := range m.rules {
				if inner.def == fed && inner.silent {
					// Its matches come when its windows are over.
					r.lateness = max(r.lateness, inner.lateness+2*int64(Lateness))
				}
			}
		}
	}
}

// hush finds the rules that raise no alert: those that only feed correlations,
// of which none asks to generate theirs, and those that are disabled.
func (m *Machine) hush(set *sigma.Set, disabled map[string]bool) {
	for fed, feeds := range m.feeds {
		generated := slices.ContainsFunc(feeds, func(f feed) bool { return f.rule.def.Correlation.Generate })
		m.quiet[fed] = !generated
	}
	for _, r := range set.Rules() {
		if disabled[r.Key()] {
			m.quiet[r] = true
		}
	}
}

// Raises reports whether a rule raises alerts of its own.
func (m *Machine) Raises(r *sigma.Rule) bool { return !m.quiet[r] }

// Fed reports whether the last event was about any correlation.
func (m *Machine) Fed() bool { return m.fed }

// carry tells the correlations whose matches come after their events which
// fields those above them will ask for.
func (m *Machine) carry() {
	for i := len(m.rules) - 1; i >= 0; i-- {
		r := m.rules[i]
		for _, f := range m.feeds[r.def] {
			c := f.rule.def.Correlation
			for _, name := range slices.Concat(c.GroupBy, c.Fields) {
				r.carried = appendOnce(r.carried, c.Field(name, int(f.place)))
			}
			for _, name := range f.rule.carried {
				r.carried = appendOnce(r.carried, name)
			}
		}
	}
}

func appendOnce(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// Process takes the next event in and appends what it satisfies and completes
// to dst: the rules of single events by key, then correlations behind those
// they refer to. Before them stand the windows that the time ended.
func (m *Machine) Process(in *Input, dst []Match) []Match {
	dst = m.Advance(in.Now, dst)
	m.match(in.Records)
	m.fed = false
	for _, h := range m.hits {
		if !m.quiet[h.rule] {
			dst = append(dst, Match{Rule: h.rule, Ref: in.Ref, Time: in.Time, Org: in.Org, Host: in.Host})
		}
		m.fed = m.signal(h) || m.fed
	}
	if !m.fed {
		return dst
	}
	s := signal{
		ref: in.Ref, time: min(in.Time, m.now), seen: m.now,
		org: in.Org, host: in.Host, count: max(in.Count, 1),
	}
	return m.spread(&s, 0, dst)
}

// hit is a rule that an event satisfies, and the record by which it does.
type hit struct {
	rule   *sigma.Rule
	record sigma.Record
}

// match finds the rules that an event satisfies, each once, in order of key.
func (m *Machine) match(records []sigma.Record) {
	m.hits = m.hits[:0]
	for _, record := range records {
		m.satisfied = m.set.Match(record, m.satisfied[:0])
		for _, rule := range m.satisfied {
			if !slices.ContainsFunc(m.hits, func(h hit) bool { return h.rule == rule }) {
				m.hits = append(m.hits, hit{rule, record})
			}
		}
	}
	if len(records) > 1 {
		slices.SortFunc(m.hits, func(a, b hit) int {
			return cmp.Or(cmp.Compare(a.rule.Key(), b.rule.Key()), cmp.Compare(a.rule.File, b.rule.File), cmp.Compare(a.rule.Line, b.rule.Line))
		})
	}
}

// signal tells the correlations of a rule that it matched.
func (m *Machine) signal(h hit) bool {
	feeds := m.feeds[h.rule]
	for _, f := range feeds {
		f.rule.places = append(f.rule.places, place{f.place, h.record})
	}
	return len(feeds) > 0
}

// signal is a match on its way to the correlations.
type signal struct {
	ref uint64
	// time of the event, seen the log's time when it came.
	time, seen int64
	org, host  string
	count      uint64
}

// place is a reference that the present event satisfies, by a record.
type place struct {
	at     int32
	record sigma.Record
}

// spread feeds the correlations that were signalled, those referred to first.
func (m *Machine) spread(s *signal, from int, dst []Match) []Match {
	for _, r := range m.rules[from:] {
		if len(r.places) == 0 {
			continue
		}
		first := len(dst)
		dst = m.feed(r, s, dst)
		record := r.places[0].record
		clear(r.places)
		r.places = r.places[:0]
		if r.silent || len(dst) == first {
			continue // what is silent has told of its matches when they were decided
		}
		m.signal(hit{r.def, record})
		if m.quiet[r.def] {
			clear(dst[first:])
			dst = dst[:first]
		}
	}
	return dst
}

// Advance moves the log's time on and appends the matches of the windows that
// are over by then.
func (m *Machine) Advance(now int64, dst []Match) []Match {
	m.now = max(m.now, now)
	for len(m.due) > 0 && m.due[0].deadline < m.now {
		g := m.due[0]
		if !g.rule.silent {
			m.idle(g)
			continue
		}
		dst = m.end(g, dst)
	}
	return dst
}

// Finish ends all windows, as endless silence would.
func (m *Machine) Finish(dst []Match) []Match {
	for len(m.due) > 0 {
		m.now = max(m.now, m.due[0].deadline+1)
		dst = m.Advance(m.now, dst)
	}
	return dst
}

// idle lets a group go whose events no window reaches any more, as far as the
// log's time tells.
func (m *Machine) idle(g *group) {
	if deadline := g.kept(); deadline >= m.now {
		m.due.move(g, deadline)
		return
	}
	m.drop(g)
}

// end decides the oldest window of a group, and of those behind it whatever is
// over as well.
func (m *Machine) end(g *group, dst []Match) []Match {
	r := g.rule
	end := g.items[0].Time + r.span
	n := upper(g.items, end)
	window := g.items[:n]
	holds := r.holds(m, window, over)
	if !holds {
		m.forget(g, n, end)
		return dst
	}
	match := r.match(m, g, window, &window[n-1])
	if !m.quiet[r.def] {
		dst = append(dst, match)
	}
	record := window[n-1].Carried
	s := signal{ref: match.Ref, time: end, seen: m.now, org: match.Org, host: match.Host, count: 1}
	m.forget(g, n, end)
	return m.tell(hit{r.def, record}, r.order+1, &s, dst)
}

// tell feeds the correlations above one whose window ended. They may be
// waiting for their turn with the present event; that waits.
func (m *Machine) tell(h hit, from int, s *signal, dst []Match) []Match {
	if len(m.feeds[h.rule]) == 0 {
		return dst
	}
	above := m.rules[from:]
	waiting := make([][]place, len(above))
	for i, parent := range above {
		waiting[i], parent.places = parent.places, nil
	}
	m.signal(h)
	dst = m.spread(s, from, dst)
	for i, parent := range above {
		parent.places = waiting[i]
	}
	return dst
}

// forget takes the decided window out of a group.
func (m *Machine) forget(g *group, n int, end int64) {
	g.cut(n)
	g.decided = end
	if len(g.items) == 0 {
		m.drop(g)
		return
	}
	m.due.move(g, g.silence())
}
