package taxonomy

import (
	"slices"
	"strings"
	"testing"

	"baize/internal/event"
	"baize/internal/sigma"
)

// seen are the texts of a field of an event as a log source has it.
func seen(ev *event.Event, service, name string) []string {
	var texts []string
	for _, source := range Sources(ev, nil) {
		if source.Service != service {
			continue
		}
		var out sigma.Values
		As(ev, source).Field(-1, name, &out)
		for i := range out.Len() {
			texts = append(texts, out.At(i).Text())
		}
	}
	return texts
}

func TestSources(t *testing.T) {
	for _, c := range []struct{ event, want string }{
		{`{"kind":"process.exec"}`, "linux/process_creation/process linux/*/auditd"},
		{`{"kind":"process.fork"}`, "linux/process_fork/process"},
		{`{"kind":"login.failure","log":{"service":"sshd","syslog":{"facility":{"name":"auth"}}}}`, "linux/authentication/login linux/*/auditd linux/*/sshd linux/*/syslog linux/*/auth"},
		{`{"kind":"log.line","log":{"service":"cron","syslog":{"facility":{"name":"cron"}}}}`, "linux/log_line/log linux/*/cron linux/*/syslog"},
		{`{"kind":"account.change","change":{"action":"create","account":{}},"log":{"service":"useradd","syslog":{}}}`, "linux/account_change/account linux/*/auditd linux/*/useradd linux/*/syslog linux/*/auth"},
		{`{"kind":"log.line","log":{"service":"vsftpd"}}`, "linux/log_line/log linux/*/vsftpd"},
		{`{"kind":"log.line","log":{"service":"nginx"}}`, "linux/log_line/log linux/*/nginx nginx/*/error"},
		{`{"kind":"web.access","log":{"service":"apache"}}`, "linux/webserver/web apache/webserver/access"},
		{`{"kind":"log.audit","log":{"service":"auditd"}}`, "linux/log_audit/log linux/*/auditd"},
		{`{"kind":"log.line","log":{"service":"systemd","fields":{"action":"stopped"}}}`, "linux/log_line/log linux/*/auditd linux/*/systemd"},
	} {
		var names []string
		sources := Sources(parse(t, c.event), nil)
		for _, s := range sources {
			names = append(names, s.String())
		}
		if got := strings.Join(names, " "); got != c.want || len(sources) > MaxSources {
			t.Errorf("%s\n got %s\nwant %s", c.event, got, c.want)
		}
	}
}

func TestAuditNames(t *testing.T) {
	const exec = `{"kind":"process.exec","process":{"pid":9,"executable":"/usr/bin/curl","name":"curl","args":["curl","-o","x"],"command_line":"curl -o x","script":"/s.sh",
		"working_directory":"/srv","tty":"pts/0","user":{"id":33},"session":4,"login_uid":1000,"parent":{"pid":8}}}`
	for _, c := range []struct{ event, name, want string }{
		{exec, "type", "SYSCALL EXECVE PATH CWD PROCTITLE"},
		{exec, "SYSCALL", "execve execveat"},
		{exec, "a0", "curl"},
		{exec, "a2", "x"},
		{exec, "a3", ""},
		{exec, "argc", "3"},
		{exec, "exe", "/usr/bin/curl"},
		{exec, "comm", "curl"},
		{exec, "name", "/usr/bin/curl /s.sh"},
		{exec, "nametype", "NORMAL"},
		{exec, "pid", "9"},
		{exec, "ppid", "8"},
		{exec, "uid", "33"},
		{exec, "euid", "33"},
		{exec, "auid", "1000"},
		{exec, "ses", "4"},
		{exec, "tty", "pts0"},
		{exec, "cwd", "/srv"},
		{exec, "proctitle", "curl -o x"},
		{exec, "key", "susp_activity"},
		{exec, "success", "yes"},
		{`{"kind":"process.exec","process":{"user":{"id":1},"effective_user":{"id":0}}}`, "euid", "0"},
		{`{"kind":"file.create","file":{"path":"/x","type":"device","mode":"0600"}}`, "SYSCALL", "mknod mknodat"},
		{`{"kind":"file.create","file":{"path":"/x"}}`, "SYSCALL", "open openat openat2 creat"},
		{`{"kind":"file.create","file":{"path":"/x","mode":"0600"}}`, "mode", "0600"},
		{`{"kind":"file.attributes","file":{"change":"mode"}}`, "SYSCALL", "chmod fchmod fchmodat fchmodat2"},
		{`{"kind":"file.rename","file":{"path":"/a","target":{"path":"/b"}}}`, "name", "/a /b"},
		{`{"kind":"file.unlink","file":{"path":"/a"},"result":-13}`, "success", "no"},
		{`{"kind":"file.unlink","file":{"path":"/a"},"result":-13}`, "exit", "-13"},
		{`{"kind":"network.connect","destination":{"ip":"203.0.113.9"},"result":0}`, "key", "network_connect_4"},
		{`{"kind":"network.connect","destination":{"ip":"203.0.113.9"},"result":-111}`, "key", ""},
		{`{"kind":"network.connect","destination":{"ip":"203.0.113.9"}}`, "addr", "203.0.113.9"},
		{`{"kind":"login.failure","access":{"outcome":"failure","user":{"name":"root"},"tty":"ssh"},"log":{"sender":{"executable":"/usr/sbin/sshd"}}}`, "res", "failed"},
		{`{"kind":"login.failure","access":{"outcome":"failure","user":{"name":"root"},"tty":"ssh"},"log":{"sender":{"executable":"/usr/sbin/sshd"}}}`, "exe", "/usr/sbin/sshd"},
		{`{"kind":"login.failure","access":{"outcome":"failure","user":{"name":"root"},"tty":"ssh"}}`, "acct", "root"},
		{`{"kind":"login.failure","access":{"tty":"ssh"}}`, "terminal", "ssh"},
		{`{"kind":"login.elevate","access":{"command":"/bin/sh"}}`, "cmd", "/bin/sh"},
		{`{"kind":"account.change","change":{"action":"create","account":{"name":"x"}}}`, "type", "ADD_USER"},
		{`{"kind":"account.change","change":{"action":"create","account":{"name":"x"}}}`, "acct", "x"},
		{`{"kind":"account.change","change":{"action":"create","group":{"name":"g"}}}`, "type", "ADD_GROUP"},
		{`{"kind":"account.change","change":{"action":"delete","account":{"name":"x"}}}`, "type", "DEL_USER"},
		{`{"kind":"account.change","change":{"action":"delete","group":{"name":"g"}}}`, "type", "DEL_GROUP"},
		{`{"kind":"account.change","change":{"action":"modify","group":{"name":"g"}}}`, "type", "GRP_MGMT"},
		{`{"kind":"account.change","change":{"action":"password","account":{"name":"x"}}}`, "type", "USER_CHAUTHTOK"},
		{`{"kind":"account.change","change":{"action":"join","account":{"name":"x"}}}`, "type", "USER_MGMT"},
		{`{"kind":"log.line","log":{"service":"systemd","fields":{"action":"stopped","unit":"ufw.service"}}}`, "type", "SERVICE_STOP"},
		{`{"kind":"log.line","log":{"service":"systemd","fields":{"action":"stopped","unit":"ufw.service"}}}`, "unit", "ufw.service ufw"},
		{`{"kind":"log.audit","log":{"service":"auditd","fields":{"type":"TTY","data":"su","other":"1"}}}`, "type", "TTY"},
		{`{"kind":"log.audit","log":{"service":"auditd","fields":{"type":"TTY","data":"su","other":"1"}}}`, "other", "1"},
	} {
		if got := strings.Join(seen(parse(t, c.event), "auditd", c.name), " "); got != c.want {
			t.Errorf("%s of %s = %q, want %q", c.name, c.event, got, c.want)
		}
	}
	if got := seen(parse(t, exec), "process", "type"); got != nil {
		t.Errorf("type is %q outside auditd", got)
	}
}

func TestAuditKeywords(t *testing.T) {
	for text, want := range map[string][]string{
		`{"kind":"process.exec","process":{"args":["dd","if=/x"],"command_line":"dd if=/x","working_directory":"/of="}}`: {"dd if=/x", "dd", "if=/x"},
		`{"kind":"file.unlink","file":{"path":"/a"}}`:                                                                    {"/a"},
		`{"kind":"log.audit","message":"m","log":{"service":"auditd","fields":{"b":"2","a":"1"}}}`:                       {"m", "1", "2"},
	} {
		ev := parse(t, text)
		var out sigma.Values
		As(ev, Sources(ev, nil)[1]).Strings(&out)
		var got []string
		for i := range out.Len() {
			got = append(got, out.At(i).Text())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", text, got)
		}
	}
}

func TestURLsAreReadAsTheyAreAndDecoded(t *testing.T) {
	ev := parse(t, `{"kind":"web.access","url":{"original":"/a%20b?c=%3Cd+e","path":"/a%20b","query":"c=%3Cd+e"},"source":{"ip":"203.0.113.9"},"http":{}}`)
	for name, want := range map[string][]string{
		"cs-uri-stem": {"/a%20b", "/a b"}, "cs-uri-query": {"c=%3Cd+e", "c=<d e"}, "c-ip": {"203.0.113.9"}, "Network.Outside": {"true"},
	} {
		if got := values(ev, name); !slices.Equal(got, want) {
			t.Errorf("%s = %q", name, got)
		}
	}
	if got := values(parse(t, `{"url":{"query":"a=%zz"}}`), "cs-uri-query"); !slices.Equal(got, []string{"a=%zz"}) {
		t.Errorf("bad escape: %q", got)
	}
}
