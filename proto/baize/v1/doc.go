// Package baizev1 is the wire contract between agents and the server, generated
// from the .proto files beside it by make generate.
package baizev1
