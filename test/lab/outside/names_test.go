package main

import (
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func TestResolveAnswersAddressesOnly(t *testing.T) {
	for kind, want := range map[dnsmessage.Type]int{dnsmessage.TypeA: 1, dnsmessage.TypeAAAA: 0} {
		query := dnsmessage.Message{Header: dnsmessage.Header{ID: 7}, Questions: []dnsmessage.Question{
			{Name: dnsmessage.MustNewName("a.example."), Type: kind, Class: dnsmessage.ClassINET},
		}}
		packed, err := query.Pack()
		if err != nil {
			t.Fatal(err)
		}
		reply, name, err := resolve(packed, addresses("a.example=198.51.100.1", "203.0.113.9"))
		if err != nil {
			t.Fatal(err)
		}
		var response dnsmessage.Message
		if err := response.Unpack(reply); err != nil {
			t.Fatal(err)
		}
		if want == 1 && response.Answers[0].Body.(*dnsmessage.AResource).A != [4]byte{198, 51, 100, 1} {
			t.Errorf("%v", response.Answers)
		}
		if name != "a.example." || response.ID != 7 || len(response.Answers) != want {
			t.Errorf("%v: name %q, id %d, %d answers, want %d", kind, name, response.ID, len(response.Answers), want)
		}
	}
}
