package lab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"baize/test/lab/beacon"
)

// Labels are the facts of the intrusion as its own parts reported them.
type Labels struct {
	// Commands were injected, in order; every one is a shell of Shells.
	Commands []string
	Shells   []int
	// Trojans spoke to a C2, once each; Beacons counts all they said.
	Trojans []Trojan
	Beacons int
	// Downloads and Queries were asked of the outside world, in order.
	Downloads, Queries []string
}

// recorder gathers labels from several goroutines.
type recorder struct {
	mu     sync.Mutex
	labels Labels
}

// Trojan is a running image that reached its C2.
type Trojan struct {
	beacon.Hello
	// C2 is the address and port it spoke to.
	C2 string
}

func (r *recorder) addCommand(command string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.labels.Commands = append(r.labels.Commands, command)
}

func (r *recorder) addShell(pid int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.labels.Shells = append(r.labels.Shells, pid)
}

func (r *recorder) addDownload(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.labels.Downloads = append(r.labels.Downloads, name)
}

func (r *recorder) addQuery(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.labels.Queries = append(r.labels.Queries, name)
}

func (r *recorder) addBeacon(hello beacon.Hello, c2 string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.labels.Beacons++
	trojan := Trojan{Hello: hello, C2: c2}
	if !slices.Contains(r.labels.Trojans, trojan) {
		r.labels.Trojans = append(r.labels.Trojans, trojan)
	}
}

// trojansAt counts the trojans whose image path begins with path.
func (r *recorder) trojansAt(path string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, trojan := range r.labels.Trojans {
		if strings.HasPrefix(trojan.Path, path) {
			n++
		}
	}
	return n
}

func (r *recorder) copy() Labels {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Labels{
		Commands: slices.Clone(r.labels.Commands), Shells: slices.Clone(r.labels.Shells), Trojans: slices.Clone(r.labels.Trojans), Beacons: r.labels.Beacons,
		Downloads: slices.Clone(r.labels.Downloads), Queries: slices.Clone(r.labels.Queries),
	}
}

// endTrojans kills the trojans that are still alive, and only those: the image
// of the process must be the one that spoke to the C2.
func (l *Lab) endTrojans() error {
	var all []error
	for _, trojan := range l.Labels().Trojans {
		image, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(trojan.PID), "exe"))
		if err != nil || strings.TrimSuffix(image, " (deleted)") != trojan.Path {
			continue
		}
		if err := syscall.Kill(trojan.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// removeFiles removes what the rounds downloaded, where this lab did so.
func (l *Lab) removeFiles() error {
	var all []error
	for _, round := range Rounds {
		if l.opts.Hosts[0].Group != "" {
			break // they were on file systems of their own
		}
		if !slices.Contains(l.Labels().Downloads, "/"+round.Remote) {
			continue
		}
		if err := os.Remove(round.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}
