package logline

import (
	"strconv"
	"strings"
	"time"

	"baize/internal/event"
)

// head takes the head off a syslog line: RFC 5424, or RFC 3164 as the syslog
// daemons write it, with the old or the ISO 8601 time, each with or without
// the priority. What has none of them is a message without head.
func head(ev *event.Event, now time.Time) {
	s := &event.Syslog{}
	rest := priority(ev.Message, s)
	if body, ok := strings.CutPrefix(rest, "1 "); ok && rest != ev.Message {
		rest = newHead(ev, s, body, now)
	} else {
		rest = oldHead(ev, s, rest, now)
	}
	if *s != (event.Syslog{}) {
		ev.Log.Syslog = s
	}
	ev.Message = rest
}

// Facilities and severities of RFC 5424 by number.
var (
	facilities = []string{
		"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
		"ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
	}
	severities = []string{"emergency", "alert", "critical", "error", "warning", "notice", "informational", "debug"}
)

// Facility and Severity are the names of their numbers, nil for none.
func Facility(n int) *event.SyslogName { return named(facilities, n) }

// Severity is the name of a severity's number, nil for none.
func Severity(n int) *event.SyslogName { return named(severities, n) }

func named(names []string, n int) *event.SyslogName {
	if n < 0 || n >= len(names) {
		return nil
	}
	return &event.SyslogName{Name: names[n]}
}

// priority takes "<N>" off.
func priority(line string, s *event.Syslog) string {
	if !strings.HasPrefix(line, "<") {
		return line
	}
	text, rest, found := strings.Cut(line[1:], ">")
	n, err := strconv.ParseUint(text, 10, 8)
	if !found || err != nil || int(n)>>3 >= len(facilities) {
		return line
	}
	s.Facility, s.Severity = Facility(int(n)>>3), Severity(int(n)&7)
	return rest
}

// newHead reads "TIME HOST APP PROCID MSGID [STRUCTURED] MESSAGE".
func newHead(ev *event.Event, s *event.Syslog, body string, now time.Time) string {
	parts := strings.SplitN(body, " ", 6)
	if len(parts) < 6 {
		return body
	}
	if at, err := time.Parse(time.RFC3339Nano, parts[0]); err == nil {
		settle(ev, at, now)
	}
	s.Hostname, s.AppName, s.ProcID = dash(parts[1]), dash(parts[2]), dash(parts[3])
	return strings.TrimPrefix(structured(parts[5]), "\ufeff")
}

// dash is RFC 5424's and the access logs' sign for nothing.
func dash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

// structured skips "-" or the elements in brackets, in whose quoted values
// anything may stand.
func structured(s string) string {
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		return strings.TrimPrefix(rest, " ")
	}
	inside, quoted := false, false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case inside && s[i] == '"':
			quoted = !quoted
		case quoted:
		case s[i] == '[':
			inside = true
		case s[i] == ']':
			inside = false
		case !inside:
			return strings.TrimPrefix(s[i:], " ")
		}
	}
	return ""
}

// oldTime is how long "Jan _2 15:04:05" is.
const oldTime = len(time.Stamp)

// oldHead reads "TIME HOST APP[PROCID]: MESSAGE".
func oldHead(ev *event.Event, s *event.Syslog, line string, now time.Time) string {
	at, rest, ok := stamp(line, now)
	if !ok {
		return line
	}
	settle(ev, at, now)
	host, rest, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	s.Hostname = host
	tag, message, found := strings.Cut(rest, ":")
	if !found || strings.ContainsAny(tag, " \t") {
		return rest
	}
	s.AppName = tag
	if app, id, ok := strings.Cut(strings.TrimSuffix(tag, "]"), "["); ok {
		s.AppName, s.ProcID = app, id
	}
	return strings.TrimPrefix(message, " ")
}

// stamp takes the time off a line. A time without year is in the past.
func stamp(line string, now time.Time) (at time.Time, rest string, ok bool) {
	if len(line) >= oldTime {
		if at, err := time.ParseInLocation(time.Stamp, line[:oldTime], now.Location()); err == nil {
			return ofYear(at, now), line[oldTime:], true
		}
	}
	text, rest, _ := strings.Cut(line, " ")
	at, err := time.Parse(time.RFC3339Nano, text)
	return at, rest, err == nil
}

// ofYear gives a time this year's number, or last year's if it would not have
// come yet.
func ofYear(at, now time.Time) time.Time {
	this := time.Date(now.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, now.Location())
	if this.After(now.Add(24 * time.Hour)) {
		return this.AddDate(-1, 0, 0)
	}
	return this
}
