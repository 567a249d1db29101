// Package container tells which container a process is in, by its cgroup, and
// asks the container runtimes of the host for names and images.
package container

import (
	"strings"

	"baize/internal/agent/procfs"
)

// Runtimes whose cgroup names say which they are. Under "cri" the pod's
// runtime may be any.
const (
	Docker     = "docker"
	Containerd = "containerd"
	CRIO       = "cri-o"
	Podman     = "podman"
)

// ID is a container as a cgroup path names it.
type ID struct {
	// Runtime is "" where the path does not tell.
	Runtime string
	ID      string
}

// scopes are the prefixes of systemd scope units that runtimes make.
var scopes = []struct{ prefix, runtime string }{
	{"docker-", Docker},
	{"cri-containerd-", Containerd},
	{"nerdctl-", Containerd},
	{"crio-conmon-", ""}, // the monitor, outside the container
	{"crio-", CRIO},
	{"libpod-conmon-", ""},
	{"libpod-", Podman},
}

// idLength is that of a runtime's id: 32 random bytes in hexadecimal.
const idLength = 64

// FromCgroups finds the container in the lines of /proc/PID/cgroup, of all
// hierarchies: with cgroup v1 the v2 line may say nothing.
func FromCgroups(groups []procfs.Cgroup) (ID, bool) {
	for _, group := range groups {
		if id, found := fromPath(group.Path); found {
			return id, true
		}
	}
	return ID{}, false
}

// HeldPrefix begins the names of the cgroups that hold process trees for the
// agent, below the members' own: they say nothing of where a process is.
const HeldPrefix = "baize-held-"

// fromPath takes the innermost element that names a container.
func fromPath(path string) (ID, bool) {
	parts := strings.Split(path, "/")
	for len(parts) > 2 && strings.HasPrefix(parts[len(parts)-1], HeldPrefix) {
		parts = parts[:len(parts)-1]
	}
	for i := len(parts) - 1; i > 0; i-- {
		if id, found := fromElement(parts[i]); found {
			if id.Runtime == "" {
				id.Runtime = fromParents(parts[:i])
			}
			return id, true
		}
	}
	if len(parts) == 3 && parts[1] == ctrNamespace && isName(parts[2]) {
		return ID{Runtime: Containerd, ID: parts[2]}, true
	}
	return ID{}, false
}

// ctrNamespace is the namespace, and so the cgroup, of the containers that are
// made with ctr, which are called whatever their maker called them.
const ctrNamespace = "default"

// isName follows containerd's rule for identifiers.
func isName(text string) bool {
	const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	if text == "" || len(text) > 76 || strings.Contains(text, ".service") || strings.HasSuffix(text, ".scope") {
		return false
	}
	return strings.Trim(text, alphanumeric+"_.-") == "" && strings.ContainsRune(alphanumeric, rune(text[0]))
}

func fromElement(name string) (ID, bool) {
	if isID(name) {
		return ID{ID: name}, true
	}
	// containerd under the systemd driver with its cgroupfs syntax: "slice:prefix:id".
	if _, last, found := cutLast(name, ":"); found && isID(last) {
		return ID{Runtime: Containerd, ID: last}, true
	}
	name = strings.TrimSuffix(name, ".scope")
	for _, scope := range scopes {
		rest, found := strings.CutPrefix(name, scope.prefix)
		if found && isID(rest) {
			return ID{Runtime: scope.runtime, ID: rest}, scope.runtime != ""
		}
	}
	return ID{}, false
}

// fromParents guesses the runtime of a bare id by the directories above it.
func fromParents(parts []string) string {
	for _, part := range parts {
		switch part {
		case "docker":
			return Docker
		case "default", "k8s.io":
			return Containerd
		case "libpod_parent":
			return Podman
		}
	}
	return ""
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func isID(text string) bool {
	if len(text) != idLength {
		return false
	}
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Unit is the systemd service that a process belongs to, "" for none. Scopes
// and slices (sessions, containers) are no services.
func Unit(groups []procfs.Cgroup) string {
	for _, group := range groups {
		if group.Controllers != "" && group.Controllers != "name=systemd" {
			continue
		}
		parts := strings.Split(group.Path, "/")
		for i := len(parts) - 1; i > 0; i-- {
			if strings.HasSuffix(parts[i], ".service") && !strings.HasPrefix(parts[i], "user@") {
				return parts[i]
			}
			if strings.HasSuffix(parts[i], ".scope") {
				return ""
			}
		}
	}
	return ""
}
