package incident

import "strings"

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
