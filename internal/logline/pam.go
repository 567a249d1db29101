package logline

import (
	"strings"

	"baize/internal/event"
)

// other reads what any program may say: what PAM says through it.
func other(ev *event.Event) {
	_, rest, found := strings.Cut(ev.Message, "pam_")
	if !found || !strings.HasPrefix(ev.Message, "pam_") && !strings.HasPrefix(ev.Message, "PAM") {
		return
	}
	module, message, found := strings.Cut(rest, "): ")
	_, place, inside := strings.Cut(module, "(")
	service, phase, ok := strings.Cut(place, ":")
	if !found || !inside || !ok || strings.Contains(place, " ") {
		return
	}
	switch {
	case phase == "session":
		session(ev, service, message)
	case phase == "auth":
		refused(ev, service, message)
	case phase == "chauthtok" && strings.HasPrefix(message, "password changed for "):
		ev.Kind = event.AccountChanged
		ev.Change = &event.AccountChange{Action: event.AccountPassword, Account: account(strings.TrimPrefix(message, "password changed for "))}
	}
}

// own are the PAM services whose program says itself whether somebody got in;
// jobs are those whose sessions are nobody's coming or going.
var (
	own  = map[string]bool{"sshd": true, "sudo": true, "sudo-i": true, "su": true, "su-l": true}
	jobs = map[string]bool{"cron": true, "crond": true, "atd": true, "systemd-user": true, "sudo": true, "sudo-i": true, "su": true, "su-l": true, "runuser": true, "runuser-l": true}
)

// session reads "session opened for user X(uid=0) by Y(uid=0)" and "session
// closed for user X".
func session(ev *event.Event, service, message string) {
	if rest, ok := strings.CutPrefix(message, "session opened for user "); ok {
		user, by, _ := strings.Cut(rest, " by ")
		ev.Access = &event.Access{Service: service, Outcome: event.OutcomeSuccess, User: numbered(user), By: numbered(by)}
		if !own[service] && !jobs[service] {
			ev.Kind = event.LoginSuccess
		}
		return
	}
	if rest, ok := strings.CutPrefix(message, "session closed for user "); ok {
		ev.Access = &event.Access{Service: service, User: numbered(rest)}
		if !jobs[service] {
			ev.Kind = event.LoginLogout
		}
	}
}

// refused reads "authentication failure; logname= uid=0 euid=0 tty=ssh ruser=
// rhost=203.0.113.9  user=root". The user comes last and may hold anything.
func refused(ev *event.Event, service, message string) {
	rest, ok := strings.CutPrefix(message, "authentication failure; ")
	if !ok {
		return
	}
	rest, user, _ := strings.Cut(rest, " user=")
	ev.Access = &event.Access{Service: service, Outcome: event.OutcomeFailure, User: account(user)}
	for _, word := range strings.Fields(rest) {
		switch name, value, _ := strings.Cut(word, "="); {
		case value == "":
		case name == "tty":
			ev.Access.TTY = value
		case name == "ruser":
			ev.Access.By = account(value)
		case name == "rhost":
			far(ev, value, "")
		}
	}
	if !own[service] {
		ev.Kind = event.LoginFailure
	}
}

// cron reads "(USER) WORD (TEXT)": CMD, REPLACE, BEGIN EDIT, LIST.
func cron(ev *event.Event) {
	rest, ok := strings.CutPrefix(ev.Message, "(")
	user, rest, found := strings.Cut(rest, ") ")
	action, command, inside := strings.Cut(rest, " (")
	if !ok || !found || !inside {
		other(ev)
		return
	}
	set(ev.Log, "user", user)
	set(ev.Log, "action", action)
	set(ev.Log, "command", strings.TrimSuffix(command, ")"))
}

// logind reads "New session 5 of user root." and "Removed session 5.".
func logind(ev *event.Event) {
	if rest, ok := strings.CutPrefix(ev.Message, "New session "); ok {
		id, user, _ := strings.Cut(rest, " of user ")
		ev.Access = &event.Access{Service: "systemd-logind", Session: id, User: account(strings.TrimSuffix(user, "."))}
	} else if rest, ok := strings.CutPrefix(ev.Message, "Removed session "); ok {
		ev.Access = &event.Access{Service: "systemd-logind", Session: strings.TrimSuffix(rest, ".")}
	}
}

// systemd reads which unit was started or stopped: "Stopped UNIT - TEXT.", or,
// by older versions, "Stopped TEXT.", where the journal has the unit.
func systemd(ev *event.Event) {
	word, rest, _ := strings.Cut(ev.Message, " ")
	if word != "Stopped" && word != "Started" {
		other(ev)
		return
	}
	set(ev.Log, "action", strings.ToLower(word))
	if unit, _, ok := strings.Cut(rest, " - "); ok && strings.Contains(unit, ".") && !strings.Contains(unit, " ") {
		set(ev.Log, "unit", unit)
	} else if ev.Log.Unit != "" {
		set(ev.Log, "unit", ev.Log.Unit)
	}
}
