package lab

import (
	"errors"
	"fmt"

	"baize/test/group"
)

// Names of the hosts. Web and Second run the same service; API is where the
// intruder looks for holes before anything else.
const (
	Web    = "web-1"
	Second = "web-2"
	API    = "api-1"
)

// Host is one of the laboratory's.
type Host struct {
	Name, Address string
	// Group is the directory of its control group; "" where the host is this
	// machine itself.
	Group string
}

// Machine is a laboratory of one host, which is this machine.
func Machine() []Host { return []Host{{Name: Web, Address: ServiceAddress}} }

// Fleet makes control groups for three hosts, so that each can have an agent of its
// own. Disband removes them.
func Fleet(prefix string) ([]Host, error) {
	hosts := []Host{{Name: Web, Address: ServiceAddress}, {Name: Second, Address: secondAddress}, {Name: API, Address: apiAddress}}
	for n := range hosts {
		var err error
		if hosts[n].Group, err = group.Make(groupOf(prefix, hosts[n].Name)); err != nil {
			return hosts[:n], fmt.Errorf("laboratory: %w", err)
		}
	}
	return hosts, nil
}

// Disband removes what Fleet made, once the laboratory is closed.
func Disband(prefix string, hosts []Host) error {
	var all []error
	for _, h := range hosts {
		if h.Group != "" {
			all = append(all, group.Remove(groupOf(prefix, h.Name)))
		}
	}
	return errors.Join(all...)
}

func groupOf(prefix, host string) string { return prefix + "-" + host }

// furnished gives a host that is not the machine itself its own shared memory and
// temporary files, the service a crontab that no scheduler sees, and goes on as
// what is named behind it.
func (h *Host) furnished() string {
	script := `set -e; mount -t tmpfs -o mode=755 tmpfs /var/spool; mkdir -p /var/spool/cron/crontabs; chown ` + serviceUser + ` /var/spool/cron/crontabs; `
	if h.Group != "" {
		script += `for dir in /dev/shm /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs $dir; done; `
	}
	return script + `exec "$@"`
}
