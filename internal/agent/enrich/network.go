package enrich

import (
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"baize/internal/agent/sensor"
	"baize/internal/event"
)

func endpoint(a netip.AddrPort) *event.Endpoint {
	if !a.IsValid() {
		return nil
	}
	return &event.Endpoint{IP: a.Addr().Unmap(), Port: a.Port()}
}

func (e *Enricher) network(now time.Time, rec *sensor.Record) {
	if rec.Socket == nil {
		return
	}
	p := e.process(now, &rec.Task)
	if rec.Kind == event.NetworkListen && rec.Socket.Transport != "udp" {
		e.listens(p, false)
	}
	if rec.Kind == event.NetworkAccept {
		e.listens(p, true)
	}
	if !p.networked {
		p.networked = true
		e.titles.check(e, p)
	}
	ev := e.event(rec, p)
	ev.Network = networkOf(rec.Socket)
	ev.Source, ev.Destination = ends(rec)
	if rec.File != nil {
		ev.File = e.fileOf(rec.File)
	}
	if rec.Kind == event.NetworkConnect {
		ev.Result = result(rec)
	}
	e.follow(p, rec)
	e.queue(now, ev, nil, p.place.box)
}

// ends are source and destination of the conversation. A listening socket is
// only a source.
func ends(rec *sensor.Record) (source, destination *event.Endpoint) {
	local, remote := endpoint(rec.Socket.Local), endpoint(rec.Socket.Remote)
	switch {
	case rec.Kind == event.NetworkListen:
		return local, nil
	case rec.Kind == event.NetworkAccept, rec.Kind == event.NetworkClose && !rec.Socket.Initiated:
		return remote, local
	}
	return local, remote
}

func networkOf(s *sensor.Socket) *event.Network {
	return &event.Network{
		Transport: s.Transport, Cookie: s.Cookie, NetNS: uint64(s.NetNS),
		BytesOut: s.BytesOut, BytesIn: s.BytesIn, Initiated: s.Initiated,
	}
}

// dns takes a message. What does not parse is no DNS, and is left out: the
// sensor only knows the port.
func (e *Enricher) dns(now time.Time, rec *sensor.Record) {
	if rec.DNS == nil {
		return
	}
	message := parseDNS(rec.DNS.Payload)
	if message == nil {
		return
	}
	p := e.process(now, &rec.Task)
	ev := e.event(rec, p)
	if !rec.DNS.Response {
		message.Answers = nil // whoever sends an answer may say what he likes
	}
	ev.DNS = message
	ev.Network = networkOf(&rec.DNS.Socket)
	ev.Source, ev.Destination = endpoint(rec.DNS.Socket.Local), endpoint(rec.DNS.Socket.Remote)
	e.queue(now, ev, nil, p.place.box)
}

// maxAnswers bounds the answers kept of one message.
const maxAnswers = 32

// parseDNS reads the first question and the answers of a message, as far as
// they are whole: the sensor may have cut it.
func parseDNS(payload []byte) *event.DNS {
	var parser dnsmessage.Parser
	header, err := parser.Start(payload)
	if err != nil {
		return nil
	}
	question, err := parser.Question()
	if err != nil {
		return nil
	}
	message := &event.DNS{Question: event.DNSQuestion{Name: hostname(question.Name), Type: typeName(question.Type)}}
	if !header.Response {
		return message
	}
	rcode := int(header.RCode)
	message.Rcode = &rcode
	if parser.SkipAllQuestions() == nil {
		message.Answers = answers(&parser)
	}
	return message
}

func typeName(t dnsmessage.Type) string { return strings.TrimPrefix(t.String(), "Type") }

func hostname(name dnsmessage.Name) string {
	return strings.ToLower(strings.TrimSuffix(name.String(), "."))
}

func answers(parser *dnsmessage.Parser) []string {
	var found []string
	for len(found) < maxAnswers {
		resource, err := parser.Answer()
		if err != nil {
			break
		}
		if text := answer(resource.Body); text != "" {
			found = append(found, text)
		}
	}
	return found
}

func answer(body dnsmessage.ResourceBody) string {
	switch r := body.(type) {
	case *dnsmessage.AResource:
		return netip.AddrFrom4(r.A).String()
	case *dnsmessage.AAAAResource:
		return netip.AddrFrom16(r.AAAA).String()
	case *dnsmessage.CNAMEResource:
		return hostname(r.CNAME)
	case *dnsmessage.NSResource:
		return hostname(r.NS)
	case *dnsmessage.PTRResource:
		return hostname(r.PTR)
	case *dnsmessage.MXResource:
		return hostname(r.MX)
	case *dnsmessage.SRVResource:
		return hostname(r.Target)
	case *dnsmessage.TXTResource:
		return strings.Join(r.TXT, "")
	}
	return ""
}
