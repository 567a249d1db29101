// Command baize-server is the server: gateway, event log, engine, state, API
// and console in one program, for one machine or many hosts.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"baize/internal/server/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "baize-server:", err)
		os.Exit(status(err))
	}
}

// status is the exit status for an error: 3 for what the operator must provide
// first, 2 for wrong usage, 1 for a server that could not go on.
func status(err error) int {
	var wrong *usageError
	switch {
	case errors.Is(err, app.ErrPrerequisite):
		return 3
	case errors.As(err, &wrong):
		return 2
	}
	return 1
}
