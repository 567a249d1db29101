// Package spool keeps batches of events on disk until the server has said that
// they are durable there.
//
// A spool is a directory of segments, each a file of one boot's batches in the
// order of their sequence numbers. It promises:
//
//   - what Append returned without error survives the death of the agent, and
//     the loss of power within SyncEvery of it;
//   - a torn tail, as a kill or a power cut leaves it, costs the torn batch and
//     nothing before it;
//   - only Trim (the server's durable mark) and the quota delete anything. At
//     the quota the oldest segment goes, and Append returns what went with it;
//   - the newest segment is never deleted, so that the sequence number of a
//     boot never goes back.
//
// A spool has one writer; readers may run beside it.
package spool
