package logline

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"baize/internal/event"
)

var now = time.Date(2026, 11, 24, 12, 30, 0, 0, time.UTC)

// auth is a line of /var/log/auth.log.
func auth(program, message string) *event.Event {
	return Parse(Line{Format: Syslog, Text: "Nov 24 12:00:01 web-1 " + program + "[812]: " + message, Log: event.Log{Source: event.LogFile}}, now)
}

// brief is what an event says beside its line, as JSON without quotation marks.
func brief(t *testing.T, ev *event.Event) string {
	t.Helper()
	part := event.Event{Kind: ev.Kind, Source: ev.Source, Access: ev.Access, Change: ev.Change, HTTP: ev.HTTP, URL: ev.URL, UserAgent: ev.UserAgent}
	text, err := json.Marshal(part)
	if err != nil {
		t.Fatal(err)
	}
	rest := strings.TrimPrefix(string(text), `{"time":"0001-01-01T00:00:00Z",`)
	return strings.ReplaceAll(strings.TrimSuffix(rest, "}"), `"`, "")
}

func TestWhatProgramsSay(t *testing.T) {
	for _, c := range []struct{ program, message, want string }{
		{"sshd", "Accepted password for root from 203.0.113.9 port 50022 ssh2", "kind:login.success,source:{ip:203.0.113.9,port:50022},access:{outcome:success,service:sshd,method:password,user:{name:root}}"},
		{"sshd-session", "Accepted publickey for ann from 2001:db8::9 port 1 ssh2: ED25519 SHA256:abc+/x", "kind:login.success,source:{ip:2001:db8::9,port:1},access:{outcome:success,service:sshd,method:publickey,user:{name:ann},fingerprint:SHA256:abc+/x}"},
		{"sshd", "Failed password for invalid user admin from 203.0.113.9 port 5 ssh2", "kind:login.failure,source:{ip:203.0.113.9,port:5},access:{outcome:failure,service:sshd,method:password,user:{name:admin},unknown_user:true}"},
		{"sshd", "Failed none for invalid user  from 203.0.113.9 port 5 ssh2", "kind:login.failure,source:{ip:203.0.113.9,port:5},access:{outcome:failure,service:sshd,method:none,unknown_user:true}"},
		{"sshd", "Invalid user oracle from 203.0.113.9 port 5", "kind:log.line,source:{ip:203.0.113.9,port:5},access:{outcome:failure,service:sshd,user:{name:oracle},unknown_user:true,reason:invalid user}"},
		{"sshd", "error: maximum authentication attempts exceeded for root from 203.0.113.9 port 5 ssh2 [preauth]", "kind:log.line,source:{ip:203.0.113.9,port:5},access:{outcome:failure,service:sshd,user:{name:root},reason:maximum authentication attempts exceeded}"},
		{"sshd", "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root", "kind:log.line,source:{ip:203.0.113.9},access:{outcome:failure,service:sshd,user:{name:root},tty:ssh}"},
		{"sshd", "pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)", "kind:log.line,access:{outcome:success,service:sshd,user:{name:root,id:0},by:{id:0}}"},
		{"sshd", "pam_unix(sshd:session): session closed for user root", "kind:login.logout,access:{service:sshd,user:{name:root}}"},
		{"login", "pam_unix(login:session): session opened for user ann(uid=1000) by ann(uid=0)", "kind:login.success,access:{outcome:success,service:login,user:{name:ann,id:1000},by:{name:ann,id:0}}"},
		{"login", "FAILED LOGIN (1) on '/dev/tty1' FOR 'root', Authentication failure", "kind:login.failure,access:{outcome:failure,service:login,user:{name:root},tty:/dev/tty1,reason:Authentication failure}"},
		{"vsftpd", "pam_unix(vsftpd:auth): authentication failure; logname= uid=0 euid=0 tty=ftp ruser=ann rhost=gw.example", "kind:login.failure,access:{outcome:failure,service:vsftpd,by:{name:ann},tty:ftp,domain:gw.example}"},
		{"CRON", "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)", "kind:log.line,access:{outcome:success,service:cron,user:{name:root,id:0},by:{id:0}}"},
		{"sudo", "   ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/cat /etc/shadow ; id", "kind:login.elevate,access:{outcome:success,service:sudo,user:{name:root},by:{name:ann},tty:pts/0,command:/usr/bin/cat /etc/shadow ; id,working_directory:/home/ann}"},
		{"sudo", "bob : user NOT in sudoers ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh", "kind:login.elevate,access:{outcome:failure,service:sudo,user:{name:root},by:{name:bob},tty:pts/1,command:/bin/sh,working_directory:/,reason:user NOT in sudoers}"},
		{"sudo", "bob : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh", "kind:login.elevate,access:{outcome:failure,service:sudo,user:{name:root},by:{name:bob},tty:pts/1,command:/bin/sh,working_directory:/,reason:3 incorrect password attempts}"},
		{"su", "(to root) ann on pts/0", "kind:login.elevate,access:{outcome:success,service:su,user:{name:root},by:{name:ann},tty:pts/0}"},
		{"su", "FAILED SU (to root) ann on pts/0", "kind:login.elevate,access:{outcome:failure,service:su,user:{name:root},by:{name:ann},tty:pts/0}"},
		{"su", "Successful su for root by ann", "kind:login.elevate,access:{outcome:success,service:su,user:{name:root},by:{name:ann}}"},
		{"su", "FAILED su for root by ann", "kind:login.elevate,access:{outcome:failure,service:su,user:{name:root},by:{name:ann}}"},
		{"systemd-logind", "New session c5 of user ann.", "kind:log.line,access:{service:systemd-logind,user:{name:ann},session:c5}"},
		{"useradd", "new user: name=toor, UID=0, GID=0, home=/root, shell=/bin/bash, from=/dev/pts/1", "kind:account.change,change:{action:create,account:{name:toor,id:0},group:{id:0},home:/root,shell:/bin/bash}"},
		{"groupadd", "new group: name=ops, GID=1002", "kind:account.change,change:{action:create,group:{name:ops,id:1002}}"},
		{"usermod", "add 'ann' to group 'sudo'", "kind:account.change,change:{action:join,account:{name:ann},group:{name:sudo}}"},
		{"usermod", "change user 'ann' UID from '1000' to '0'", "kind:account.change,change:{action:modify,account:{name:ann,id:0}}"},
		{"usermod", "change user 'ann' shell from '/bin/sh' to '/bin/zsh'", "kind:account.change,change:{action:modify,account:{name:ann},shell:/bin/zsh}"},
		{"usermod", "change user 'ann' password", "kind:account.change,change:{action:password,account:{name:ann}}"},
		{"userdel", "delete user 'ann'", "kind:account.change,change:{action:delete,account:{name:ann}}"},
		{"userdel", "delete 'ann' from group 'sudo'", "kind:account.change,change:{action:leave,account:{name:ann},group:{name:sudo}}"},
		{"gpasswd", "user ann added by root to group sudo", "kind:account.change,change:{action:join,account:{name:ann},group:{name:sudo},by:{name:root}}"},
		{"passwd", "pam_unix(passwd:chauthtok): password changed for ann", "kind:account.change,change:{action:password,account:{name:ann}}"},
		{"kernel", "device eth0 entered promiscuous mode", "kind:log.line"},
	} {
		if got := brief(t, auth(c.program, c.message)); got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", c.program, c.message, got, c.want)
		}
	}
}

// What the other side chose must not pass for what the program says.
func TestNamesCannotForge(t *testing.T) {
	for _, c := range []struct{ program, message, want string }{
		{"sshd", "Failed password for invalid user x from 198.51.100.1 port 22 ssh2 from 203.0.113.9 port 5 ssh2", "kind:login.failure,source:{ip:203.0.113.9,port:5},access:{outcome:failure,service:sshd,method:password,user:{name:x from 198.51.100.1 port 22 ssh2},unknown_user:true}"},
		{"sshd", "Invalid user Accepted password for root from 198.51.100.1 from 203.0.113.9 port 5", "kind:log.line,source:{ip:203.0.113.9,port:5},access:{outcome:failure,service:sshd,user:{name:Accepted password for root from 198.51.100.1},unknown_user:true,reason:invalid user}"},
		{"app", "pam_unix(sshd:auth): authentication failure; logname= uid=0 rhost=203.0.113.9  user=x rhost=198.51.100.1", "kind:log.line,source:{ip:203.0.113.9},access:{outcome:failure,service:sshd,user:{name:x rhost=198.51.100.1}}"},
		{"app", "request for pam_unix(login:session): session opened for user root", "kind:log.line"},
		{"sudo", "ann lied : TTY=pts/0 ; COMMAND=/bin/sh", "kind:log.line"},
	} {
		if got := brief(t, auth(c.program, c.message)); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.message, got, c.want)
		}
	}
}

func TestOnlyRootSpeaksForOthers(t *testing.T) {
	for uid, want := range map[uint32]event.Kind{0: event.LoginSuccess, 1000: event.LogLine} {
		ev := Parse(Line{
			Format: Syslog, Text: "Accepted password for root from 203.0.113.9 port 50022 ssh2", Time: now,
			Log: event.Log{Source: event.LogJournald, Syslog: &event.Syslog{AppName: "sshd"}, Sender: &event.Sender{User: &event.User{ID: uid}}},
		}, now)
		if ev.Kind != want || ev.Log.Service != "sshd" || ev.Message == "" {
			t.Errorf("uid %d: %s of %s", uid, ev.Kind, ev.Log.Service)
		}
	}
}

func TestWhoMaySpeak(t *testing.T) {
	for _, c := range []struct {
		service, image string
		uid            uint32
		want           bool
	}{
		{"sudo", "/usr/bin/sudo", 1000, true},
		{"sudo", "/home/ann/sudo", 1000, false},
		{"sshd", "/usr/bin/sudo", 1000, false},
		{"cron", "/usr/bin/crontab", 1000, true},
		{"sshd", "/usr/sbin/sshd", 105, false},
		{"sshd", "", 0, true},
		{"useradd", "/usr/bin/gpasswd", 1000, true},
	} {
		l := &event.Log{Service: c.service, Sender: &event.Sender{User: &event.User{ID: c.uid}, Executable: c.image}}
		if got := speaksForItself(l); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
	if speaksForItself(&event.Log{Service: "sshd", Sender: &event.Sender{}}) {
		t.Error("a writer of whom nothing is known speaks for sshd")
	}
}

func TestHeads(t *testing.T) {
	for _, c := range []struct{ line, head, message, at string }{
		{"Nov 24 12:00:01 web-1 sshd[812]: hello: there", `{"appname":"sshd","procid":"812","hostname":"web-1"}`, "hello: there", "2026-11-24T12:00:01Z"},
		{"Nov 24 12:00:01 web-1 kernel: [1.5] x", `{"appname":"kernel","hostname":"web-1"}`, "[1.5] x", "2026-11-24T12:00:01Z"},
		{"<86>Nov 24 12:00:01 web-1 su: x", `{"appname":"su","hostname":"web-1","facility":{"name":"authpriv"},"severity":{"name":"informational"}}`, "x", "2026-11-24T12:00:01Z"},
		{"2026-11-24T13:00:01.250000+01:00 web-1 sudo: x", `{"appname":"sudo","hostname":"web-1"}`, "x", "2026-11-24T12:00:01.25Z"},
		{`<34>1 2026-11-24T12:00:01Z web-1 su 77 - [a@1 b="]\"x"][c] hello`, `{"appname":"su","procid":"77","hostname":"web-1","facility":{"name":"auth"},"severity":{"name":"critical"}}`, "hello", "2026-11-24T12:00:01Z"},
		{"<34>1 2026-11-24T12:00:01Z web-1 su - - - hello", `{"appname":"su","hostname":"web-1","facility":{"name":"auth"},"severity":{"name":"critical"}}`, "hello", "2026-11-24T12:00:01Z"},
		{"Nov 24 12:00:01 web-1 last message repeated 3 times", `{"hostname":"web-1"}`, "last message repeated 3 times", "2026-11-24T12:00:01Z"},
		{"nothing of the kind", `null`, "nothing of the kind", "2026-11-24T12:30:00Z"},
		{"Feb 30 99:00:01 web-1 x: y", `null`, "Feb 30 99:00:01 web-1 x: y", "2026-11-24T12:30:00Z"},
		{"2031-01-01T00:00:00Z web-1 x: y", `{"appname":"x","hostname":"web-1"}`, "y", "2026-11-24T12:30:00Z"},
		{"<999>x", `null`, "<999>x", "2026-11-24T12:30:00Z"},
		{"", `null`, "", "2026-11-24T12:30:00Z"},
	} {
		ev := Parse(Line{Format: Syslog, Text: c.line, Log: event.Log{Source: event.LogFile}}, now)
		head, _ := json.Marshal(ev.Log.Syslog)
		if string(head) != c.head || ev.Message != c.message || ev.Time.Format(time.RFC3339Nano) != c.at {
			t.Errorf("%q: %s, %q at %s", c.line, head, ev.Message, ev.Time.Format(time.RFC3339Nano))
		}
	}
	early := time.Date(2027, 1, 1, 0, 0, 5, 0, time.UTC)
	if ev := Parse(Line{Format: Syslog, Text: "Dec 31 23:59:59 h x: y", Log: event.Log{Source: event.LogFile}}, early); ev.Time.Year() != 2026 {
		t.Errorf("last year's line has the time %s", ev.Time)
	}
}

func TestRequests(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`203.0.113.9 - - [24/Nov/2026:12:00:01 +0000] "GET /a/b.php?c=1&d HTTP/1.1" 200 612 "https://x.example/" "curl/8.1"`, "kind:web.access,source:{ip:203.0.113.9},http:{request:{method:GET,referrer:https://x.example/},response:{status_code:200,body:{bytes:612}},version:1.1},url:{original:/a/b.php?c=1\\u0026d,path:/a/b.php,query:c=1\\u0026d},user_agent:{original:curl/8.1}"},
		{`shop.example:443 203.0.113.9 - ann [24/Nov/2026:12:00:01 +0000] "POST / HTTP/2.0" 403 - "-" "a \"b\" \x41"`, "kind:web.access,source:{ip:203.0.113.9},http:{request:{method:POST,user:ann},response:{status_code:403},version:2.0},url:{original:/,path:/,domain:shop.example},user_agent:{original:a \\b\\ A}"},
		{`203.0.113.9 - - [24/Nov/2026:12:00:01 +0000] "GET / HTTP/1.0" 200 5`, "kind:web.access,source:{ip:203.0.113.9},http:{request:{method:GET},response:{status_code:200,body:{bytes:5}},version:1.0},url:{original:/,path:/}"},
		{`203.0.113.9 - - [24/Nov/2026:12:00:01 +0000] "\x16\x03\x01" 400 150 "-" "-"`, "kind:web.access,source:{ip:203.0.113.9},http:{response:{status_code:400,body:{bytes:150}}},url:{original:\\u0016\\u0003\\u0001,path:\\u0016\\u0003\\u0001}"},
		{`203.0.113.9 - - [24/Nov/2026:12:00:01 +0000] "-" 408 0`, "kind:web.access,source:{ip:203.0.113.9},http:{response:{status_code:408}},url:{original:-,path:-}"},
		{`2026/11/24 12:00:01 [error] 7#7: *1 open() failed`, "kind:log.line"},
		{`{"json":"access log"}`, "kind:log.line"},
	} {
		ev := Parse(Line{Format: Web, Text: c.line, Log: event.Log{Source: event.LogFile, Service: "nginx"}}, now)
		if got := brief(t, ev); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.line, got, c.want)
		}
	}
}

func TestAuditRecords(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{`type=SYSCALL msg=audit(1795521601.250:42): arch=c000003e syscall=59 success=yes exit=0 a0=55d0 a1=2 comm="cat" exe="/usr/bin/cat" key=(null)` + "\x1dARCH=x86_64 SYSCALL=execve", `{"ARCH":"x86_64","SYSCALL":"execve","a0":"55d0","a1":"2","arch":"c000003e","comm":"cat","exe":"/usr/bin/cat","exit":"0","key":"(null)","serial":"42","success":"yes","syscall":"59","type":"SYSCALL"}`},
		{`type=EXECVE msg=audit(1795521601.250:42): argc=2 a0="sh" a1=2D6320696400`, `{"a0":"sh","a1":"-c id","argc":"2","serial":"42","type":"EXECVE"}`},
		{`node=web-1 type=USER_LOGIN msg=audit(1795521601.250:43): pid=9 msg='op=login acct="root" exe="/usr/sbin/sshd" addr=203.0.113.9 res=failed'`, `{"acct":"root","addr":"203.0.113.9","exe":"/usr/sbin/sshd","op":"login","pid":"9","res":"failed","serial":"43","type":"USER_LOGIN"}`},
		{`type=SERVICE_STOP msg=audit(1795521601.250:44): pid=1 uid=0 msg='unit=ufw comm="systemd" res=success'`, `{"comm":"systemd","pid":"1","res":"success","serial":"44","type":"SERVICE_STOP","uid":"0","unit":"ufw"}`},
		{`garbage msg=audit(`, `null`},
	} {
		ev := Parse(Line{Format: Audit, Text: c.line, Log: event.Log{Source: event.LogFile}}, now)
		if got, _ := json.Marshal(ev.Log.Fields); string(got) != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.line, got, c.want)
		}
	}
	many := "type=EXECVE msg=audit(1.0:1):"
	for i := range 300 {
		many += " a" + string(rune('a'+i%26)) + strings.Repeat("x", i) + "=1"
	}
	if ev := Parse(Line{Format: Audit, Text: many, Log: event.Log{}}, now); len(ev.Log.Fields) != event.MaxLogFields {
		t.Errorf("%d fields", len(ev.Log.Fields))
	}
}

func TestFieldsOfLines(t *testing.T) {
	for _, c := range []struct{ program, message, want string }{
		{"CRON", "(root) CMD (cd / && run-parts --report /etc/cron.hourly)", `{"action":"CMD","command":"cd / \u0026\u0026 run-parts --report /etc/cron.hourly","user":"root"}`},
		{"crontab", "(ann) REPLACE (ann)", `{"action":"REPLACE","command":"ann","user":"ann"}`},
		{"systemd", "Stopped ufw.service - Uncomplicated firewall.", `{"action":"stopped","unit":"ufw.service"}`},
		{"systemd", "Stopped target network.", `{"action":"stopped"}`},
	} {
		if got, _ := json.Marshal(auth(c.program, c.message).Log.Fields); string(got) != c.want {
			t.Errorf("%s: %s", c.message, got)
		}
	}
}

func TestServicesAreNames(t *testing.T) {
	for app, want := range map[string]string{"CRON": "cron", "sshd-session": "sshd", "my_App.1": "my_app.1", "": "", "a b": "", "<script>": "", strings.Repeat("x", 33): ""} {
		if got := ServiceOf(app); got != want {
			t.Errorf("ServiceOf(%q) = %q", app, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, line := range []string{
		"<34>1 2026-11-24T12:00:01Z h su 7 - [a b=\"]\"] x", "Nov 24 12:00:01 h sshd[8]: Failed password for invalid user x from from from 1.2.3.4 port 5 ssh2",
		"Nov 24 12:00:01 h sudo: a : TTY=x ; COMMAND=y", "Nov 24 12:00:01 h useradd[1]: new user: name=x, UID=0", "Nov 24 12:00:01 h cron: (a) CMD (b)",
		"Nov 24 12:00:01 h x: pam_unix(a:auth): authentication failure; rhost=1.2.3.4 user=", `1.2.3.4 - - [24/Nov/2026:12:00:01 +0000] "GET / HTTP/1.1" 200 1 "\x4" "`,
		`type=EXECVE msg=audit(1.2:3): a0="x" a1=4142 msg='a=b`, "Nov 24 12:00:01 h usermod: change user 'x' UID from '1' to '0'",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range Formats {
			ev := Parse(Line{Format: format, Text: text, Log: event.Log{Source: event.LogFile}}, now)
			if event.ClassOf(ev.Kind) != event.ClassLog || ev.Log == nil || len(ev.Log.Fields) > event.MaxLogFields {
				t.Fatalf("%s: %+v", format, ev)
			}
			if utf8.ValidString(text) && len(ev.Message) > len(text) {
				t.Fatalf("%s: the message grew", format)
			}
			if _, err := json.Marshal(ev); err != nil {
				t.Fatal(err)
			}
			if ev.Time.Before(now.Add(-maxAge)) || ev.Time.After(now.Add(maxFuture)) {
				t.Fatalf("%s: time %s", format, ev.Time)
			}
		}
	})
}
