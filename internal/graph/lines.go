package graph

import (
	"slices"
	"strings"

	"baize/internal/event"
)

// Bounds of the lines of one change that are kept: their number, and in bytes
// each of them and all of them. The sensor keeps bounds of its own; who speaks
// for a host is not believed to.
const (
	maxLines     = 64
	maxLine      = 1 << 10
	maxLineBytes = 8 << 10
)

// line of a definition that was added since the host is observed.
type line struct {
	Text string
	// By is the process that added it.
	By nodeID
	// Sure : it was not there before.
	Sure bool
}

// room is what a list of lines has left.
type room struct{ lines, bytes int }

func newRoom() *room { return &room{maxLines, maxLineBytes} }

// take returns a line as far as there is room for it. A line that is cut is
// copied: otherwise all of it would be kept.
func (r *room) take(text string) (kept string, whole bool) {
	kept, whole = text, len(text) <= maxLine
	if !whole {
		kept = strings.Clone(strings.ToValidUTF8(text[:maxLine], ""))
	}
	if r.lines == 0 || len(kept) > r.bytes {
		return "", false
	}
	r.lines, r.bytes = r.lines-1, r.bytes-len(kept)
	return kept, whole
}

// fit is as many lines as there is room for, and whether that is not all.
func fit(lines []string) (kept []string, cut bool) {
	left := newRoom()
	for _, text := range lines {
		have, whole := left.take(text)
		cut = cut || !whole
		if have != "" {
			kept = append(kept, have)
		}
	}
	return kept, cut
}

// lines keeps which lines of a definition changed, and reports whether that was
// told. Where what was there before is not known, all that is there now is.
func (v *version) lines(d *event.Diff, by nodeID) bool {
	if d == nil || d.State != event.DiffOK && d.State != event.DiffWhole {
		return false
	}
	r := v.rarely()
	var cut [2]bool
	r.Added, cut[0] = fit(d.Added)
	r.Removed, cut[1] = fit(d.Removed)
	r.Whole, r.Cut = d.State == event.DiffWhole, d.Truncated || cut[0] || cut[1]
	r.credit(by)
	return true
}

// credit keeps who added which line. Lines that are told again, because what was
// there before is not known, stay those of who added them first.
func (r *rareFile) credit(by nodeID) {
	left := newRoom()
	var kept []line
	for _, l := range r.Lines {
		if gone := slices.Contains(r.Removed, l.Text) || r.Whole && !r.Cut && !slices.Contains(r.Added, l.Text); gone {
			continue
		}
		if text, _ := left.take(l.Text); text != "" {
			kept = append(kept, l)
		}
	}
	for _, text := range r.Added {
		if k := slices.IndexFunc(kept, func(l line) bool { return l.Text == text }); k >= 0 {
			if !kept[k].Sure && !r.Whole {
				kept[k].By, kept[k].Sure = by, true
			}
			continue
		}
		if text, _ = left.take(text); text == "" {
			r.Cut = true
			continue
		}
		kept = append(kept, line{Text: text, By: by, Sure: !r.Whole})
	}
	r.Lines = kept
}

// inherit takes over the lines of the file that had the name before: editors and
// crontab put another file in its place.
func (v *version) inherit(old *version) {
	if lines := old.rare().Lines; len(lines) > 0 {
		v.rarely().Lines = lines
	}
}

// heir reports whether another file has lines of this one.
func (v *version) heir(of *version) bool {
	lines := of.rare().Lines
	return slices.ContainsFunc(v.rare().Lines, func(l line) bool { return slices.Contains(lines, l) })
}

// ordered finds the line of a crontab that has a command run.
func (v *version) ordered(command string) *line {
	lines := v.rare().Lines
	for k := range lines {
		if orders(lines[k].Text, command) {
			return &lines[k]
		}
	}
	return nil
}

// taken says that lines were taken out of a file: of what an intruder added there
// the others are left, or nothing.
func (h *host) taken(v *version, at int64) {
	removed := v.rare().Removed
	if len(removed) == 0 {
		return
	}
	h.undo(v.Path, at, func(c *changeFact) bool {
		if left := without(c.Added, removed); len(left) > 0 || c.Cut {
			c.Added = left
			return true
		}
		return len(c.Added) == 0
	})
	h.described(v, at)
}

// without is a list without some lines.
func without(lines, out []string) []string {
	var left []string
	for _, text := range lines {
		if !slices.Contains(out, text) {
			left = append(left, text)
		}
	}
	return left
}

// diffed takes over which lines changed, where that was told later.
func (h *host) diffed(p *process, ev *event.Event, at, now int64) {
	v := h.known(keyOf(ev.File), now)
	if v == nil || !v.lines(ev.File.Changed(), p.Node.ID) {
		return
	}
	for _, t := range v.Node.taints() {
		i := h.intrusion(t, half)
		if i == nil {
			continue
		}
		if c := i.Books.change(v); c != nil {
			if follow(c, v.rare()) {
				c.Undone, c.UndoneAt = true, stamp(at)
			}
			h.touch(i, at)
		}
	}
	h.taken(v, at)
}

// follow brings the lines of a change up to date, and reports whether all that
// had been added is out again, and nothing else.
func follow(c *changeFact, r *rareFile) (undone bool) {
	had := len(c.Added) > 0
	c.Cut = c.Cut || r.Cut
	kept := without(c.Added, r.Removed)
	others := slices.Clone(c.Removed)
	for _, text := range r.Removed {
		if !slices.Contains(c.Added, text) {
			others = another(c, others, text)
		}
	}
	for _, text := range r.Added {
		kept = another(c, kept, text)
	}
	c.Added, c.Removed = kept, others
	return had && !c.Cut && len(kept) == 0 && len(others) == 0
}

// another is a list of a change with one more line, as far as there is room for it.
func another(c *changeFact, list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	left := newRoom()
	for _, have := range list {
		left.take(have)
	}
	kept, whole := left.take(text)
	c.Cut = c.Cut || !whole
	if kept == "" {
		return list
	}
	return append(list, kept)
}
