package logline

import (
	"path"
	"strings"
	"time"

	"baize/internal/event"
)

// Format says how the lines of a source are to be read.
type Format string

// Formats.
const (
	// Syslog lines have a head with time, host and program.
	Syslog Format = "syslog"
	// Web lines are of the common or combined log format.
	Web Format = "web"
	// Audit lines are records of the audit daemon.
	Audit Format = "audit"
	// Plain lines are a program's own.
	Plain Format = "plain"
)

// Formats are all formats.
var Formats = []Format{Syslog, Web, Audit, Plain}

// Line is a line as its source gives it.
type Line struct {
	Format Format
	// Text without the line's end. For the journal it is the message alone.
	Text string
	// Log is what the source knows; Parse completes it. Its Service, where it
	// is set, is the program whose lines these are.
	Log event.Log
	// Time by the journal, zero where only the line may tell.
	Time time.Time
}

// Parse makes an event of a line. now is when it was read; its location is
// that of times without one. The event has neither host nor sequence.
func Parse(l Line, now time.Time) *event.Event {
	at := l.Time
	if at.IsZero() {
		at = now
	}
	ev := &event.Event{Time: at.UTC(), Kind: event.LogLine, Log: &l.Log, Message: l.Text}
	switch l.Format {
	case Syslog:
		if l.Log.Source == event.LogFile {
			head(ev, now)
		}
		say(ev)
	case Web:
		request(ev, now)
	case Audit:
		record(ev, now)
	}
	return ev
}

// say reads what a program says, once the head is known.
func say(ev *event.Event) {
	l := ev.Log
	if l.Service == "" && l.Syslog != nil {
		l.Service = ServiceOf(l.Syslog.AppName)
	}
	parse := programs[l.Service]
	if parse == nil {
		parse = other
	}
	if speaksForItself(l) {
		parse(ev)
	}
}

// speaksForItself reports whether the line may be taken as its program's word:
// nobody knows better, or the kernel says that root wrote it, or that the
// program was one of those that a user runs with more rights than his own.
func speaksForItself(l *event.Log) bool {
	s := l.Sender
	if s == nil || s.User != nil && s.User.ID == 0 {
		return true
	}
	dir, program := path.Split(s.Executable)
	return lenders[program] && (dir == "/usr/bin/" || dir == "/bin/") && ServiceOf(program) == l.Service
}

// lenders are the programs that are set-user-ID or set-group-ID and log what
// their caller does; the kernel names the caller as their user.
var lenders = map[string]bool{"sudo": true, "su": true, "crontab": true, "passwd": true, "gpasswd": true, "chage": true}

// plausible bounds how far from now a line's own time may be.
const (
	maxAge    = 7 * 24 * time.Hour
	maxFuture = time.Minute
)

// settle gives the event the line's own time, if that can be true.
func settle(ev *event.Event, at, now time.Time) {
	if at.After(now.Add(-maxAge)) && at.Before(now.Add(maxFuture)) {
		ev.Time = at.UTC()
	}
}

// set gives the line a field, within event.MaxLogFields.
func set(l *event.Log, name, value string) {
	if l.Fields == nil {
		l.Fields = map[string]string{}
	}
	if len(l.Fields) < event.MaxLogFields {
		l.Fields[name] = value
	}
}

// services are the programs that rules know by another name than their own.
var services = map[string]string{
	"sshd-session": "sshd", "sshd-auth": "sshd",
	"crond": "cron", "anacron": "cron", "crontab": "cron", "fcron": "cron", "cronie": "cron",
	"clamd": "clamav", "clamscan": "clamav", "clamdscan": "clamav", "clamonacc": "clamav", "freshclam": "clamav",
	"guacd": "guacamole", "apache2": "apache", "httpd": "apache", "audit": "auditd", "audisp": "auditd",
	"groupadd": "useradd", "usermod": "useradd", "userdel": "useradd", "groupmod": "useradd", "groupdel": "useradd",
	"gpasswd": "useradd", "adduser": "useradd", "newusers": "useradd", "chpasswd": "passwd", "(systemd)": "systemd",
}

// maxService bounds the names of services, in bytes.
const maxService = 32

// ServiceOf is the service that a program's name for itself stands for, "" for
// what is not a name.
func ServiceOf(app string) string {
	name := strings.ToLower(app)
	if name == "" || len(name) > maxService {
		return ""
	}
	if known, ok := services[name]; ok {
		return known
	}
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" {
		return ""
	}
	return name
}
