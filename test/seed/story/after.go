package story

import (
	"time"

	"baize/internal/event"
	"baize/internal/provenance"
)

const hidden = "/var/tmp/.sysstat"

// stay : the second trojan makes sure that it is started again.
func (n *narrator) stay() {
	const at = 12 * time.Minute
	sh := n.spawn(40300, at, "/bin/sh", "sh -i", n.second)
	cp := n.spawn(40301, at+time.Second, "/usr/bin/cp", "cp /dev/shm/databus00000000017 "+hidden, sh)
	n.on(event.FileCloseWrite, at+time.Second+5*time.Millisecond, cp, event.File{Path: hidden, Size: 912 << 10, Mode: "0755", Mount: "ext4", Hash: contents["/dev/shm/databus00000000017"]})
	n.exit(at+time.Second+8*time.Millisecond, cp)
	n.on(event.FileCloseWrite, at+2*time.Second, sh, event.File{
		Path: job, Size: 58, Mode: "0644", Mount: "ext4", Sensitive: "definition",
		Diff: &event.Diff{State: event.DiffOK, Added: []string{"# sysstat activity collection", "*/2 * * * * app " + hidden}},
	})
	n.on(event.FileOpen, at+3*time.Second, sh, event.File{Path: "/opt/shop/config/db.properties", Size: 1204, Sensitive: "credentials"})
	n.on(event.FileOpen, at+4*time.Second, sh, event.File{Path: "/home/app/.ssh/id_ed25519", Size: 411, Sensitive: "ssh_key"})
	n.on(event.FileUnlink, at+5*time.Second, n.second, event.File{Path: "/dev/shm/databus00000000017"})
	n.exit(at+6*time.Second, sh)
	n.account("It wrote "+job+", which runs "+hidden+".", "它写入 "+job+",由其运行 "+hidden+"。")
	n.finish()
}

const job = "/etc/cron.d/sysstat-collect"

// spread : cron starts what was left behind; it takes data out and tries the
// neighbours.
func (n *narrator) spread() {
	const at = 14 * time.Minute
	run := n.cronJob(at)
	n.connect(at+100*time.Millisecond, run, "198.51.100.77", 8443)
	n.end(at+20*time.Second, run, "198.51.100.77", 8443, 48<<20, 12<<10)
	ssh := n.spawn(40520, at+21*time.Second, "/usr/bin/ssh", "ssh -i /home/app/.ssh/id_ed25519 app@10.20.0.11", run)
	n.connect(at+21*time.Second+20*time.Millisecond, ssh, "10.20.0.11", 22)
	n.end(at+30*time.Second, ssh, "10.20.0.11", 22, 5_210, 18_400)
	n.account("Cron ran "+hidden+", which sent 48 MiB to 198.51.100.77 and reached 10.20.0.11:22.", "cron 运行 "+hidden+",向 198.51.100.77 发送 48 MiB,并连接 10.20.0.11:22。")
	n.finish()
}

// cronJob is the program that cron starts because of the intruder's line.
func (n *narrator) cronJob(at time.Duration) *event.Process {
	systemd := *n.service().Parent
	cron := n.actor(key(WebHost, 812, 8), -23*time.Hour, "/usr/sbin/cron", "/usr/sbin/cron -f", &systemd)
	cron.User = systemd.User
	cron.Context = &event.Context{ID: "service:" + cron.Key.String(), Kind: event.ContextService, Root: cron.Key, Service: "cron.service"}
	n.on(event.FileOpen, at-time.Second, cron, event.File{Path: job, Sensitive: "definition"})
	sh := n.fork(40500, at, cron)
	sh.Context = &event.Context{ID: "cron:" + sh.Key.String(), Kind: event.ContextCron, Root: sh.Key, Parent: cron.Context.ID}
	sh.Executable, sh.CommandLine, sh.Exec, sh.User = "/bin/sh", "/bin/sh -c "+hidden, 1, &event.User{ID: 1000, Name: "app"}
	sh.Args = []string{"/bin/sh", "-c", hidden}
	sh.Exe = &event.Image{Inode: n.scene.inode("/bin/sh")}
	n.scene.see(n.observed(event.ProcessExec, at+time.Millisecond, sh))
	return n.spawn(40501, at+10*time.Millisecond, hidden, hidden, sh)
}

// answers about one of a step's intrusions.
func (s *Step) answers(id string) map[string]provenance.Answer {
	for _, i := range s.Intrusions {
		if i.ID == id {
			return i.Answers
		}
	}
	return provenance.Unanswered()
}
