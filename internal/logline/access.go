package logline

import (
	"net/netip"
	"strconv"
	"strings"

	"baize/internal/event"
)

// programs are the parsers by service.
var programs map[string]func(*event.Event)

func init() { // breaks the cycle between say and other
	programs = map[string]func(*event.Event){
		"sshd": sshd, "sudo": sudo, "su": su, "login": console, "cron": cron,
		"useradd": accounts, "passwd": other, "systemd-logind": logind, "systemd": systemd,
	}
}

// account is an account by name, nil for none.
func account(name string) *event.Account {
	if name == "" {
		return nil
	}
	return &event.Account{Name: name}
}

// numbered is an account as "name(uid=0)".
func numbered(text string) *event.Account {
	name, rest, found := strings.Cut(text, "(uid=")
	a := account(name)
	if !found {
		return a
	}
	if a == nil {
		a = &event.Account{}
	}
	a.ID = number(strings.TrimSuffix(rest, ")"))
	return a
}

// number is a uid or gid, nil where the text is none.
func number(text string) *uint32 {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return nil
	}
	id := uint32(n)
	return &id
}

// far is where somebody came from: an address, or else a name.
func far(ev *event.Event, host, port string) {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		if ev.Access != nil {
			ev.Access.Domain = host
		}
		return
	}
	n, _ := strconv.ParseUint(port, 10, 16)
	ev.Source = &event.Endpoint{IP: ip.Unmap().WithZone(""), Port: uint16(n)}
}

// sshd reads the daemon's verdicts. "Invalid user" and the like precede or
// follow a verdict, and are lines: each attempt counts once.
func sshd(ev *event.Event) {
	text := strings.TrimPrefix(ev.Message, "error: ")
	switch {
	case strings.HasPrefix(text, "Accepted "):
		verdict(ev, strings.TrimPrefix(text, "Accepted "), event.LoginSuccess, event.OutcomeSuccess)
	case strings.HasPrefix(text, "Failed "):
		verdict(ev, strings.TrimPrefix(text, "Failed "), event.LoginFailure, event.OutcomeFailure)
	case strings.HasPrefix(text, "maximum authentication attempts exceeded for "):
		remark(ev, strings.TrimPrefix(text, "maximum authentication attempts exceeded for "), "maximum authentication attempts exceeded")
	case strings.HasPrefix(text, "Invalid user "):
		remark(ev, strings.TrimPrefix(text, "Invalid user "), "invalid user")
		ev.Access.UnknownUser = true
	default:
		other(ev)
	}
}

// verdict reads "METHOD for [invalid user ]USER from HOST port N ssh2[: KEY]".
func verdict(ev *event.Event, text string, kind event.Kind, outcome string) {
	method, rest, found := strings.Cut(text, " for ")
	if !found || strings.Contains(method, " ") || !strings.Contains(rest, " from ") {
		return
	}
	ev.Kind = kind
	remark(ev, rest, "")
	ev.Access.Outcome, ev.Access.Method = outcome, method
	// Of a certificate the key comes first, and then that of who signed it.
	if i := strings.LastIndex(rest, " ssh2: "); i >= 0 {
		if _, key, found := strings.Cut(rest[i:], " SHA256:"); found {
			key, _, _ = strings.Cut(key, " ")
			ev.Access.Fingerprint = "SHA256:" + key
		}
	}
}

// remark reads "[invalid user ]USER from HOST port N". The name is the other
// side's and may hold " from ": what counts is the last one that an address
// follows.
func remark(ev *event.Event, rest, reason string) {
	ev.Access = &event.Access{Service: "sshd", Outcome: event.OutcomeFailure, Reason: reason}
	name, host, port := rest, "", ""
	for end := len(rest); ; {
		i := strings.LastIndex(rest[:end], " from ")
		if i < 0 {
			break
		}
		words := strings.Fields(rest[i+len(" from "):])
		if len(words) > 0 && (len(words) == 1 || words[1] == "port") {
			name, host = rest[:i], words[0]
			if len(words) > 2 {
				port = words[2]
			}
			break
		}
		end = i
	}
	name, ev.Access.UnknownUser = strings.CutPrefix(name, "invalid user ")
	ev.Access.User = account(name)
	if host != "" {
		far(ev, host, port)
	}
}

// sudo reads "CALLER : [REASON ; ]TTY=… ; PWD=… ; USER=… ; COMMAND=…".
func sudo(ev *event.Event) {
	caller, rest, found := strings.Cut(strings.TrimLeft(ev.Message, " "), " : ")
	if !found || strings.Contains(caller, " ") {
		other(ev)
		return
	}
	a := &event.Access{Service: "sudo", Outcome: event.OutcomeSuccess, By: account(caller)}
	rest, a.Command, found = strings.Cut(rest, "COMMAND=")
	for _, part := range strings.Split(rest, " ; ") {
		name, value, assigned := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case part == "" || strings.TrimSpace(part) == "":
		case !assigned:
			a.Outcome, a.Reason = event.OutcomeFailure, name
		case name == "TTY":
			a.TTY = value
		case name == "PWD":
			a.WorkingDirectory = value
		case name == "USER":
			a.User = account(value)
		}
	}
	if found || a.User != nil {
		ev.Kind, ev.Access = event.LoginElevate, a
	}
}

// su reads the forms of util-linux and of shadow.
func su(ev *event.Event) {
	text, failed := strings.CutPrefix(ev.Message, "FAILED ")
	var to, by, tty string
	switch rest, linux := strings.CutPrefix(strings.TrimPrefix(text, "SU "), "(to "); {
	case linux:
		to, rest, _ = strings.Cut(rest, ") ")
		by, tty, _ = strings.Cut(rest, " on ")
	case strings.HasPrefix(text, "su for "), strings.HasPrefix(text, "Successful su for "):
		_, rest, _ = strings.Cut(text, "su for ")
		to, by, _ = strings.Cut(rest, " by ")
	default:
		other(ev)
		return
	}
	ev.Kind = event.LoginElevate
	ev.Access = &event.Access{Service: "su", Outcome: outcome(!failed), User: account(to), By: account(by), TTY: dash(tty)}
}

func outcome(success bool) string {
	if success {
		return event.OutcomeSuccess
	}
	return event.OutcomeFailure
}

// console reads login: "FAILED LOGIN (1) on '/dev/tty1' FOR 'root', REASON".
// That somebody got in is told by PAM.
func console(ev *event.Event) {
	rest, ok := strings.CutPrefix(ev.Message, "FAILED LOGIN ")
	if !ok {
		other(ev)
		return
	}
	a := &event.Access{Service: "login", Outcome: event.OutcomeFailure, TTY: quoted(rest, "on '"), User: account(quoted(rest, "FOR '"))}
	if i := strings.LastIndex(rest, "', "); i >= 0 {
		a.Reason = rest[i+len("', "):]
	}
	ev.Kind, ev.Access = event.LoginFailure, a
}

// quoted is what stands behind mark up to the next quotation mark.
func quoted(text, mark string) string {
	_, rest, _ := strings.Cut(text, mark)
	value, _, _ := strings.Cut(rest, "'")
	return value
}
