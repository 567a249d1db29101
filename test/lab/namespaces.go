package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// namespaces are the victim's network (inner) and the outside world (outer),
// joined by a pair of virtual interfaces that never exist in the machine's own
// network namespace.
type namespaces struct {
	inner, outer string
	// resolver is the directory that ip netns exec mounts over /etc.
	resolver string
}

func newNamespaces(ctx context.Context, name string) (space *namespaces, err error) {
	space = &namespaces{inner: name + "-web", outer: name + "-out"}
	// What one that was killed left behind is nobody's: the laboratory is locked.
	if err := space.remove(); err != nil {
		return space, err
	}
	for _, line := range space.script() {
		if err := run(ctx, "ip", strings.Fields(line)...); err != nil {
			return space, err
		}
	}
	space.resolver = filepath.Join("/etc/netns", space.inner)
	if err := os.MkdirAll(space.resolver, 0o755); err != nil {
		return space, err
	}
	return space, os.WriteFile(filepath.Join(space.resolver, "resolv.conf"), []byte("nameserver "+nameServer+"\n"), 0o644)
}

// script is the arguments of ip, one call a line.
func (n *namespaces) script() []string {
	lines := []string{
		"netns add " + n.inner,
		"netns add " + n.outer,
		fmt.Sprintf("link add web0 netns %s type veth peer name out0 netns %s", n.inner, n.outer),
		fmt.Sprintf("-n %s address add %s/24 dev web0", n.inner, ServiceAddress),
		fmt.Sprintf("-n %s address add %s/24 dev out0", n.outer, routerAddress),
		fmt.Sprintf("-n %s link set lo up", n.inner),
		fmt.Sprintf("-n %s link set lo up", n.outer),
		fmt.Sprintf("-n %s link set web0 up", n.inner),
		fmt.Sprintf("-n %s link set out0 up", n.outer),
		fmt.Sprintf("-n %s route add default via %s", n.inner, routerAddress),
	}
	for _, address := range outerAddresses() {
		lines = append(lines, fmt.Sprintf("-n %s address add %s/32 dev lo", n.outer, address))
	}
	return lines
}

func outerAddresses() []string {
	addresses := []string{AttackerAddress, nameServer}
	for _, round := range Rounds {
		c2, _, _ := strings.Cut(round.C2, ":")
		addresses = append(addresses, round.Download, c2)
	}
	return addresses
}

// remove undoes newNamespaces, as far as that got.
func (n *namespaces) remove() error {
	var all []error
	for _, name := range []string{n.inner, n.outer} {
		if _, err := os.Stat(filepath.Join("/run/netns", name)); err == nil {
			all = append(all, run(context.Background(), "ip", "netns", "delete", name))
		}
	}
	if n.resolver != "" {
		all = append(all, os.RemoveAll(n.resolver))
	}
	return errors.Join(all...)
}

// command runs args within the namespace called name.
func command(name string, args ...string) []string {
	return append([]string{"ip", "netns", "exec", name}, args...)
}
