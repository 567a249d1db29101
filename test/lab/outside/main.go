// Command outside is everything beyond the victim's border, in one process
// inside the laboratory's outer network namespace: the download server, the C2,
// the name server and the attacker.
//
// It reads one JSON attack a line on stdin and writes one JSON observation a
// line on stdout; it ends with its stdin.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"baize/test/lab/beacon"
)

// attack is one request of the attacker.
type attack struct {
	// ID comes back in the observation.
	ID int `json:"id"`
	// Target is the URL of the hole; Payload goes into its Parameter, host where
	// none is named.
	Target    string `json:"target"`
	Parameter string `json:"parameter"`
	Payload   string `json:"payload"`
	// Source is the attacker's address.
	Source string `json:"source"`
}

// observation is one thing seen outside.
type observation struct {
	Kind string    `json:"kind"` // ready, reply, download, beacon, query
	Time time.Time `json:"time"`
	// ID, Status, Body and Error of a reply.
	ID     int    `json:"id,omitempty"`
	Status int    `json:"status,omitempty"`
	Body   string `json:"body,omitempty"`
	Error  string `json:"error,omitempty"`
	// Name is the path downloaded or the domain asked for, Local our address.
	Name  string        `json:"name,omitempty"`
	Local string        `json:"local,omitempty"`
	Hello *beacon.Hello `json:"hello,omitempty"`
}

// world writes observations; it is safe for concurrent use.
type world struct {
	mu  sync.Mutex
	out *json.Encoder
}

func (w *world) saw(o observation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o.Time = time.Now().UTC()
	_ = w.out.Encode(o)
}

func main() {
	downloads := flag.String("downloads", "", "serve the files of `DIR` on port 80")
	c2 := flag.String("c2", "", "accept beacons on these `ADDRESSES`, comma-separated")
	dns := flag.String("dns", "", "answer every question for an address on this UDP `ADDRESS`")
	answer := flag.String("answer", "203.0.113.9", "the `IP` that every other name has")
	names := flag.String("names", "", "`NAME=IP`, comma-separated")
	flag.Parse()
	w := &world{out: json.NewEncoder(os.Stdout)}
	if err := w.serve(*downloads, strings.Split(*c2, ","), *dns, addresses(*names, *answer)); err != nil {
		fmt.Fprintln(os.Stderr, "outside:", err)
		os.Exit(1)
	}
	w.saw(observation{Kind: "ready"})
	w.attack(os.Stdin)
}

// serve opens every listener before it returns.
func (w *world) serve(downloads string, c2 []string, dns string, answer func(name string) string) error {
	web, err := net.Listen("tcp", ":80")
	if err != nil {
		return err
	}
	files := http.FileServer(http.Dir(downloads))
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.saw(observation{Kind: "download", Name: r.URL.Path, Local: r.Host})
		files.ServeHTTP(rw, r)
	})}
	go server.Serve(web) //nolint:errcheck // ends with the process
	for _, address := range c2 {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		go w.acceptBeacons(listener)
	}
	names, err := net.ListenPacket("udp", dns)
	if err != nil {
		return err
	}
	go w.answerNames(names, answer)
	return nil
}

func (w *world) acceptBeacons(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go w.readBeacon(connection)
	}
}

func (w *world) readBeacon(connection net.Conn) {
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
	var hello beacon.Hello
	if json.NewDecoder(io.LimitReader(connection, 4096)).Decode(&hello) == nil {
		w.saw(observation{Kind: "beacon", Local: connection.LocalAddr().String(), Hello: &hello})
	}
}

// attack sends every request that arrives on in, all at once if they come so.
func (w *world) attack(in io.Reader) {
	var running sync.WaitGroup
	defer running.Wait()
	for decoder := json.NewDecoder(in); ; {
		var a attack
		if decoder.Decode(&a) != nil {
			return
		}
		running.Go(func() { w.saw(a.send()) })
	}
}

// send delivers the attack from its source address.
func (a attack) send() observation {
	result := observation{Kind: "reply", ID: a.ID}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(a.Source)}, Timeout: 5 * time.Second}
	client := http.Client{Timeout: 2 * time.Minute, Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, a.Target+"?"+cmp.Or(a.Parameter, "host")+"="+url.QueryEscape(a.Payload), nil)
	if err != nil {
		result.Error = err.Error()
		return result
	}
	response, err := client.Do(request)
	if err != nil {
		result.Error = err.Error()
		return result
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		result.Error = err.Error()
	}
	result.Status, result.Body = response.StatusCode, string(body)
	return result
}
