package target

import "context"

// Runtime is a kind of programs that a probe exists for.
type Runtime interface {
	// Name is the word for it in events and commands.
	Name() string
	// Identify says what is known of a process of this kind, by what it executes
	// and has mapped and never by its name; found is false for any other.
	Identify(p *Process, mapped []Mapping) (facts Facts, found bool)
	// Load puts the probe's file, by its path in the target's root, into the
	// process, with arguments for it. It returns when the target has loaded it
	// or has not.
	Load(ctx context.Context, p *Process, file, arguments string) error
}

// Facts are what is known of a process's runtime.
type Facts struct {
	// Runtime is its Name.
	Runtime string
	// Version as the runtime says it; "" where it does not.
	Version string
	// Sockets says that a probe in it can use unix sockets.
	Sockets bool
	// Problem is why no probe can be put into it; nil if one can.
	Problem error
}
