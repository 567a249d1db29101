package correlate

import (
	"cmp"
	"container/heap"
	"math"

	"baize/internal/lru"
	"baize/internal/sigma"
)

// group is the memory of one group of a correlation.
type group struct {
	rule *rule
	key  string
	org  string
	// values of the group-by fields.
	values []string
	// host that opened it, lastHost that of the newest event.
	host     *host
	lastHost string
	// items in order of time.
	items []item
	// texts of the items, numbered.
	texts   []string
	numbers map[string]int32
	// newest is the time of the newest event there ever was, decided the end of
	// the last window that was.
	newest, decided int64
	// touched is the log's time of the last event, touch its number.
	touched int64
	touch   uint64
	// deadline at which to look at the group again, and its place among them.
	deadline int64
	at       int
}

// late reports whether an event of time t comes too late to count.
func (g *group) late(t int64) bool {
	return t < g.newest-g.rule.lateness || g.rule.silent && t <= g.decided
}

// silence is when the first window is over if nothing more is heard.
func (g *group) silence() int64 {
	first := &g.items[0]
	return max(first.Time, first.Seen) + g.rule.span + g.rule.lateness
}

// kept is until when a group is kept that waits for no silence.
func (g *group) kept() int64 { return g.touched + g.rule.span + int64(away) }

// number of a text among those of the group.
func (g *group) number(text string) int32 {
	if n, ok := g.numbers[text]; ok {
		return n
	}
	if g.numbers == nil {
		g.numbers = map[string]int32{}
	}
	n := int32(len(g.texts))
	g.texts = append(g.texts, text)
	g.numbers[text] = n
	return n
}

// renumber forgets the texts that no item has any more.
func (g *group) renumber() {
	old := g.texts
	g.texts, g.numbers = nil, nil
	for i := range g.items {
		g.items[i].Text = g.number(old[g.items[i].Text])
	}
}

// cut forgets the first n items.
func (g *group) cut(n int) {
	if n == 0 {
		return
	}
	g.rule.shrink(g, n)
	clear(g.items[copy(g.items, g.items[n:]):])
	g.items = g.items[:len(g.items)-n]
	if len(g.texts) > 2*len(g.items)+16 {
		g.renumber()
	}
}

// open makes the group of an event, and room for it.
func (m *Machine) open(r *rule, s *signal, p place) *group {
	for len(r.groups) >= r.limits.Groups {
		m.evict(r)
	}
	g := &group{rule: r, key: string(m.key), org: s.org, values: m.valuesOf(r, p), newest: math.MinInt64, decided: math.MinInt64}
	m.adopt(g, s.org+"/"+s.host)
	return g
}

// adopt puts a group in its rule and under its host.
func (m *Machine) adopt(g *group, owner string) {
	r := g.rule
	h := r.byHost[owner]
	if h == nil {
		h = &host{name: owner, groups: lru.New[string, *group](math.MaxInt)}
		r.byHost[owner] = h
		heap.Push(&r.hosts, h)
	}
	g.host = h
	r.groups[g.key] = g
	h.groups.Put(g.key, g, 0)
	heap.Push(&m.due, g)
}

// insert adds an event to a group, and lets go what no window reaches.
func (m *Machine) insert(g *group, s *signal, record sigma.Record, contents []content) {
	r := g.rule
	carried := m.carriedOf(r, record)
	count := s.count
	if r.numeric() {
		count = 1 // of numbers, not of observations
	}
	for _, c := range contents {
		g.items = put(g.items, item{
			Time: s.time, Seen: s.seen, Ref: s.ref, Place: c.place, Text: g.number(c.text),
			Count: count, Sum: c.sum, Carried: carried,
		})
	}
	r.shrink(g, -len(contents))
	if s.time >= g.newest {
		g.newest, g.lastHost = s.time, s.host
	}
	r.touches++
	g.touched, g.touch = s.seen, r.touches
	g.host.groups.Get(g.key, 0)
	if r.silent {
		m.due.move(g, g.silence())
	} else {
		g.cut(lower(g.items, g.newest-r.span-r.lateness))
		if g.deadline == 0 {
			m.due.move(g, g.kept())
		}
	}
	if len(g.items) > r.capacity() {
		m.thin(g)
	}
	for r.items > r.limits.Events && len(r.groups) > 1 {
		m.evict(r)
	}
}

// shrink counts n items fewer in a group.
func (r *rule) shrink(g *group, n int) {
	r.items -= n
	g.host.items -= n
	heap.Fix(&r.hosts, g.host.at)
}

// Loss says that a group was given up for want of room.
type Loss struct {
	// Rule is the key of the correlation, Owner the "ORG/HOST" with the most
	// events in its memory, to which the group belonged.
	Rule, Owner string
}

// evict gives up the group touched longest ago of the host with the most items.
func (m *Machine) evict(r *rule) {
	h := r.hosts[0]
	for _, slot := range h.groups.All() {
		m.drop(*slot)
		break
	}
	r.Evicted++
	if n := len(m.lost); n == 0 || m.lost[n-1] != (Loss{r.def.Key(), h.name}) {
		m.lost = append(m.lost, Loss{Rule: r.def.Key(), Owner: h.name})
	}
}

// TakeLosses returns the rules that gave up groups since the last call, each
// with the host that lost them.
func (m *Machine) TakeLosses() []Loss {
	lost := m.lost
	m.lost = nil
	return lost
}

// drop forgets a group.
func (m *Machine) drop(g *group) {
	r := g.rule
	r.shrink(g, len(g.items))
	g.items = nil
	delete(r.groups, g.key)
	g.host.groups.Delete(g.key)
	if g.host.groups.Len() == 0 {
		heap.Remove(&r.hosts, g.host.at)
		delete(r.byHost, g.host.name)
	}
	heap.Remove(&m.due, g.at)
}

// host is what one host has in the memory of a correlation.
type host struct {
	name   string
	groups *lru.Map[string, *group]
	items  int
	at     int
}

// crowd is a heap of hosts, the one with the most items first.
type crowd []*host

func (c crowd) Len() int { return len(c) }
func (c crowd) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(c[j].items, c[i].items), cmp.Compare(c[i].name, c[j].name)) < 0
}

func (c crowd) Swap(i, j int) {
	c[i], c[j] = c[j], c[i]
	c[i].at, c[j].at = i, j
}

// Push implements heap.Interface.
func (c *crowd) Push(x any) {
	h := x.(*host)
	h.at = len(*c)
	*c = append(*c, h)
}

// Pop implements heap.Interface.
func (c *crowd) Pop() any {
	last := len(*c) - 1
	h := (*c)[last]
	(*c)[last] = nil
	*c = (*c)[:last]
	return h
}

// deadlines is a heap of groups, the next one due first.
type deadlines []*group

func (d deadlines) Len() int { return len(d) }
func (d deadlines) Less(i, j int) bool {
	a, b := d[i], d[j]
	return cmp.Or(cmp.Compare(a.deadline, b.deadline), cmp.Compare(a.rule.order, b.rule.order), cmp.Compare(a.key, b.key)) < 0
}

func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].at, d[j].at = i, j
}

// Push implements heap.Interface.
func (d *deadlines) Push(x any) {
	g := x.(*group)
	g.at = len(*d)
	*d = append(*d, g)
}

// Pop implements heap.Interface.
func (d *deadlines) Pop() any {
	last := len(*d) - 1
	g := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	return g
}

// move sets the deadline of a group.
func (d *deadlines) move(g *group, deadline int64) {
	if g.deadline != deadline {
		g.deadline = deadline
		heap.Fix(d, g.at)
	}
}
