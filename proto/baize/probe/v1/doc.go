// Package probev1 is the contract between the agent and a probe inside an
// application, generated from the .proto file beside it by make generate.
package probev1
