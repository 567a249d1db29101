package gateway

import (
	"fmt"
	"testing"
	"time"

	"baize/internal/event"
	baizev1 "baize/proto/baize/v1"
)

// BenchmarkGateway is events per second from hosts' streams over TLS to the
// disk of the event log, acknowledged, with as many hosts and as large
// batches. The agents' side (one encoding of the batches, TLS) runs on the
// same cores.
func BenchmarkGateway(b *testing.B) {
	for _, c := range []struct{ hosts, size int }{{1, 100}, {1, 1000}, {8, 1000}, {64, 1}} {
		b.Run(fmt.Sprintf("hosts=%d/batch=%d", c.hosts, c.size), func(b *testing.B) {
			p, _ := start(b, b.TempDir())
			var clients []*client
			for i := range c.hosts {
				clients = append(clients, p.enrol(b, fmt.Sprint("m", i)).connect(b, "b1"))
			}
			batches := make([][]*baizev1.Batch, c.hosts)
			for i, cl := range clients {
				for n := range b.N {
					batches[i] = append(batches[i], cl.host.busy(b, n*c.size, c.size))
				}
			}
			b.ResetTimer()
			begun := time.Now()
			done := make(chan uint64, c.hosts)
			for i, cl := range clients {
				go func() { done <- cl.deliverAll(batches[i], uint64(b.N*c.size)) }()
			}
			for range clients {
				if got := <-done; got != uint64(b.N*c.size) {
					b.Errorf("mark %d", got)
				}
			}
			b.ReportMetric(float64(b.N*c.size*c.hosts)/time.Since(begun).Seconds(), "events/s")
		})
	}
}

// deliverAll sends batches without waiting for each and returns the last mark.
func (c *client) deliverAll(batches []*baizev1.Batch, until uint64) (mark uint64) {
	go func() {
		for _, b := range batches {
			c.sendBatch(b)
		}
	}()
	for mark < until {
		r, err := c.stream.Recv()
		if err != nil {
			c.t.Error(err)
			return mark
		}
		mark = r.GetMark().GetSeq()
	}
	return mark
}

// busy is a batch as a busy host sends it: a process each five events.
func (h *host) busy(t testing.TB, from, n int) *baizev1.Batch {
	t.Helper()
	events := numbered(h.name.Host, "b1", uint64(from+1), uint64(from+n))
	service := event.ProcessKey{Host: h.name.Host, Boot: "b1", PID: 700, Start: 5}
	context := &event.Context{ID: "service:" + service.String(), Kind: "service", Root: service, Service: "web.service"}
	for i, ev := range events {
		key := event.ProcessKey{Host: h.name.Host, Boot: "b1", PID: uint32(1000 + i/5), Start: uint64(from + i/5)}
		args := []string{"curl", "-s", "-o", "/dev/shm/x", fmt.Sprint("http://203.0.113.9/", from+i/5)}
		ev.Process = &event.Process{
			Key: key, PID: key.PID, Executable: "/usr/bin/curl", Args: args, WorkingDirectory: "/srv/www", Context: context,
			User:   &event.User{ID: 33, Name: "www-data"},
			Parent: &event.Process{Key: service, PID: 700, Executable: "/usr/lib/jvm/bin/java", CommandLine: "java -jar /srv/app.jar"},
		}
		if i%5 == 2 {
			ev.Kind = event.FileOpen
			ev.File = &event.File{Path: fmt.Sprint("/srv/www/", i), Inode: event.FileKey{Host: h.name.Host, Device: 4, Inode: uint64(from + i)}}
		}
	}
	return packed(t, h.name.Host, "b1", uint64(from+1), uint32(n), events)
}
