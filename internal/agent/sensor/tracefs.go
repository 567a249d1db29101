package sensor

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// tracefs is where the kernel's tracepoints are numbered.
const tracefs = "/sys/kernel/tracing"

// mountTracefs mounts tracefs where nobody has: small hosts and new mount
// namespaces lack it. It stays, as others may use it by then.
func mountTracefs() error {
	if _, err := os.Stat(tracefs + "/events"); err == nil {
		return nil
	}
	err := unix.Mount("tracefs", tracefs, "tracefs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	if err != nil && !errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("mount tracefs on %s: %w", tracefs, err)
	}
	return nil
}
