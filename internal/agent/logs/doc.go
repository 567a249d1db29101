// Package logs reads this host's logs: the journal, and files. Lines come out
// as events, each with the place behind it, so that a restarted agent goes on
// where the last delivered line ended.
//
// The journal is read from its files, in the format that systemd documents,
// not through journalctl or libsystemd: the agent stays one static program,
// works where the tool is missing, and does not inherit what followers of the
// tool and of the library complain of: files that are no longer followed once
// they are rotated, descriptors of deleted files that stay open, a cursor that
// is not kept while following. The reader has no index and no queries, and
// needs none: it walks the entries of each file in order.
//
// A log is itself a queue on disk. So nothing is dropped when lines come
// faster than the agent will read them: it reads them later and says that it
// is behind (throttled). Only what is more than MaxBacklog behind, or is gone
// with its file, is lost, and counted.
package logs
