// Package wire is the compact form of events: what an agent spools and sends,
// and what the bus keeps. The bytes are those of proto/baize/v1/event.proto,
// read and written directly between event.Event and the protobuf encoding,
// without the generated messages in between: this is the hot path of the
// server, and most of a batch repeats what the batch has said before.
//
// Organisation, host and boot are not on the wire. Whoever decodes supplies
// them as an Origin, taken from the connection; keys come out with that host
// and boot whatever the sender believes. Encoding refuses an event whose keys
// name another host or boot than the event itself, because the wire could not
// tell them apart.
//
// Strings that are not valid UTF-8 (a path may be any bytes) have each invalid
// byte replaced by U+FFFD, as encoding/json does, so that the live log and its
// JSON export hold the same.
//
// Within one decoded batch, equal processes, contexts, users and containers
// are one value shared by pointer. Events are immutable; do not write to them.
package wire
