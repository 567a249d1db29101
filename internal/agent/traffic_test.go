package agent_test

import (
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"testing"

	"baize/internal/event"
)

// What a program that was brought in sends is told while its connection is open.
func TestBytesOfAnOpenConnectionAreTold(t *testing.T) {
	h := newHost(t)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	tool := filepath.Join(t.TempDir(), "brought")
	h.sh("cp /bin/bash " + tool)
	port := listener.Addr().(*net.TCPAddr).Port
	const sent = 3 << 20
	trojan := exec.Command(tool, "-c", fmt.Sprintf("exec 3<>/dev/tcp/127.0.0.1/%d; head -c %d /dev/zero >&3; read -u 3", port, sent))
	if err := trojan.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = trojan.Process.Kill(); _ = trojan.Wait() })
	peer, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if _, err := io.CopyN(io.Discard, peer, sent); err != nil {
		t.Fatal(err)
	}
	told := h.find("the bytes", func(ev *event.Event) bool {
		return ev.Kind == event.NetworkBytes && ev.Destination.Port == uint16(port) && ev.Network.BytesOut == sent
	})
	connect := h.find("the connect", func(ev *event.Event) bool {
		return ev.Kind == event.NetworkConnect && ev.Destination != nil && ev.Destination.Port == uint16(port)
	})
	if told.Network.Cookie != connect.Network.Cookie || told.Process.Key != connect.Process.Key || told.Process.Executable != tool || told.Network.BytesIn != 0 {
		t.Errorf("%+v of %+v", told.Network, told.Process)
	}
	for _, ev := range h.gateway.Events() {
		if ev.Kind == event.NetworkClose && ev.Network.Cookie == told.Network.Cookie {
			t.Error("it had closed: nothing was shown")
		}
	}
}
