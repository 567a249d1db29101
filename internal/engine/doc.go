// Package engine joins rules, provenance and merging into one deterministic
// machine: events in, alerts and incidents out. It does no I/O, has no clock
// and no randomness: its output is a function of the events alone, so that a
// replay of the log gives the bytes that the live run gave.
//
// Time is the log's: the gateway's receive stamp and its ticks, or the
// event's own time in foreign files. It never goes back. What waits, repeats
// of alerts and changes of large incidents, is handed out when a
// quarter of a second of that time begins.
//
// An alert of medium level or above opens an incident. One below that belongs
// to an incident only by lineage, process or a file that one wrote and the
// other executed; until then it stands alone. Alerts about the sensor itself
// never belong to incidents.
package engine
