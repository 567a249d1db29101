package correlate

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// What follows is the meaning of a correlation written out over the full list
// of events, as plainly as possible and without the machine's code.

// happening is an event of a test.
type happening struct {
	at    int64 // seconds
	rules []int // those that it satisfies
	group string
	org   string
	text  string  // value of the text field, "" for none
	num   float64 // value of the number field
}

// question is a correlation of a test.
type question struct {
	kind    string
	rules   int
	span    int64
	bounds  []bound
	percent float64 // negative: not asked for
	grouped bool
}

type bound struct {
	op string
	n  float64
}

func (q question) satisfied(v float64) bool {
	for _, b := range q.bounds {
		ok := map[string]bool{"gt": v > b.n, "gte": v >= b.n, "lt": v < b.n, "lte": v <= b.n, "eq": v == b.n, "neq": v != b.n}[b.op]
		if !ok {
			return false
		}
	}
	return true
}

func (q question) rising() bool {
	for _, b := range q.bounds {
		if b.op != "gt" && b.op != "gte" {
			return false
		}
	}
	return true
}

func (q question) key(h happening) string {
	if !q.grouped {
		return h.org
	}
	return h.org + "|" + h.group
}

// counts reports whether an event is in any group and has what is asked.
func (q question) counts(h happening) bool {
	switch {
	case len(h.rules) == 0 || q.grouped && h.group == "":
		return false
	case q.kind == "value_count" || q.kind == "value_percentile" && q.percent < 0:
		return h.text != ""
	}
	return true
}

// inWindow is one event of a window, with its place in the order of arrival.
type inWindow struct {
	happening
	index int
}

// value of a window as the condition sees it. own is the event that asks, or -1.
func (q question) holds(w []inWindow, own int) bool {
	sort.SliceStable(w, func(i, j int) bool {
		return w[i].at < w[j].at || w[i].at == w[j].at && w[i].index < w[j].index
	})
	total := 0.0
	texts := map[string]float64{}
	rules := map[int]bool{}
	var nums []float64
	for _, e := range w {
		total += e.num
		texts[e.text]++
		nums = append(nums, e.num)
		for _, r := range e.rules {
			rules[r] = true
		}
	}
	n := float64(len(w))
	switch q.kind {
	case "event_count":
		return q.satisfied(n)
	case "value_count":
		return q.satisfied(float64(len(texts)))
	case "temporal":
		return q.satisfied(float64(len(rules)))
	case "temporal_ordered":
		return q.satisfied(float64(longestFrom(w, -1)))
	case "value_sum":
		return q.satisfied(total)
	case "value_avg":
		return q.satisfied(total / n)
	}
	if q.percent < 0 {
		for _, e := range w {
			if (own < 0 || e.index == own) && q.satisfied(100*texts[e.text]/n) {
				return true
			}
		}
		return false
	}
	sort.Float64s(nums)
	position := q.percent / 100 * (n - 1)
	below, above := nums[int(math.Floor(position))], nums[int(math.Ceil(position))]
	return q.satisfied(below + (position-math.Floor(position))*(above-below))
}

// longestFrom tries every choice of the next event.
func longestFrom(w []inWindow, last int) int {
	best := 0
	for i, e := range w {
		for _, r := range e.rules {
			if r > last {
				best = max(best, 1+longestFrom(w[i+1:], r))
			}
		}
	}
	return best
}

// oracle returns the events at which the question is answered with yes. For
// events that come too late it leaves out what the machine may leave out.
func (q question) oracle(events []happening) []int {
	const lateness = 60
	groups := map[string][]inWindow{}
	newest := map[string]int64{}
	var out []int
	for i, h := range events {
		if !q.counts(h) {
			continue
		}
		key := q.key(h)
		if first, seen := newest[key]; seen && h.at < first-lateness {
			continue
		} else if !seen || h.at > first {
			newest[key] = h.at
		}
		all := append(groups[key], inWindow{h, i})
		groups[key] = all
		if !q.rising() {
			continue
		}
		for _, f := range all {
			if f.at < h.at || f.at > h.at+q.span {
				continue
			}
			if q.holds(between(all, f.at-q.span, f.at), i) {
				out = append(out, i)
				break
			}
		}
	}
	if q.rising() {
		return out
	}
	for _, all := range groups {
		for len(all) > 0 {
			first := all[0].at
			for _, e := range all {
				first = min(first, e.at)
			}
			w := between(all, first, first+q.span)
			if q.holds(w, -1) {
				out = append(out, w[len(w)-1].index)
			}
			all = between(all, first+q.span+1, math.MaxInt64)
		}
	}
	slices.Sort(out)
	return out
}

func between(all []inWindow, from, to int64) []inWindow {
	var out []inWindow
	for _, e := range all {
		if e.at >= from && e.at <= to {
			out = append(out, e)
		}
	}
	return out
}

// yaml writes the question as a rule file of its rules and itself.
func (q question) yaml() string {
	var b strings.Builder
	var names []string
	for i := range q.rules {
		fmt.Fprintf(&b, "title: r%d\nname: r%d\nlogsource: {product: test}\ndetection:\n  s: {R%d: 1}\n  condition: s\n---\n", i, i, i)
		names = append(names, fmt.Sprintf("r%d", i))
	}
	b.WriteString(q.section("asked", names))
	return b.String()
}

// section is the correlation alone, under a name, about other rules.
func (q question) section(name string, about []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "title: %s\nid: %s\nname: %s\ncorrelation:\n  type: %s\n  timespan: %ds\n  rules: [%s]\n", name, name, name, q.kind, q.span, strings.Join(about, ", "))
	if q.grouped {
		b.WriteString("  group-by: [Group]\n")
	}
	b.WriteString("  condition:\n")
	switch q.kind {
	case "value_count":
		b.WriteString("    field: Text\n")
	case "value_sum", "value_avg":
		b.WriteString("    field: Num\n")
	case "value_percentile":
		if q.percent < 0 {
			b.WriteString("    field: Text\n")
		} else {
			fmt.Fprintf(&b, "    field: Num\n    percentile: %v\n", q.percent)
		}
	}
	for _, bound := range q.bounds {
		fmt.Fprintf(&b, "    %s: %s\n", bound.op, strconv.FormatFloat(bound.n, 'f', -1, 64))
	}
	return b.String()
}
