// Package shapes are the intrusions of the labelled set: how each one gets its
// tool onto the host, allowed to run, and run.
package shapes

import (
	"context"
	"fmt"
	"strings"

	"baize/test/intrusions/stage"
)

// Shape is one intrusion.
type Shape struct {
	Name, About string
	Options     stage.Options
	Play        func(ctx context.Context, s *stage.Stage) error
}

// All shapes, in the order in which they are recorded.
var All = append(append(append([]Shape{}, downloads...), disguises...), others...)

// Ports and addresses as labels have them.
const (
	drop     = stage.Drop + ":80"
	drop2    = stage.Drop2 + ":80"
	database = stage.DatabaseAddress + ":22"
)

// web is an intrusion by one request, or several.
func web(from string, requests ...string) func(context.Context, *stage.Stage) (*stage.Intruder, error) {
	return func(ctx context.Context, s *stage.Stage) (*stage.Intruder, error) {
		i := s.Intruder(s.Web, from)
		for _, command := range requests {
			if err := i.Inject(ctx, command); err != nil {
				return i, err
			}
		}
		return i, nil
	}
}

// simple is an intrusion of which nothing is to be said but what it made.
func simple(peers, files []string, requests ...string) func(context.Context, *stage.Stage) error {
	return func(ctx context.Context, s *stage.Stage) error {
		i, err := web(stage.Attacker, requests...)(ctx, s)
		if err != nil {
			return err
		}
		i.Called(peers...)
		i.Brought(files...)
		return nil
	}
}

func list(words string) []string { return strings.Fields(words) }

func get(name string) string { return fmt.Sprintf("http://%s/%s", stage.Drop, name) }
