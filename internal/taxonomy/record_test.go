package taxonomy

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"

	"baize/internal/event"
	"baize/internal/sigma"
)

// parse reads an event from its JSON.
func parse(t *testing.T, text string) *event.Event {
	t.Helper()
	ev := new(event.Event)
	if err := json.Unmarshal([]byte(text), ev); err != nil {
		t.Fatal(err)
	}
	return ev
}

func TestDerivedFields(t *testing.T) {
	cases := []struct {
		name, event, field string
		want               []string
	}{
		{"guid", `{"process":{"key":"h/b/1/2"}}`, "ProcessGuid", []string{"h/b/1/2"}},
		{"parent's guid", `{"process":{"parent":{"key":"h/b/1/2"}}}`, "ParentProcessGuid", []string{"h/b/1/2"}},
		{"number for a name", `{"process":{"user":{"id":1000}}}`, "User", []string{"1000"}},
		{"hashes", `{"process":{"hash":{"sha256":"ab","state":"ok"}}}`, "Hashes", []string{"SHA256=ab"}},
		{"pending hash", `{"process":{"hash":{"state":"pending"}}}`, "Hashes", nil},
		{"ancestors", `{"process":{"parent":{"executable":"/a"},"ancestors":[{"executable":"/b"},{"executable":"/c"}]}}`, "Ancestor.Image", []string{"/a", "/b", "/c"}},
		{"socket", `{"process":{"stdin":{"type":"socket","remote":{"ip":"203.0.113.9","port":4444}}}}`, "Process.StdinRemote", []string{"203.0.113.9:4444"}},
		{"socket of output", `{"process":{"stdout":{"type":"socket","remote":{"ip":"2001:db8::1","port":1}}}}`, "Process.StdoutRemote", []string{"[2001:db8::1]:1"}},
		{"environment", `{"process":{"env":{"SSH_CONNECTION":"x","LD_PRELOAD":"/x.so","LD_LIBRARY_PATH":"/y"}}}`, "Process.Env", []string{"LD_LIBRARY_PATH=/y", "LD_PRELOAD=/x.so", "SSH_CONNECTION=x"}},
		{"new name", `{"file":{"path":"/a","target":{"path":"/b"}}}`, "TargetFilename", []string{"/b"}},
		{"old name", `{"file":{"path":"/a","target":{"path":"/b"}}}`, "SourceFilename", []string{"/a"}},
		{"setuid", `{"file":{"mode":"04755"}}`, "File.Setuid", []string{"true"}},
		{"not setgid", `{"file":{"mode":"04755"}}`, "File.Setgid", []string{"false"}},
		{"executable", `{"file":{"mode":"0010"}}`, "File.Executable", []string{"true"}},
		{"writable", `{"file":{"mode":"0666"}}`, "File.WorldWritable", []string{"true"}},
		{"no mode", `{"file":{"path":"/a"}}`, "File.Executable", nil},
		{"connect outside", `{"kind":"network.connect","destination":{"ip":"198.51.100.7","port":1}}`, "Network.Outside", []string{"true"}},
		{"connect inside", `{"kind":"network.connect","destination":{"ip":"10.0.0.7","port":1}}`, "Network.Outside", []string{"false"}},
		{"accept from outside", `{"kind":"network.accept","source":{"ip":"198.51.100.7"},"destination":{"ip":"10.0.0.1"}}`, "Network.Outside", []string{"true"}},
		{"no container", `{"process":{"pid":1}}`, "Container.Image", nil},
		{"no such field", `{"process":{"pid":1}}`, "Nonsense", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := values(parse(t, c.event), c.field); !slices.Equal(got, c.want) {
				t.Errorf("%s = %q, want %q", c.field, got, c.want)
			}
		})
	}
}

func TestInternal(t *testing.T) {
	configured := []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	for text, want := range map[string]bool{
		"10.1.1.1": true, "172.31.0.1": true, "192.168.9.9": true, "127.0.0.1": true, "::1": true, "fd00::1": true,
		"169.254.169.254": true, "fe80::1": true, "0.0.0.0": true, "224.0.0.1": true, "255.255.255.255": true,
		"::ffff:10.0.0.1": true, "198.51.100.1": true,
		"203.0.113.9": false, "172.32.0.1": false, "2001:db8::1": false, "8.8.8.8": false,
	} {
		if got := Internal(netip.MustParseAddr(text), configured); got != want {
			t.Errorf("%s internal: %t", text, got)
		}
	}
}

func TestAdapterAppliesConfiguredNetworks(t *testing.T) {
	ev := parse(t, `{"kind":"network.connect","destination":{"ip":"198.51.100.7"}}`)
	a := Adapter{Internal: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}
	var out sigma.Values
	a.Of(ev).Field(-1, "Network.Outside", &out)
	if out.Len() != 1 || out.At(0).Text() != "false" {
		t.Errorf("Network.Outside = %v", out)
	}
}

func TestKeywordsSeeTexts(t *testing.T) {
	var out sigma.Values
	Of(parse(t, `{"process":{"command_line":"ls -l","pid":4,"parent":{"executable":"/bin/sh"}}}`)).Strings(&out)
	if out.Len() != 2 || out.At(0).Text() != "ls -l" || out.At(1).Text() != "/bin/sh" {
		t.Errorf("strings = %v", out)
	}
}

func TestForeignLineage(t *testing.T) {
	foreign := &event.Image{Foreign: true}
	for _, c := range []struct {
		process *event.Process
		want    string
	}{
		{&event.Process{Exe: &event.Image{}}, "false"},
		{&event.Process{Exe: foreign}, "true"},
		{&event.Process{Parent: &event.Process{Exe: foreign}}, "true"},
		{&event.Process{Parent: &event.Process{}, Ancestors: []event.Process{{}, {Exe: foreign}}}, "true"},
	} {
		ev := event.Event{Kind: event.FileOpen, Process: c.process}
		if got := values(&ev, "Lineage.Foreign"); len(got) != 1 || got[0] != c.want {
			t.Errorf("%+v: %v, want %s", c.process, got, c.want)
		}
	}
	if got := values(&event.Event{Kind: event.SensorStart}, "Lineage.Foreign"); got != nil {
		t.Errorf("without a process: %v", got)
	}
}
