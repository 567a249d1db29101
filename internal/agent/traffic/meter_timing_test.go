package traffic

import (
	"net"
	"os"
	"testing"

	"baize/internal/agent/procfs"
)

// BenchmarkCount is the cost of reading one open connection.
func BenchmarkCount(b *testing.B) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	ns, err := procfs.FS{}.NetNS(0)
	if err != nil {
		b.Fatal(err)
	}
	d, err := open(procfs.FS{}, uint32(os.Getpid()), ns)
	if err != nil {
		b.Fatal(err)
	}
	defer d.close()
	f := &Flow{
		Cookie: ^uint64(0), NetNS: ns, // of any cookie
		Local: client.LocalAddr().(*net.TCPAddr).AddrPort(), Remote: client.RemoteAddr().(*net.TCPAddr).AddrPort(),
	}
	for b.Loop() {
		if _, _, err := d.count(f); err != nil {
			b.Fatal(err)
		}
	}
}
