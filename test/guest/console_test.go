package guest

import (
	"errors"
	"slices"
	"testing"
)

func TestParseConsole(t *testing.T) {
	output, status, err := parseConsole("[ 1.0] boot\r\nbaize-guest: begin\r\nhello\r\nbaize-guest: end 3\r\n[ 2.0] off\r\n")
	if err != nil || output != "hello\n" || status != 3 {
		t.Errorf("%q, %d, %v", output, status, err)
	}
	for _, text := range []string{
		"", "kernel panic", "baize-guest: begin\nhello\n", "baize-guest: end 0\n", "baize-guest: begin\nbaize-guest: end x\n",
	} {
		if output, _, err := parseConsole(text); !errors.Is(err, ErrNoEnd) || output != text {
			t.Errorf("%q: %q, %v", text, output, err)
		}
	}
}

func TestParseTests(t *testing.T) {
	got := ParseTests(`=== RUN   TestOne
=== RUN   TestOne/part
--- PASS: TestOne (0.01s)
    --- PASS: TestOne/part (0.00s)
=== RUN   TestTwo
    two_test.go:3: bad
--- FAIL: TestTwo (1.00s)
=== RUN   TestThree
    three_test.go:3: no such thing
--- SKIP: TestThree (0.00s)
FAIL
`)
	names, outcomes := []string{}, []string{}
	for _, r := range got {
		names, outcomes = append(names, r.Name), append(outcomes, r.Outcome)
	}
	if !slices.Equal(names, []string{"TestOne", "TestTwo", "TestThree"}) || !slices.Equal(outcomes, []string{"PASS", "FAIL", "SKIP"}) || got[1].Took != "1.00s" {
		t.Fatalf("%+v", got)
	}
	if want := "    --- PASS: TestOne/part (0.00s)\n=== RUN   TestTwo\n    two_test.go:3: bad\n"; got[1].Output != want {
		t.Errorf("%q, want %q", got[1].Output, want)
	}
}
