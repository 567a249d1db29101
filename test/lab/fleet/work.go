package fleet

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"baize/test/intrusions/stage"
)

// registry is where the fleet fetches its own programs.
const registry = "http://registry.corp.example/"

// services are the hosts with a web service.
var services = []string{web1, web2, app1}

// day is the ordinary work of a day, in short: all that is usual was seen once on
// every host on which it is.
func (f *Fleet) day(ctx context.Context) error {
	return together(
		func() error { return f.customers(ctx) },
		func() error {
			for _, name := range []string{web1, web2, db1, app1} {
				if err := f.deploy(ctx, name); err != nil {
					return err
				}
			}
			return nil
		},
		func() error { return f.build(ctx) },
		func() error { return f.administrate(ctx, 1) },
	)
}

// work goes on until the context ends.
func (f *Fleet) work(ctx context.Context) error {
	targets := []string{web1, web2, db1, app1}
	rng := rand.New(rand.NewPCG(f.seed, 1))
	repeat := func(every time.Duration, do func(n int) error) func() error {
		return func() error {
			for n := 0; ctx.Err() == nil; n++ {
				if err := errors.Join(do(n), pause(ctx, every)); err != nil && ctx.Err() == nil {
					return fmt.Errorf("ordinary work: %w", err)
				}
			}
			return nil
		}
	}
	order := rng.Perm(len(targets))
	return together(
		repeat(time.Second, func(int) error { return f.customers(ctx) }),
		repeat(4*time.Second, func(n int) error { return f.deploy(ctx, targets[order[n%len(order)]]) }),
		repeat(5*time.Second, func(int) error { return f.build(ctx) }),
		repeat(5*time.Second, func(n int) error { return f.administrate(ctx, n+2) }),
	)
}

// customers look names up at all services, most of them from behind the NAT.
func (f *Fleet) customers(ctx context.Context) error {
	for _, name := range services {
		for _, from := range []string{nat, stage.Customer} {
			if err := f.Look(ctx, f.Hosts[name], f.worker("customer"), from); err != nil {
				return err
			}
		}
	}
	return nil
}

// worker names one who works, once.
func (f *Fleet) worker(kind string) string { return fmt.Sprintf("%s %d", kind, f.workers.Add(1)) }

// deploy brings the newest release, and a tool of the fleet's own, from the registry
// to a host: the deploy tool does so over ssh, with its key, as root.
func (f *Fleet) deploy(ctx context.Context, name string) error {
	target := f.Hosts[name]
	script := "curl -s -o /opt/app/release.new " + registry + "release && install -m 755 /opt/app/release.new /opt/app/release && /opt/app/release && " +
		"curl -s -o /opt/app/runner " + registry + "perl && chmod 755 /opt/app/runner && /opt/app/runner -e 1 && id -un > /opt/app/version"
	return f.Visit(target, f.worker("deployment"), func() error {
		_, err := f.Hosts[ci1].Run(ctx, stage.Service{Unit: "deploy", Args: []string{"ssh", "-F", "/root/.ssh/config", "-i", "/root/.ssh/id_ed25519", "root@" + target.Address, script}})
		return err
	})
}

// build compiles, in a directory that everybody may write to.
func (f *Fleet) build(ctx context.Context) error {
	script := `mkdir -p /tmp/build && cd /tmp/build && for n in $(seq 8); do echo "int f$n;" > f$n.c; cksum f$n.c > f$n.o; done
cat f*.o > all; printf '#!/bin/sh\ncksum all > sum\n' > check; chmod 755 check; ./check; curl -s -o deps.tar ` + registry + `release; rm -rf /tmp/build`
	_, err := f.Hosts[ci1].Run(ctx, stage.Service{Unit: "build", UID: stage.WebUser, Args: []string{"sh", "-c", script}})
	return err
}

// administrate is an administrator who goes through the bastion to the database,
// looks around, reads what only root may, and runs a tool that he has just fetched.
func (f *Fleet) administrate(ctx context.Context, n int) error {
	target := f.Hosts[db1]
	script := strings.Join([]string{
		"uptime", "ps aux | head -n 3", "ls -la /opt /srv > /dev/null", "grep -c root /etc/shadow",
		fmt.Sprintf("wget -q %srelease -O /tmp/installer-%d", registry, n),
		fmt.Sprintf("chmod +x /tmp/installer-%d", n), fmt.Sprintf("/tmp/installer-%d", n), fmt.Sprintf("rm /tmp/installer-%d", n),
	}, "; ")
	return f.Visit(target, f.worker("administrator"), func() error {
		return f.Session(ctx, stage.Bastion, "admin", f.Hosts[bastion], "ssh -F /root/.ssh/config root@"+target.Address+" '"+script+"'")
	})
}
