package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// namespaces are the networks of the hosts and of the outside world, joined by a
// switch that stands outside. None of the interfaces ever exists in the machine's
// own network namespace.
type namespaces struct {
	prefix string
	hosts  []Host
}

func newNamespaces(ctx context.Context, prefix string, hosts []Host) (space *namespaces, err error) {
	space = &namespaces{prefix: prefix, hosts: hosts}
	// What one that was killed left behind is nobody's: the laboratory is locked.
	if err := space.remove(); err != nil {
		return space, err
	}
	for _, line := range space.script() {
		if err := run(ctx, "ip", strings.Fields(line)...); err != nil {
			return space, err
		}
	}
	for _, h := range hosts {
		if err := os.MkdirAll(space.resolver(h.Name), 0o755); err != nil {
			return space, err
		}
		if err := os.WriteFile(filepath.Join(space.resolver(h.Name), "resolv.conf"), []byte("nameserver "+nameServer+"\n"), 0o644); err != nil {
			return space, err
		}
	}
	return space, nil
}

func (n *namespaces) of(host string) string { return n.prefix + "-" + host }

func (n *namespaces) outer() string { return n.of("out") }

// resolver is the directory that ip netns exec mounts over /etc.
func (n *namespaces) resolver(host string) string { return filepath.Join("/etc/netns", n.of(host)) }

// script is the arguments of ip, one call a line.
func (n *namespaces) script() []string {
	out := n.outer()
	lines := []string{
		"netns add " + out,
		fmt.Sprintf("-n %s link add lan type bridge", out),
		fmt.Sprintf("-n %s address add %s/24 dev lan", out, routerAddress),
		fmt.Sprintf("-n %s link set lo up", out),
		fmt.Sprintf("-n %s link set lan up", out),
	}
	for i, h := range n.hosts {
		in := n.of(h.Name)
		lines = append(lines,
			"netns add "+in,
			fmt.Sprintf("link add eth0 netns %s type veth peer name port%d netns %s", in, i, out),
			fmt.Sprintf("-n %s link set port%d master lan up", out, i),
			fmt.Sprintf("-n %s address add %s/24 dev eth0", in, h.Address),
			fmt.Sprintf("-n %s link set lo up", in),
			fmt.Sprintf("-n %s link set eth0 up", in),
			fmt.Sprintf("-n %s route add default via %s", in, routerAddress),
		)
	}
	for _, address := range outerAddresses() {
		lines = append(lines, fmt.Sprintf("-n %s address add %s/32 dev lo", out, address))
	}
	return lines
}

func outerAddresses() []string {
	addresses := []string{AttackerAddress, OtherAddress, nameServer, dnslogAddress}
	for _, round := range Rounds {
		c2, _, _ := strings.Cut(round.C2, ":")
		addresses = append(addresses, round.Download, c2)
	}
	return addresses
}

// remove undoes newNamespaces, as far as that got.
func (n *namespaces) remove() error {
	names := []string{n.outer()}
	var all []error
	for _, h := range n.hosts {
		names = append(names, n.of(h.Name))
		all = append(all, os.RemoveAll(n.resolver(h.Name)))
	}
	for _, name := range names {
		if _, err := os.Stat(filepath.Join("/run/netns", name)); err == nil {
			all = append(all, run(context.Background(), "ip", "netns", "delete", name))
		}
	}
	return errors.Join(all...)
}

// command runs args within the namespace called name.
func command(name string, args ...string) []string {
	return append([]string{"ip", "netns", "exec", name}, args...)
}
