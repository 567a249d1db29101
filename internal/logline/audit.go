package logline

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"baize/internal/event"
)

// record reads a record of the audit daemon: type=T msg=audit(SECONDS:SERIAL):
// NAME=VALUE … The names within msg='…' count as the record's own.
func record(ev *event.Event, now time.Time) {
	kind, rest, found := strings.Cut(ev.Message, " msg=audit(")
	name, ok := cutLast(kind, "type=")
	id, body, closed := strings.Cut(rest, "):")
	if !found || !ok || !closed || strings.Contains(name, " ") {
		return
	}
	ev.Kind, ev.Log.Service = event.LogAudit, "auditd"
	seconds, serial, _ := strings.Cut(id, ":")
	if at, ok := unixTime(seconds); ok {
		settle(ev, at, now)
	}
	set(ev.Log, "type", name)
	set(ev.Log, "serial", serial)
	l := list{log: ev.Log, call: name == "SYSCALL"}
	l.read(strings.ReplaceAll(body, "\x1d", " "))
}

// cutLast is what stands behind the last prefix: a dispatcher may put
// "node=NAME " before the type.
func cutLast(s, prefix string) (string, bool) {
	i := strings.LastIndex(s, prefix)
	if i < 0 {
		return "", false
	}
	return s[i+len(prefix):], true
}

func unixTime(text string) (time.Time, bool) {
	whole, part, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	millis, _ := strconv.ParseInt(part, 10, 64)
	return time.Unix(seconds, millis*int64(time.Millisecond)), err == nil && len(part) <= 3
}

// list reads NAME=VALUE pairs into the fields of a line.
type list struct {
	log *event.Log
	// call : a0 to a3 are numbers, not texts.
	call bool
}

func (l *list) read(text string) {
	for {
		text = strings.TrimLeft(text, " \t\r\n")
		name, rest, found := strings.Cut(text, "=")
		if !found {
			return
		}
		if i := strings.LastIndexByte(name, ' '); i >= 0 {
			name = name[i+1:]
		}
		var value string
		var plain bool
		value, text, plain = next(rest)
		switch {
		case name == "msg" && !plain:
			l.read(value)
		case plain && l.encoded(name):
			set(l.log, name, unhex(value))
		case value != "(null)":
			set(l.log, name, value)
		}
	}
}

// next takes a value off: in quotes of either kind, or up to a blank.
func next(s string) (value, rest string, plain bool) {
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		value, rest, _ = strings.Cut(s[1:], s[:1])
		return value, rest, false
	}
	value, rest, _ = strings.Cut(s, " ")
	return value, rest, true
}

// texts are the fields that the kernel writes in hexadecimal where they hold a
// blank, a quotation mark or what is not ASCII.
var texts = map[string]bool{
	"comm": true, "exe": true, "name": true, "cwd": true, "proctitle": true, "acct": true, "key": true, "data": true,
	"cmd": true, "path": true, "vm": true, "ocomm": true,
}

func (l *list) encoded(name string) bool {
	if texts[name] {
		return true
	}
	digits, ok := strings.CutPrefix(name, "a")
	return ok && !l.call && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// unhex undoes the encoding. The pieces of a command line are parted by NUL.
func unhex(value string) string {
	raw, err := hex.DecodeString(value)
	if err != nil || len(raw) == 0 || !utf8.Valid(raw) {
		return value
	}
	return strings.ReplaceAll(strings.TrimRight(string(raw), "\x00"), "\x00", " ")
}
