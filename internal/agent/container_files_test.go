package agent_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"baize/internal/event"
	"baize/internal/response"
	baizev1 "baize/proto/baize/v1"
)

const containerProgram = `package main

import (
	"os"
	"time"
)

func main() {
	if err := os.MkdirAll("/etc/cron.d", 0o755); err != nil {
		panic(err)
	}
	if err := os.WriteFile("/etc/cron.d/job", []byte("* * * * * root /x\n"), 0o600); err != nil {
		panic(err)
	}
	time.Sleep(5 * time.Minute)
}
`

// asked sends a signed command and returns its result.
func (h *host) asked(c *baizev1.Command) *baizev1.CommandResult {
	h.t.Helper()
	c.Org, c.Host, c.Approvers = "o", "h-1", []string{"a"}
	c.NotBefore, c.Expires = timestamppb.New(time.Now().Add(-time.Minute)), timestamppb.New(time.Now().Add(time.Minute))
	envelope, err := response.Sign(h.gateway.CommandKey, c)
	if err != nil {
		h.t.Fatal(err)
	}
	h.gateway.Outgoing <- envelope
	var found *baizev1.CommandResult
	h.eventually("the answer to "+c.GetId(), func() bool {
		h.gateway.Lock()
		defer h.gateway.Unlock()
		for _, r := range h.gateway.Results {
			if r.GetId() == c.GetId() {
				found = r
			}
		}
		return found != nil
	})
	return found
}

// A path of a container is another file than the host's: what changed in it is
// read there, and it is looked at and collected there.
func TestFilesOfAContainer(t *testing.T) {
	startDocker(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(containerProgram), 0o600); err != nil {
		t.Fatal(err)
	}
	image := fmt.Sprintf("baize-agent-test/writer:%d", os.Getpid())
	script := fmt.Sprintf("cd %s && CGO_ENABLED=0 go build -o writer main.go && tar -c writer | docker import - %s", dir, image)
	if out, err := exec.Command("sh", "-c", script).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", script, err, out)
	}
	h := newHost(t)
	name := fmt.Sprintf("baize-agent-test-writer-%d", os.Getpid())
	t.Cleanup(func() { _ = exec.Command("docker", "rm", "-f", name).Run() })
	h.sh("docker run -d --rm --network none --name " + name + " " + image + " /writer")
	ev := h.diffOf(event.FileCloseWrite, "/etc/cron.d/job", nil)
	if got := ev.File.Changed(); ev.Container == nil || !reflect.DeepEqual(got, &event.Diff{State: event.DiffOK, Added: []string{"* * * * * root /x"}}) {
		t.Fatalf("%+v in %+v", got, ev.Container)
	}
	arguments := map[string]string{
		response.ArgPath: "/etc/cron.d/job", response.ArgContainer: ev.Container.ID, response.ArgInode: ev.File.Inode.String(),
	}
	result := h.asked(&baizev1.Command{Id: "c-1", Action: response.ActionStat, Counter: 1, Arguments: arguments})
	var seen response.Stat
	if err := json.Unmarshal([]byte(result.GetDetail()), &seen); err != nil || !seen.Exists || seen.Same == nil || !*seen.Same || seen.Size != 18 {
		t.Errorf("%s", result)
	}
	if err := os.WriteFile(filepath.Join(h.state, "policy.yaml"), []byte("allow: [observe, collect]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	arguments[response.ArgWhat] = response.CollectFile
	result = h.asked(&baizev1.Command{Id: "c-2", Action: response.ActionCollect, Counter: 2, Arguments: arguments})
	h.gateway.Lock()
	defer h.gateway.Unlock()
	if result.GetState() != "done" || string(h.gateway.Blob) != "* * * * * root /x\n" {
		t.Errorf("%s; %q came", result, h.gateway.Blob)
	}
}
