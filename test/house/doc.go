// Package house holds the tests of the repository itself: which package may
// import which, what is pure, what is documented, whether links resolve.
package house
