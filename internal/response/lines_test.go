package response

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestFindLines(t *testing.T) {
	for _, c := range []struct {
		file, lines string
		want        []int
		err         error
	}{
		{"a,b,c", "b", []int{1}, nil},
		{"a,b,,c,d", "b,c", []int{1, 3}, nil},
		{"a,b,c", "x", nil, ErrNoLine},
		{"a,b,b", "b", nil, ErrAmbiguous},
		{"b,a,b", "b,b", []int{0, 2}, nil},
		{"b,a", "b,b", nil, ErrNoLine},
		// The end of one block is not that of another.
		{"if,x,fi,if,evil,fi", "if,evil,fi", []int{3, 4, 5}, nil},
		{"if,evil,fi,if,evil,fi", "if,evil,fi", nil, ErrAmbiguous},
		// Not in one place any more, and still each once.
		{"a,x,b,y", "y,x", []int{1, 3}, nil},
		{"", "a", nil, ErrNoLine},
	} {
		got, err := FindLines(strings.Split(c.file, ","), strings.Split(c.lines, ","))
		if !slices.Equal(got, c.want) || !errors.Is(err, c.err) {
			t.Errorf("%s of %s: %v, %v", c.lines, c.file, got, err)
		}
	}
	if _, err := FindLines([]string{"a"}, nil); err == nil {
		t.Error("no lines are found")
	}
}

func FuzzFindLines(f *testing.F) {
	f.Add("a\nb\n\nc", "b\nc")
	f.Fuzz(func(t *testing.T, file, lines string) {
		all, named := strings.Split(file, "\n"), strings.Split(lines, "\n")
		got, err := FindLines(all, named)
		if err == nil && (len(got) != len(named) || !slices.IsSorted(got)) {
			t.Errorf("%v of %q in %q", got, named, all)
		}
	})
}
