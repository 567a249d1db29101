package incident

import (
	"testing"

	"baize/internal/alert"
)

func TestCustomersOfOutOfBandServices(t *testing.T) {
	for name, want := range map[string]string{
		"x7.ab12cd.dnslog.cn": "ab12cd.dnslog.cn", "AB12CD.DNSLOG.cn.": "ab12cd.dnslog.cn", "dnslog.cn": "", "": "",
		"notdnslog.cn": "notdnslog.cn", "a.log.xn--9tr.com": "a.log.xn--9tr.com",
		"c23b2la0kl1krjcrdj10cndmnioyyyyyn.oast.pro":   "c23b2la0kl1krjcrdj10.oast.pro",
		"r.c23b2la0kl1krjcrdj10zzzzzzzzzzzzz.oast.pro": "c23b2la0kl1krjcrdj10.oast.pro",
	} {
		if got := Registrable(name); got != want {
			t.Errorf("Registrable(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestAnOutOfBandServiceIsNoHub: that two intruders use the same public service
// ties them no more than that both use curl; the same customer's name does, and
// so does the service beside another reason.
func TestAnOutOfBandServiceIsNoHub(t *testing.T) {
	asked := func(id, service, name string) *alert.Alert {
		a := high(id, "", alert.Entity{Type: alert.EntityDomain, Value: name})
		a.Service = service
		return a
	}
	m := newMerger()
	first := add(m, asked("a", "S", "1.ab12cd.dnslog.cn"))
	if add(m, asked("b", "T", "1.zz98yy.dnslog.cn")) == first {
		t.Error("two customers of one service are one intruder")
	}
	if add(m, asked("c", "U", "2.ab12cd.dnslog.cn")) != first {
		t.Error("one customer is two intruders")
	}
	if add(m, asked("d", "S", "1.qq55rr.dnslog.cn")) == first {
		t.Error("two customers of one service are one intruder because they came through one hole")
	}
}

// TestAnAddressOfAServiceIsLent: what a name of an out-of-band service leads to ties
// no more than the service.
func TestAnAddressOfAServiceIsLent(t *testing.T) {
	calls := func(id string) *alert.Alert {
		return high(id, id, alert.Entity{Type: alert.EntityIP, Value: "203.0.113.9", Port: 80, Role: "destination"})
	}
	for name, want := range map[string]bool{"1.ab12cd.dnslog.cn": false, "cdn.example": true} {
		m := newMerger()
		m.base.Answered("o", name, []string{"203.0.113.9", "127.0.0.1", "x"}, 0)
		m.base.Answered("", name, []string{"203.0.113.9"}, 0)
		if got := add(m, calls("a")) == add(m, calls("b")); got != want {
			t.Errorf("two callers of what %s leads to are one: %v, want %v", name, got, want)
		}
	}
}

// TestAPublicResolverTiesNobody: two intruders whose tools ask the same public
// resolver have that in common with everybody.
func TestAPublicResolverTiesNobody(t *testing.T) {
	calls := func(id, peer string) *alert.Alert {
		return high(id, id, alert.Entity{Type: alert.EntityIP, Value: peer, Port: 53, Role: "destination"})
	}
	for peer, want := range map[string]bool{"8.8.8.8": false, "::ffff:8.8.8.8": false, "2620:fe::fe": false, "203.0.113.9": true} {
		m := newMerger()
		if got := add(m, calls("a", peer)) == add(m, calls("b", peer)); got != want {
			t.Errorf("two callers of %s are one: %v, want %v", peer, got, want)
		}
	}
}
