// Package rapidseed makes, imported for its effect, the property tests of a
// package draw the same cases in each run: what fails for one fails for all, and
// nothing fails that did not before. To look further:
//
//	go test ./internal/incident -rapid.seed=0 -rapid.checks=10000
package rapidseed

import (
	"flag"

	_ "pgregory.net/rapid" // defines the flag
)

func init() {
	if err := flag.Set("rapid.seed", "1"); err != nil {
		panic(err)
	}
}
