package event

import (
	"net/netip"
	"testing"
)

func TestOutside(t *testing.T) {
	for text, want := range map[string]bool{
		"203.0.113.9": true, "2001:db8::1": true, "::ffff:203.0.113.9": true,
		"10.1.2.3": false, "192.168.0.1": false, "172.20.0.1": false, "127.0.0.1": false, "::1": false, "fd00::1": false,
		"169.254.1.1": false, "fe80::1": false, "100.64.0.1": false, "224.0.0.1": false, "0.0.0.0": false, "::ffff:10.0.0.1": false,
	} {
		if got := Outside(netip.MustParseAddr(text)); got != want {
			t.Errorf("Outside(%s) = %v", text, got)
		}
	}
	if Outside(netip.Addr{}) {
		t.Error("no address is outside")
	}
}
