package definition

import (
	"strings"
	"unicode/utf8"

	"baize/internal/event"
)

// Limits of what one event says, in bytes.
const (
	maxLine = 1 << 10
	maxDiff = 16 << 10
)

// difference is what lines were added and removed between two contents, each
// line counted as often as it is there.
func difference(before, now []string) event.Diff {
	d := event.Diff{State: event.DiffOK}
	room := maxDiff
	// What was added comes first: that is what will be acted upon.
	var cut [2]bool
	d.Added, cut[0] = fit(missing(now, before), &room)
	d.Removed, cut[1] = fit(missing(before, now), &room)
	d.Truncated = cut[0] || cut[1]
	return d
}

// fit keeps the lines that there is room for, and says whether any is not whole.
func fit(lines []string, room *int) (kept []string, cut bool) {
	for _, line := range lines {
		if len(line) > maxLine {
			line, cut = shorten(line), true
		}
		if *room -= len(line); *room < 0 {
			return kept, true
		}
		kept = append(kept, line)
	}
	return kept, cut
}

// shorten cuts a line between two characters.
func shorten(line string) string {
	end := maxLine
	for end > 0 && !utf8.RuneStart(line[end]) {
		end--
	}
	return line[:end]
}

// missing are the lines of one content that another does not have, in order.
func missing(of, from []string) []string {
	count := make(map[string]int, len(from))
	for _, line := range from {
		count[line]++
	}
	var found []string
	for _, line := range of {
		if count[line] > 0 {
			count[line]--
			continue
		}
		found = append(found, line)
	}
	return found
}

// split makes lines of a text: without blank ones, and each byte that is not
// UTF-8 replaced.
func split(text string) []string {
	lines := []string{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) != "" {
			lines = append(lines, strings.ToValidUTF8(line, "\uFFFD"))
		}
	}
	return lines
}
