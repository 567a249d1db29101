package logline

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"baize/internal/event"
)

// webTime is the time in access logs.
const webTime = "02/Jan/2006:15:04:05 -0700"

// request reads the common and the combined log format, with or without the
// virtual host in front: [VHOST:PORT ]HOST IDENT USER [TIME] "REQUEST" STATUS
// BYTES ["REFERRER" "AGENT"]. A line of another form stays a line.
func request(ev *event.Event, now time.Time) {
	before, rest, found := strings.Cut(ev.Message, " [")
	at, rest, closed := strings.Cut(rest, "] \"")
	who := strings.Fields(before)
	when, err := time.Parse(webTime, at)
	if !found || !closed || err != nil || len(who) < 3 || len(who) > 4 {
		return
	}
	settle(ev, when, now)
	ev.Kind, ev.HTTP, ev.URL = event.WebAccess, &event.HTTP{}, &event.URL{}
	if len(who) == 4 {
		ev.URL.Domain, _, _ = strings.Cut(who[0], ":")
		who = who[1:]
	}
	if ip, err := netip.ParseAddr(who[0]); err == nil {
		ev.Source = &event.Endpoint{IP: ip.Unmap().WithZone("")}
	}
	ev.HTTP.Request.User = dash(who[2])
	text, rest := unquote(rest)
	asked(ev, text)
	answered(ev, rest)
}

// asked reads "METHOD URL HTTP/VERSION"; what is none is kept as the URL.
func asked(ev *event.Event, text string) {
	u := ev.URL
	u.Original = text
	method, rest, found := strings.Cut(text, " ")
	if found && method != "" && strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == "" {
		ev.HTTP.Request.Method = method
		u.Original = rest
		if i := strings.LastIndex(rest, " HTTP/"); i >= 0 {
			u.Original, ev.HTTP.Version = rest[:i], rest[i+len(" HTTP/"):]
		}
	}
	u.Path, u.Query, _ = strings.Cut(u.Original, "?")
}

// answered reads STATUS BYTES "REFERRER" "AGENT".
func answered(ev *event.Event, rest string) {
	head, quoted, _ := strings.Cut(rest, "\"")
	words := strings.Fields(head)
	if len(words) > 0 {
		status, _ := strconv.ParseUint(words[0], 10, 16)
		ev.HTTP.Response.StatusCode = uint32(status)
	}
	if len(words) > 1 {
		ev.HTTP.Response.Body.Bytes, _ = strconv.ParseUint(words[1], 10, 63)
	}
	if quoted == "" {
		return
	}
	referrer, rest := unquote(quoted)
	ev.HTTP.Request.Referrer = dash(referrer)
	if _, rest, ok := strings.Cut(rest, "\""); ok {
		agent, _ := unquote(rest)
		if agent = dash(agent); agent != "" {
			ev.UserAgent = &event.UserAgent{Original: agent}
		}
	}
}

// unquote reads up to the closing quotation mark and undoes the escapes that
// the servers write: \" and \\ by Apache, \xHH by both.
func unquote(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] != '\\' || i+1 == len(s):
			b.WriteByte(s[i])
		case s[i+1] == 'x' && i+3 < len(s):
			code, err := strconv.ParseUint(s[i+2:i+4], 16, 8)
			if err != nil {
				b.WriteByte(s[i])
				continue
			}
			b.WriteByte(byte(code))
			i += 3
		default:
			i++
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}
