// Package whole holds the tests of the whole path, kernel to console, with the
// real programs: what happens to one intrusion when parts of Baize fail, what
// ordinary work looks like, and how long everything takes. They take the machine
// for themselves and need root.
package whole
