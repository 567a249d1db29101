// Package replay holds the test of baize replay at size: bounded memory and the
// same bytes each time.
package replay
