// Package graph knows what each host's processes are to one another: who
// started whom, in which lineage and which service instance, which file
// version was written by one and executed by another. It is pure: it sees
// events alone, takes time from its caller, and what it holds is a function of
// the events it saw, so that a replay knows what the live engine knew.
//
// A lineage is a process and its descendants within one execution context. A
// web-spawned shell, a login session and a cron job are lineages of their own.
// Services, containers and the boot are hubs: what they start has nothing in
// common but them, so each child of a hub heads a lineage of its own, and a
// hub process itself has none.
//
// The graph is a cache. Events carry enough of their process and its
// ancestors to rebuild what was evicted, so the limits cost precision of old
// lineages and nothing else.
package graph
