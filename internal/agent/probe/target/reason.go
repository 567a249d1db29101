package target

import "fmt"

// Reason says why a probe cannot be put into a process, or was lost. It is a
// word for programs; Text is the sentence for people.
type Reason string

// Reasons. They are the same for all runtimes, as far as they apply.
const (
	// Gone : the process ended, or its pid is another process by now.
	Gone Reason = "gone"
	// NoRuntime : no runtime that there is a probe for.
	NoRuntime Reason = "no_runtime"
	// OpenJ9 : a Java VM with another way to attach.
	OpenJ9 Reason = "openj9"
	// NativeImage : Java compiled ahead of time, which takes no agents.
	NativeImage Reason = "native_image"
	// Version : a version of the runtime that there is no probe for.
	Version Reason = "version"
	// TooYoung : it started a moment ago and is not ready.
	TooYoung Reason = "too_young"
	// AttachDisabled : -XX:+DisableAttachMechanism.
	AttachDisabled Reason = "attach_disabled"
	// SignalsReduced : -Xrs, and its socket is not there any more.
	SignalsReduced Reason = "signals_reduced"
	// NotCaught : the signal that would wake it would end it.
	NotCaught Reason = "signal_not_caught"
	// LoadingDisabled : -XX:-EnableDynamicAgentLoading.
	LoadingDisabled Reason = "loading_disabled"
	// NoInstrument : a runtime built without what agents need.
	NoInstrument Reason = "no_instrument"
	// NotPermitted : this agent may not do what is needed.
	NotPermitted Reason = "not_permitted"
	// WrongUser : the target did not take the user who called it.
	WrongUser Reason = "wrong_user"
	// Foreign : another process listens where the target should.
	Foreign Reason = "foreign_socket"
	// Stale : what an earlier process left lies in the way.
	Stale Reason = "stale_socket"
	// ReadOnly : there is no place in the target's root that can be written to.
	ReadOnly Reason = "read_only"
	// Silent : the target did not do what it was asked for in time.
	Silent Reason = "timed_out"
	// Protocol : an answer that means nothing.
	Protocol Reason = "protocol"
	// Argument : what was asked for cannot be said to the target.
	Argument Reason = "argument"
	// LoadFailed : the target could not load the probe.
	LoadFailed Reason = "load_failed"
	// NotVerified : the probe was loaded and does not see what it should.
	NotVerified Reason = "not_verified"
	// Lost : the probe is not heard of any more.
	Lost Reason = "lost"
	// ProbeFailed : the probe gave up, and said so.
	ProbeFailed Reason = "probe_failed"
	// Internal : something went wrong on the agent's side.
	Internal Reason = "internal"
)

var texts = map[Reason]string{
	Gone:            "the process does not run any more",
	NoRuntime:       "no runtime that a probe exists for is mapped into the process",
	OpenJ9:          "this is OpenJ9, which cannot be attached to by HotSpot's protocol",
	NativeImage:     "this is a native image: it has no Java VM that could load an agent",
	Version:         "there is no probe for this version of the runtime",
	TooYoung:        "the runtime is still starting; try again in some seconds",
	AttachDisabled:  "it runs with -XX:+DisableAttachMechanism",
	SignalsReduced:  "it runs with -Xrs and its attach socket is gone: only a restart makes a new one",
	NotCaught:       "it does not catch the signal that would wake its attach listener, and would be ended by it",
	LoadingDisabled: "it runs with -XX:-EnableDynamicAgentLoading",
	NoInstrument:    "its runtime was built without the module java.instrument",
	NotPermitted:    "this agent is not permitted to do it",
	WrongUser:       "it refused the user who called it",
	Foreign:         "another process listens at its attach socket: its /tmp is shared with another container",
	Stale:           "an attach socket that nobody listens at lies in the way and cannot be removed",
	ReadOnly:        "nothing in its root directory can be written to",
	Silent:          "it did not answer in time",
	Protocol:        "its answer cannot be understood",
	Argument:        "it cannot be told this",
	LoadFailed:      "it could not load the probe",
	NotVerified:     "the probe was loaded and did not prove that it sees what happens",
	Lost:            "the probe is not heard of any more",
	ProbeFailed:     "the probe gave up",
	Internal:        "the agent failed",
}

// Text is the reason as a sentence for people.
func (r Reason) Text() string {
	if text, found := texts[r]; found {
		return text
	}
	return string(r)
}

// Error is a failure with its reason.
type Error struct {
	Reason Reason
	// Err is what lies behind it; nil where the reason says it all.
	Err error
}

// Fail makes an error of a reason.
func Fail(reason Reason, err error) error { return &Error{Reason: reason, Err: err} }

// Failf makes an error of a reason with words.
func Failf(reason Reason, format string, arguments ...any) error {
	return &Error{Reason: reason, Err: fmt.Errorf(format, arguments...)}
}

// Error implements error.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Reason.Text()
	}
	return e.Reason.Text() + ": " + e.Err.Error()
}

// Unwrap implements errors' unwrapping.
func (e *Error) Unwrap() error { return e.Err }
