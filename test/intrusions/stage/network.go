package stage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Addresses. The outer ones are for documentation; no route leads to any.
const (
	WebAddress      = "10.203.0.2"
	DatabaseAddress = "10.203.0.3"
	// Bastion is where administrators come from.
	Bastion = "10.203.0.1"

	Attacker  = "203.0.113.50"
	Attacker2 = "198.51.100.61"
	Customer  = "203.0.113.60"
	// Drop serves what intruders fetch, Drop2 too. Releases serves the company's own.
	Drop     = "203.0.113.9"
	Drop2    = "198.51.100.20"
	Releases = "198.51.100.80"
	names    = "203.0.113.53"
	// C2 and OtherC2 are called by implants.
	C2      = "203.0.113.77:443"
	OtherC2 = "198.51.100.23:443"
)

// outside is the network namespace of everything that is no host.
const outside = "out"

// space is the network namespace of a host, and its control group.
func space(name string) string { return "baize-int-" + name }

// wire makes the namespaces and joins them by a switch that stands outside.
func wire(ctx context.Context, opts *Options) error {
	out := space(outside)
	lines := []string{
		"netns add " + out,
		fmt.Sprintf("-n %s link add lan type bridge", out),
		fmt.Sprintf("-n %s address add %s/24 dev lan", out, Bastion),
		fmt.Sprintf("-n %s link set lo up", out),
		fmt.Sprintf("-n %s link set lan up", out),
	}
	for n, h := range opts.Hosts {
		at := space(h.Name)
		lines = append(lines,
			"netns add "+at,
			fmt.Sprintf("link add eth0 netns %s type veth peer name port%d netns %s", at, n, out),
			fmt.Sprintf("-n %s link set port%d master lan up", out, n),
			fmt.Sprintf("-n %s address add %s/24 dev eth0", at, h.Address),
			fmt.Sprintf("-n %s link set lo up", at),
			fmt.Sprintf("-n %s link set eth0 up", at),
			fmt.Sprintf("-n %s route add default via %s", at, Bastion),
		)
	}
	for _, address := range outerAddresses(opts) {
		lines = append(lines, fmt.Sprintf("-n %s address add %s/32 dev lo", out, address))
	}
	for _, line := range lines {
		if err := run(exec.CommandContext(ctx, "ip", strings.Fields(line)...)); err != nil {
			return err
		}
	}
	return nil
}

func outerAddresses(opts *Options) []string {
	list := slices.Concat([]string{Attacker, Attacker2, Customer, Drop, Drop2, Releases, names}, opts.Outer)
	for _, c2 := range slices.Concat([]string{C2, OtherC2}, opts.C2) {
		host, _, _ := strings.Cut(c2, ":")
		list = append(list, host)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// unwire removes what wire made.
func unwire(opts *Options) error {
	spaces := []string{space(outside)}
	for _, h := range opts.Hosts {
		spaces = append(spaces, space(h.Name))
	}
	var all []error
	for _, space := range spaces {
		if _, err := os.Stat(filepath.Join("/run/netns", space)); err == nil {
			all = append(all, run(exec.Command("ip", "netns", "delete", space)))
		}
	}
	return errors.Join(all...)
}

// within is a command in the network namespace of a host, and in nothing else of it.
func within(ctx context.Context, host string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "nsenter", append([]string{"--net=/run/netns/" + space(host), "--"}, args...)...)
}

func run(command *exec.Cmd) error {
	out, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v: %w: %s", command.Args, err, out)
	}
	return nil
}
