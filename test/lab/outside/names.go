package main

import (
	"net"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// addresses is what names have: NAME=IP, comma-separated, and one for all others.
func addresses(list, otherwise string) func(name string) string {
	known := map[string]string{}
	for pair := range strings.SplitSeq(list, ",") {
		if name, address, ok := strings.Cut(pair, "="); ok {
			known[name+"."] = address
		}
	}
	return func(name string) string {
		if address, ok := known[name]; ok {
			return address
		}
		return otherwise
	}
}

// answerNames gives every name its address, until the socket closes.
func (w *world) answerNames(socket net.PacketConn, answer func(name string) string) {
	buffer := make([]byte, 1500)
	for {
		n, peer, err := socket.ReadFrom(buffer)
		if err != nil {
			return
		}
		reply, name, err := resolve(buffer[:n], answer)
		if err != nil {
			continue
		}
		w.saw(observation{Kind: "query", Name: name})
		_, _ = socket.WriteTo(reply, peer)
	}
}

// resolve answers a question for an IPv4 address, and any other with nothing.
func resolve(message []byte, answer func(name string) string) (reply []byte, name string, err error) {
	var query dnsmessage.Message
	if err := query.Unpack(message); err != nil {
		return nil, "", err
	}
	response := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: query.ID, Response: true, Authoritative: true, RecursionDesired: query.RecursionDesired, RecursionAvailable: true},
		Questions: query.Questions,
	}
	for _, question := range query.Questions {
		name = question.Name.String()
		if question.Type != dnsmessage.TypeA {
			continue
		}
		address, err := netip.ParseAddr(answer(name))
		if err != nil {
			return nil, "", err
		}
		response.Answers = append(response.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: 1},
			Body:   &dnsmessage.AResource{A: address.As4()},
		})
	}
	reply, err = response.Pack()
	return reply, name, err
}
