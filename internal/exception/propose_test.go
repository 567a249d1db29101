package exception

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"

	"baize/internal/alert"
	"baize/internal/event"
)

// often is a rule firing on hosts, a number of times on each.
func often(p *Proposer, level string, hosts int, count uint64, grave bool, image, command string) {
	for i := range hosts {
		p.Add(raised("r1", level, count, executed(fmt.Sprint("h", i), image, command)), grave)
	}
}

func TestOnlyWhatIsFrequentOnManyHostsIsProposed(t *testing.T) {
	for name, c := range map[string]struct {
		level    string
		hosts    int
		count    uint64
		grave    bool
		proposed bool
	}{
		"frequent":           {"medium", MinHosts, MinFirings / MinHosts, false, true},
		"too few hosts":      {"low", MinHosts - 1, 100, false, false},
		"too few firings":    {"low", MinHosts, MinFirings/MinHosts - 1, false, false},
		"too high":           {"high", 50, 100, false, false},
		"of no level":        {"", 50, 100, false, false},
		"in a grave context": {"low", 50, 100, true, false},
	} {
		p := NewProposer()
		often(p, c.level, c.hosts, c.count, c.grave, "/usr/bin/curl", "curl backup")
		if got := p.Proposals(); (len(got) == 1) != c.proposed {
			t.Errorf("%s: %+v", name, got)
		}
	}
	p := NewProposer()
	for i := range 50 {
		p.Add(raised("r1", "low", 9, executed(fmt.Sprint("h", i), "/usr/bin/curl", fmt.Sprint("curl ", i))), false)
	}
	if got := p.Proposals(); len(got) != 0 {
		t.Errorf("different values were proposed together: %+v", got)
	}
}

// What a proposal selects is exactly what made it, whatever characters the
// values hold.
func TestAProposalSelectsWhatItWasMadeOf(t *testing.T) {
	for _, command := range []string{
		"curl backup", `a*b?c\d`, `"quoted" 'and' #hash: {x}`, "tab\tnew\nline\u0085\u2028", "%PLACEHOLDER%", `\\*`, "true", "- x", "汉字 é",
	} {
		p := NewProposer()
		often(p, "low", MinHosts, MinFirings, false, "/opt/x y/*tool", command)
		got := p.Proposals()
		if len(got) != 1 {
			t.Fatalf("%q: %d proposals", command, len(got))
		}
		x := valid()
		x.Rules, x.Selection = []string{got[0].Rule.ID}, got[0].Selection
		if err := x.Check(now); err != nil {
			t.Errorf("%q: %v\n%s", command, err, x.Selection)
			continue
		}
		set, err := Compile([]Exception{x})
		if err != nil {
			t.Fatal(err)
		}
		if set.Find("r1", executed("h9", "/opt/x y/*tool", command), now) == nil {
			t.Errorf("%q is not covered by\n%s", command, x.Selection)
		}
		for _, other := range []*event.Event{executed("h9", "/opt/x y/another tool", command), executed("h9", "/opt/x y/*tool", command+" more")} {
			if set.Find("r1", other, now) != nil {
				t.Errorf("%q covers %q too:\n%s", command, other.Process.CommandLine, x.Selection)
			}
		}
	}
}

func TestProposalsAreAFunctionOfTheAlerts(t *testing.T) {
	propose := func() []Proposal {
		p := NewProposer()
		for i := range 60 {
			often(p, "low", MinHosts+i%3, MinFirings, false, "/usr/bin/curl", fmt.Sprint("curl ", i))
		}
		return p.Proposals()
	}
	first := propose()
	if len(first) != maxProposals || first[0].Hosts != MinHosts+2 || !first[0].Last.After(first[0].First) {
		t.Fatalf("%d proposals, first %+v", len(first), first[0])
	}
	for range 5 {
		if !reflect.DeepEqual(propose(), first) {
			t.Fatal("two runs differ")
		}
	}
}

func TestWhatAnEventIsAbout(t *testing.T) {
	process := &event.Process{Executable: "/usr/bin/x"}
	for want, ev := range map[string]*event.Event{
		"TargetFilename": {Kind: event.FileOpen, Process: process, File: &event.File{Path: "/etc/shadow"}},
		"QueryName":      {Kind: event.DNSQuery, Process: process, DNS: &event.DNS{Question: event.DNSQuestion{Name: "x.example"}}},
		"DestinationIp":  {Kind: event.NetworkConnect, Process: process, Destination: &event.Endpoint{IP: netip.MustParseAddr("203.0.113.9")}},
	} {
		if got := objectOf(ev); got[0] != want || got[1] == "" {
			t.Errorf("%s: %v", ev.Kind, got)
		}
		p := NewProposer()
		for i := range MinHosts {
			own := *ev
			own.Host.ID = fmt.Sprint("h", i)
			p.Add(raised("r1", "low", MinFirings, &own), false)
		}
		if len(p.Proposals()) != 1 {
			t.Errorf("%s: not proposed", ev.Kind)
		}
	}
	for _, ev := range []*event.Event{{Kind: event.SensorStart}, {Kind: event.ProcessExit, Process: process}, {Kind: event.ProcessExec, Process: &event.Process{}}} {
		if got := selectionOf(ev); got != "" {
			t.Errorf("%s: %q", ev.Kind, got)
		}
	}
	p := NewProposer()
	p.Add(&alert.Alert{Kind: alert.KindSensor}, false)
	if len(p.groups) != 0 {
		t.Error("an alert about the sensor is counted")
	}
}
