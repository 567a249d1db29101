package stage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Addresses. The outer ones are for documentation; no route leads to any.
const (
	WebAddress = "10.203.0.2"
	// DatabaseAddress is the second host's, on a wire between the two.
	DatabaseAddress = "10.203.1.3"
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

// spaces are the network namespaces of the hosts and of everything outside.
var spaces = map[string]string{Web: "baize-int-web", Database: "baize-int-db", outside: "baize-int-out"}

const outside = "outside"

// wire makes the namespaces and joins them.
func wire(ctx context.Context) error {
	web, db, out := spaces[Web], spaces[Database], spaces[outside]
	lines := []string{
		"netns add " + web, "netns add " + db, "netns add " + out,
		fmt.Sprintf("link add web0 netns %s type veth peer name out0 netns %s", web, out),
		fmt.Sprintf("link add web1 netns %s type veth peer name db0 netns %s", web, db),
		fmt.Sprintf("-n %s address add %s/24 dev web0", web, WebAddress),
		fmt.Sprintf("-n %s address add %s/24 dev out0", out, Bastion),
		fmt.Sprintf("-n %s address add 10.203.1.2/24 dev web1", web),
		fmt.Sprintf("-n %s address add %s/24 dev db0", db, DatabaseAddress),
	}
	for _, link := range []string{web + " lo", web + " web0", web + " web1", db + " lo", db + " db0", out + " lo", out + " out0"} {
		space, name, _ := strings.Cut(link, " ")
		lines = append(lines, fmt.Sprintf("-n %s link set %s up", space, name))
	}
	lines = append(lines, fmt.Sprintf("-n %s route add default via %s", web, Bastion))
	for _, address := range outerAddresses() {
		lines = append(lines, fmt.Sprintf("-n %s address add %s/32 dev lo", out, address))
	}
	for _, line := range lines {
		if err := run(exec.CommandContext(ctx, "ip", strings.Fields(line)...)); err != nil {
			return err
		}
	}
	return nil
}

func outerAddresses() []string {
	list := []string{Attacker, Attacker2, Customer, Drop, Drop2, Releases, names}
	for _, c2 := range []string{C2, OtherC2} {
		host, _, _ := strings.Cut(c2, ":")
		list = append(list, host)
	}
	return list
}

// unwire removes what wire made.
func unwire() error {
	var all []error
	for _, space := range spaces {
		if _, err := os.Stat(filepath.Join("/run/netns", space)); err == nil {
			all = append(all, run(exec.Command("ip", "netns", "delete", space)))
		}
	}
	return errors.Join(all...)
}

// within is a command in a network namespace, and in nothing else of it.
func within(ctx context.Context, space string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "nsenter", append([]string{"--net=/run/netns/" + spaces[space], "--"}, args...)...)
}

func run(command *exec.Cmd) error {
	out, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v: %w: %s", command.Args, err, out)
	}
	return nil
}
