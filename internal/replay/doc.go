// Package replay runs telemetry from files through the engine that runs live.
// The same input gives the same bytes, and the log of a live server gives the
// alerts and incidents that the server has.
//
// A file that was exported from the log carries the log's positions and is
// taken in that order, with its ticks. Any other file is ordered by (time,
// host, seq). Files are first taken to be in order; the first event that is
// not makes the replay start over with the input sorted, outside memory.
// Memory is bounded whatever the size of the input and however many alerts it
// raises: what exceeds the budgets is in temporary files.
package replay
