package event

// Probe is what a probe inside an application, or the agent of a probe, says.
type Probe struct {
	// ID is of one load of a probe: with it the numbers are unique.
	ID string `json:"id,omitempty"`
	// Runtime that the probe is for ("jvm"), and its version.
	Runtime string `json:"runtime,omitempty"`
	Version string `json:"version,omitempty"`
	// State that it is in now: ProbeState alone has one. Reason is why, where
	// that is not what was asked for.
	State  string `json:"state,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Hook names the kind of act ("file.open"), Point the method that was called.
	Hook  string `json:"hook,omitempty"`
	Point string `json:"point,omitempty"`
	// Number of the act among those of one load, from 1. A repeat has that of
	// the first.
	Number    uint64          `json:"number,omitempty"`
	Arguments []ProbeArgument `json:"arguments,omitempty"`
	// Breadcrumbs are what interpreters of foreign input were told below whose
	// frames the act happened, newest last; Name is the hook.
	Breadcrumbs []ProbeArgument `json:"breadcrumbs,omitempty"`
	Thread      *Thread         `json:"thread,omitempty"`
	// Overflow says that the probe could not remember it: repeats may come as
	// acts of their own.
	Overflow bool `json:"overflow,omitempty"`
}

// ProbeArgument is a named value of an act.
type ProbeArgument struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Thread of an application.
type Thread struct {
	// ID in the target's own pid namespace; of a virtual thread its carrier's.
	ID      uint32 `json:"id,omitempty"`
	Name    string `json:"name,omitempty"`
	Virtual bool   `json:"virtual,omitempty"`
}

// Stack is a call stack, innermost frame first.
type Stack struct {
	// Hash is equal for the same way through the code on every host and
	// version of the runtime; BusinessHash the same over business frames alone,
	// so that it survives new versions of frameworks, too.
	Hash         string  `json:"hash"`
	BusinessHash string  `json:"business_hash,omitempty"`
	Frames       []Frame `json:"frames"`
	// Dropped frames are not in Frames.
	Dropped uint32 `json:"dropped,omitempty"`
	// Origins are where classes come from; Frame.Origin indexes them.
	Origins []Origin `json:"origins,omitempty"`
}

// Frame is one call.
type Frame struct {
	Class      string `json:"class"`
	Method     string `json:"method"`
	Descriptor string `json:"descriptor,omitempty"`
	File       string `json:"file,omitempty"`
	// Line is 0 where it is not known, and -2 in native code.
	Line     int    `json:"line,omitempty"`
	Origin   uint32 `json:"origin,omitempty"`
	Business bool   `json:"business,omitempty"`
}

// Origin is where a class comes from.
type Origin struct {
	// Kind is runtime, jar, directory, generated, none (neither code source nor
	// resource: what a memory shell looks like) or unknown.
	Kind   string `json:"kind"`
	Source string `json:"source,omitempty"`
	Loader string `json:"loader,omitempty"`
	// Resource is present or absent: whether the loader has the class's file.
	Resource string `json:"resource,omitempty"`
	// Evidence is what the kind rests on, for people.
	Evidence []string `json:"evidence,omitempty"`
}

// Kinds of Origin that tell something.
const (
	OriginNone    = "none"
	OriginUnknown = "unknown"
)

// Top is the innermost frame of business code, which says where a hole is; nil
// if there is none.
func (s *Stack) Top() *Frame {
	for i := range s.Frames {
		if s.Frames[i].Business {
			return &s.Frames[i]
		}
	}
	return nil
}

// OriginOf is where a frame's class comes from, nil where that was not said.
func (s *Stack) OriginOf(f *Frame) *Origin {
	if int(f.Origin) < len(s.Origins) {
		return &s.Origins[f.Origin]
	}
	return nil
}
