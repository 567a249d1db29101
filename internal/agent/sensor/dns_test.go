package sensor

import (
	"bytes"
	"net"
	"slices"
	"testing"

	"baize/internal/event"
)

// Pieces of what is asked over one connection, as segments carry them: messages
// behind their length, which is cut at will.
var (
	asked1, asked2, asked3, asked4, asked5 = numbered(1), numbered(2), numbered(3), numbered(4), numbered(5)

	segments = [][]byte{
		{0, byte(len(question))},
		asked1, // the length by itself
		slices.Concat(framed(asked2), framed(asked3)), // two at once
		framed(asked4)[:2+20], asked4[20:],            // cut in its name
		framed(asked5),
		{0}, // no more than half a length
	}
)

// numbered is the question for another name.
func numbered(n byte) []byte {
	const lastOfLabel = 15
	out := bytes.Clone(question)
	out[lastOfLabel] = '0' + n
	return out
}

func framed(message []byte) []byte { return append([]byte{0, byte(len(message))}, message...) }

// dnsSegments sends the segments to a server of its own, each once the one before
// has been read.
func dnsSegments([]string) error {
	if err := linkUp("lo"); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:53")
	if err != nil {
		return err
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return err
	}
	defer c.Close()
	server, err := l.Accept()
	if err != nil {
		return err
	}
	defer server.Close()
	for _, s := range segments {
		if _, err := c.Write(s); err != nil {
			return err
		}
		if _, err := server.Read(make([]byte, 512)); err != nil {
			return err
		}
	}
	return nil
}

// A resolver sends messages over TCP as it likes, and who wants to hide them cuts
// them at will: each is told, or counted.
func TestMessagesInPieces(t *testing.T) {
	l := shared(t)
	before := piecesLost(l)
	h := prepare(t, newNamespaces, "dnssegments")
	h.finish()
	l.await("the exit", ofPID(event.ProcessExit, h.pid))
	found, _ := l.matching(ofPID(event.DNSQuery, h.pid))
	want := [][]byte{asked1, asked2, asked3, asked4[:20], asked5}
	if len(found) != len(want) {
		t.Fatalf("%d messages, want %d", len(found), len(want))
	}
	for i, r := range found {
		if whole := len(want[i]) == len(question); !bytes.Equal(r.DNS.Payload, want[i]) || r.DNS.Truncated == whole {
			t.Errorf("message %d: %q, truncated %v; want %q", i, r.DNS.Payload, r.DNS.Truncated, want[i])
		}
	}
	if lost := piecesLost(l) - before; lost == 0 {
		t.Error("what could not be put together is not counted")
	}
}

// piecesLost counts messages of which pieces were lost.
func piecesLost(l *lab) uint64 {
	l.t.Helper()
	for _, loss := range l.class(event.ClassDNS).Losses {
		if loss.Reason == outcomeReasons[outcomePieces] {
			return loss.Count
		}
	}
	return 0
}
