package redact

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestPatternsAreAddedAndDisabled(t *testing.T) {
	config, err := ParseConfig([]byte(`
disable: [mysql, github]
add:
  - {id: pin, names: [pin]}
  - {id: tool, programs: [tool], after: login, options: ["-k"]}
  - {id: acme, match: 'acme_([a-z0-9]{6,})'}
`))
	if err != nil {
		t.Fatal(err)
	}
	r := newRedactor(t, config)
	for line, n := range map[string]int{
		"mysql -phunter2": 0, "app ghp_0123456789abcdefghijABCDEFGHIJ012345": 0,
		"app --pin=1234": 1, "app --door-pin 1234": 1, "app --spinning 1234": 0,
		"tool -k abcdef": 0, "tool login -k abcdef": 1, "app acme_abc123": 1, "curl -u a:hunter2 x": 1,
	} {
		if got, found := r.Args(strings.Fields(line), false); found != n {
			t.Errorf("%s: %q", line, got)
		}
	}
}

func TestAWrongConfigurationIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"disable: [nothing]":                                                `no pattern "nothing"`,
		"disabled: [mysql]":                                                 "disabled",
		"add: [{names: [pin]}]":                                             "no id",
		"add: [{id: x}]":                                                    "finds nothing",
		"add: [{id: x, programs: [x]}]":                                     "programs go with",
		"add: [{id: x, options: ['-k']}]":                                   "programs go with",
		"add: [{id: x, match: 'a('}]":                                       "missing closing",
		"add: [{id: x, match: 'abc'}]":                                      "0 groups",
		"add: [{id: x, match: '" + strings.Repeat("a", 600) + "'}]":         "at most",
		"add: [" + strings.Repeat("{id: x, names: [x]},", maxAdded+1) + "]": "at most",
		"add: {": "",
	} {
		if _, err := ParseConfig([]byte(text)); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v", text, err)
		}
	}
}

// Every default pattern can be disabled by an id that is its own.
func TestIdsAreUnique(t *testing.T) {
	ids := builtIn()
	slices.Sort(ids)
	if twice := slices.Compact(slices.Clone(ids)); len(twice) != len(ids) {
		t.Errorf("an id is used twice: %v", ids)
	}
	for _, id := range ids {
		if _, err := compile(Config{Disable: []string{id}}); err != nil {
			t.Error(err)
		}
	}
}
