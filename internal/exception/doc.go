// Package exception is what a person may except from the rules: an owner's
// statement that certain firings are known and wanted, for a reason and for a
// time. An exception hides alerts, never events; what it hid is counted on it.
//
// Its condition is a selection in Sigma's own syntax, evaluated by the same
// matcher as the rules, on the event that fired. One and the same Set.Find
// decides in the engine and in the preview over stored alerts.
//
// The package is pure. Time is the log's.
package exception
