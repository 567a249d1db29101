package response

import (
	"errors"
	"fmt"
)

// Reasons why lines cannot be removed from a file.
var (
	// ErrNoLine : the file does not hold a line as often as it is meant.
	ErrNoLine = errors.New("the file does not hold the line")
	// ErrAmbiguous : it holds it more often, and nothing tells which is meant.
	ErrAmbiguous = errors.New("the file holds the line more often than it was added")
)

// FindLines finds the places of lines in a file, which are all lines of it, an
// empty string for one that is blank: blank lines count for nothing.
//
// Lines that follow each other in one place of the file, and in no other, are
// those. So the line that ends a block is told from the one that ends another.
// Else each line must be there as often as it is meant.
func FindLines(file, lines []string) ([]int, error) {
	if len(lines) == 0 {
		return nil, errors.New("no lines are named")
	}
	var places []int
	for i, line := range file {
		if line != "" {
			places = append(places, i)
		}
	}
	if at, n := block(file, places, lines); n == 1 {
		return places[at : at+len(lines)], nil
	}
	wanted := map[string]int{}
	for _, line := range lines {
		wanted[line]++
	}
	found := map[string]int{}
	var matches []int
	for _, i := range places {
		if wanted[file[i]] > 0 {
			found[file[i]]++
			matches = append(matches, i)
		}
	}
	for i, line := range lines {
		switch n := found[line]; {
		case n < wanted[line]:
			return nil, fmt.Errorf("%w: number %d of those named", ErrNoLine, i+1)
		case n > wanted[line]:
			return nil, fmt.Errorf("%w: number %d of those named, %d times", ErrAmbiguous, i+1, n)
		}
	}
	return matches, nil
}

// block counts where lines follow each other, and returns the last such place.
func block(file []string, places []int, lines []string) (at, n int) {
next:
	for i := 0; i+len(lines) <= len(places); i++ {
		for j, line := range lines {
			if file[places[i+j]] != line {
				continue next
			}
		}
		at, n = i, n+1
	}
	return at, n
}
