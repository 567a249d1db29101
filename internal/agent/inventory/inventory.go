// Package inventory says what this host is: its name, its kernel, its
// distribution and its machine identity.
package inventory

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Host is a machine as it describes itself.
type Host struct {
	// Name is the node name.
	Name string
	// Kernel is release and architecture.
	Kernel string
	// System is the distribution's PRETTY_NAME, "" where there is none.
	System string
}

// Read describes this host.
func Read() (Host, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return Host{}, fmt.Errorf("uname: %w", err)
	}
	text, _ := os.ReadFile("/etc/os-release")
	return Host{
		Name:   unix.ByteSliceToString(u.Nodename[:]),
		Kernel: unix.ByteSliceToString(u.Release[:]) + " " + unix.ByteSliceToString(u.Machine[:]),
		System: prettyName(string(text)),
	}, nil
}

func prettyName(release string) string {
	for line := range strings.Lines(release) {
		if value, found := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); found {
			return strings.Trim(value, `"'`)
		}
	}
	return ""
}

// MachineID is stable for this machine and says nothing about it: a digest of
// /etc/machine-id. Where a machine has none, one is made and kept in file.
func MachineID(file string) (string, error) {
	text, err := os.ReadFile("/etc/machine-id")
	if id := strings.TrimSpace(string(text)); err == nil && len(id) == 32 {
		return Derive(id, "baize"), nil
	}
	text, err = os.ReadFile(file)
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read machine id: %w", err)
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	id := hex.EncodeToString(random)
	if err := os.WriteFile(file, []byte(id+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep machine id: %w", err)
	}
	return id, nil
}

// Derive makes another id of one, for a purpose.
func Derive(id, purpose string) string {
	sum := sha256.Sum256([]byte(purpose + "\x00" + id))
	return hex.EncodeToString(sum[:])
}
