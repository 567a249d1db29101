package cli

import (
	"errors"
	"fmt"
)

// Exit statuses that the contract promises.
const (
	exitNo          = 1
	exitUsage       = 2
	exitUnreachable = 3
)

// exitError is an error with the exit status that it stands for.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

// no says that the command ran and its answer is no.
func no(format string, args ...any) error {
	return &exitError{code: exitNo, err: fmt.Errorf(format, args...)}
}

// unreachable says that something the command needs cannot be reached or
// read, or is not allowed.
func unreachable(format string, args ...any) error {
	return &exitError{code: exitUnreachable, err: fmt.Errorf(format, args...)}
}

// ExitStatus is the exit status for the error of a command: 0 for nil, the
// status an error carries, else wrong usage.
func ExitStatus(err error) int {
	if err == nil {
		return 0
	}
	var carried *exitError
	if errors.As(err, &carried) {
		return carried.code
	}
	return exitUsage
}
