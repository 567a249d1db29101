// Package correlate evaluates Sigma correlations over a stream of events. It
// is pure: events and ticks bring the time, and what comes out is a function
// of what went in. A Machine snapshots and restores its state at any point.
//
// # What a match is
//
// Events of one group are those with the same values of the group-by fields,
// within one organisation; an event that lacks one of these fields is in no
// group. A window reaches from an event back over the timespan, both ends
// included, in the events' own time.
//
// A condition with lower bounds alone (gt, gte) is decided at once: every event
// that is in a window which satisfies it, once that event is there, is a match.
// So each further event beyond a threshold matches again, and a correlation of
// correlations sees that the first goes on.
//
// Any other condition could be undone by more events, so a window has to end:
// it begins with the first event of the group, and with the first one behind the
// window before it. It is over when the log's time, or the group's, is more than
// Lateness beyond its end: silence ends windows too. The match is then reported
// at the last event of the window.
//
// In temporal correlations one event may stand for several rules, in
// temporal_ordered it may not; of two events with the same time the one that
// came first is the earlier. An event counts once in a group, though several of
// the rules match it.
//
// # Late events
//
// An event that comes at most Lateness after a later one of its group counts as
// if it had come in time. One that comes later is left out and counted.
//
// # Bounds
//
// A group remembers its events exactly up to a bound. Beyond it the memory is
// thinned by type, so that floods cannot hide what came before them: counts, sums
// and averages keep their totals at a coarser resolution of time; value_count
// and temporal keep the newest event of each value or rule; temporal_ordered
// keeps the newest chains of each prefix; percentiles are taken over the newest
// values. For events in order the outcome of value_count, temporal and
// temporal_ordered stays exact.
//
// Where a rule has too many groups or events, the host with the most of them
// loses the group that it touched longest ago: a flood from one host costs the
// others nothing. What is lost is counted and told with its host.
package correlate
