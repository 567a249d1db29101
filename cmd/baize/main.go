// Command baize is the operator's command line.
package main

import (
	"fmt"
	"os"

	"baize/internal/cli"
)

func main() {
	if err := cli.New().Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "baize:", err)
		os.Exit(cli.ExitStatus(err))
	}
}
