// Package probe puts probes into running applications, listens to them, and
// takes them out again. It knows no runtime: how one is told, and how a probe is
// loaded into it, is a target.Runtime (hotspot for the Java VM).
//
// A probe goes through the states discovered, eligible, attaching, verified and
// active to detached or failed. It is verified when it called what it hooks,
// with a number that only the agent knew, and the agent saw the events of these
// calls: a hook that is in place and sees nothing is found out so.
//
// What a probe says is the word of a process that may be an intruder's. So its
// events carry the process that the kernel says is at the other end, frames and
// their rate are bounded, and what is malformed is refused and reported.
//
// What lies in a target's root, and is there until the probe is out: the probe's
// file and a unix socket (a pair of FIFOs where the runtime has no sockets), as
// the target's user, under names that cannot be guessed. Where each lies is
// written down before the probe is loaded, so that an agent that was killed finds
// its probes again, and takes away what is left of those that it lost.
package probe
