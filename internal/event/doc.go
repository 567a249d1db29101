// Package event is the model of everything Baize observes: one Event is one
// observation on one host, or one control record of the engine's log.
//
// The package is pure: no I/O, no clock, no imports of ours. The JSON form is
// the contract described in docs/event-schema.md; field names follow the
// Elastic Common Schema where it has the field. The compact wire form lives in
// package wire.
//
// Identities are the point of the package. A pid, a path or a name is never an
// identity: a process is a ProcessKey, a file is a FileKey, and both carry the
// host they belong to.
package event
