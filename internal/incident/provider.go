package incident

import (
	"net/netip"
	"strings"
)

// providers are public out-of-band services, by domain: anybody gets a name
// below one, so the domain itself says no more of an intruder than that he
// tests for holes as all others do.
var providers = map[string]bool{
	"dnslog.cn": true, "dnslog.link": true, "dnslog.store": true, "dnslog.pw": true, "ceye.io": true, "eyes.sh": true,
	"dig.pm": true, "callback.red": true, "fuzz.red": true, "log.xn--9tr.com": true, "interact.sh": true, "interactsh.com": true,
	"oast.pro": true, "oast.live": true, "oast.site": true, "oast.online": true, "oast.fun": true, "oast.me": true,
	"oastify.com": true, "burpcollaborator.net": true, "requestrepo.com": true, "dnsbin.zhack.ca": true, "pingb.in": true,
	"bxss.me": true, "bxss.in": true, "canarytokens.com": true,
}

// provider is the out-of-band service that a name belongs to, "" for none.
func provider(name string) string {
	for rest, more := plainName(name), true; more; _, rest, more = strings.Cut(rest, ".") {
		if providers[rest] {
			return rest
		}
	}
	return ""
}

func plainName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// maxCustomer is how much of a label tells customers apart: interactsh names
// begin with 20 characters of the customer and end with some of the request.
const maxCustomer = 20

// customer is the part of a name that a service gave to one customer: the
// label below its own domain. It is "" for the domain itself.
func customer(name, service string) string {
	below := strings.TrimSuffix(strings.TrimSuffix(plainName(name), service), ".")
	label := below[strings.LastIndexByte(below, '.')+1:]
	if label == "" {
		return ""
	}
	return label[:min(len(label), maxCustomer)] + "." + service
}

// resolvers are public DNS resolvers. Whatever calls out asks one of them
// first, an intruder's tools as well.
var resolvers = func() map[netip.Addr]bool {
	known := map[netip.Addr]bool{}
	for _, text := range []string{
		"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9", "149.112.112.112", "208.67.222.222", "208.67.220.220",
		"114.114.114.114", "114.114.115.115", "223.5.5.5", "223.6.6.6", "119.29.29.29", "180.76.76.76", "101.226.4.6",
		"2001:4860:4860::8888", "2001:4860:4860::8844", "2606:4700:4700::1111", "2606:4700:4700::1001", "2620:fe::fe", "2400:3200::1",
	} {
		known[netip.MustParseAddr(text)] = true
	}
	return known
}()
