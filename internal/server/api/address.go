package api

import (
	"net"
	"sync"
)

// maxPerAddress bounds the connections of one network, so that one client
// cannot take all of maxConnections.
const maxPerAddress = 256

// fair is a listener that closes the connections of a network beyond a bound.
type fair struct {
	net.Listener
	limit int

	mu   sync.Mutex
	open map[string]int
}

func newFair(listener net.Listener, limit int) *fair {
	return &fair{Listener: listener, limit: limit, open: map[string]int{}}
}

// Accept implements net.Listener.
func (f *fair) Accept() (net.Conn, error) {
	for {
		conn, err := f.Listener.Accept()
		if err != nil {
			return nil, err
		}
		key := "unknown"
		if host, _, err := net.SplitHostPort(conn.RemoteAddr().String()); err == nil {
			key = network(host)
		}
		if f.enter(key) {
			return &fairConn{conn, sync.OnceFunc(func() { f.leave(key) })}, nil
		}
		_ = conn.Close() // it is one too many, whatever becomes of it
	}
}

func (f *fair) enter(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open[key] >= f.limit {
		return false
	}
	f.open[key]++
	return true
}

func (f *fair) leave(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open[key]--; f.open[key] == 0 {
		delete(f.open, key)
	}
}

// fairConn gives its place back when it is closed.
type fairConn struct {
	net.Conn
	left func()
}

// Close implements net.Conn.
func (c *fairConn) Close() error {
	c.left()
	return c.Conn.Close()
}
