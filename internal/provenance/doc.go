// Package provenance is the model of what is told about an intrusion: where it
// came from, what it did, which stages it reached, and how far the absence of
// something can be vouched for. It is pure data: internal/graph fills it, the
// engine hands it out, the state keeps it, and the console shows it. The JSON
// form is a contract.
package provenance
