package stage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Work is the ordinary work of the hosts: customers, a backup, a build, a
// deployment that downloads a program, makes it executable and runs it, an
// administrator who does so as well.
func (s *Stage) Work(ctx context.Context) error {
	for _, step := range []func(context.Context) error{s.customers, s.backup, s.build, s.deploy, s.administrate} {
		if err := step(ctx); err != nil {
			return fmt.Errorf("ordinary work: %w", err)
		}
	}
	return nil
}

// WorkOn repeats the work of customers, of the backup and of the build until the
// context ends.
func (s *Stage) WorkOn(ctx context.Context) error {
	for ctx.Err() == nil {
		err := errors.Join(s.customers(ctx), s.backup(ctx), s.build(ctx), pause(ctx, time.Second))
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("ordinary work: %w", err)
		}
	}
	return nil
}

// customers look up names, for which the service itself starts a shell.
func (s *Stage) customers(ctx context.Context) error {
	return s.Customer(ctx, s.Web, Customer)
}

// Customer has the web service of a host look up a name.
func (s *Stage) Customer(ctx context.Context, h *Host, from string) error {
	h.hole.Lock()
	defer h.hole.Unlock()
	if _, err := s.world.request(ctx, h.url("health"), "", from); err != nil {
		return err
	}
	_, err := s.world.request(ctx, h.url("lookup"), "localhost", from)
	return err
}

func (s *Stage) backup(ctx context.Context) error {
	_, err := s.Web.Run(ctx, Service{Unit: "backup", Args: []string{"sh", "-c", "tar cf /opt/backup.tar /srv/shop && gzip -f /opt/backup.tar && echo saved >> /var/log/shop.log"}})
	return err
}

// build runs many short programs that write files, some of them programs that
// are run, in a directory that everybody may write to.
func (s *Stage) build(ctx context.Context) error {
	script := `mkdir -p /tmp/build && cd /tmp/build && for n in $(seq 12); do
echo "int f$n;" > f$n.c; sed s/int/long/ f$n.c > f$n.i; cksum f$n.i > f$n.o; done
cat f*.o > all; printf '#!/bin/sh\ncksum all > sum\n' > check; chmod 755 check; ./check
python3 -c "open('/tmp/build/config.py','w').write('a=1\n')"; python3 config.py; rm -rf /tmp/build`
	_, err := s.Web.Run(ctx, Service{Unit: "build", UID: WebUser, Args: []string{"sh", "-c", script}})
	return err
}

func (s *Stage) deploy(ctx context.Context) error {
	script := "curl -s -o /opt/app/release.new http://" + Releases + "/release && install -m 755 /opt/app/release.new /opt/app/release && /opt/app/release && echo $$ > /opt/app/version"
	_, err := s.Web.Run(ctx, Service{Unit: "deploy", Args: []string{"sh", "-c", script}})
	return err
}

// administrate is a session of somebody who looks around, writes a tool and a
// job, and runs the tool.
func (s *Stage) administrate(ctx context.Context) error {
	script := `uptime; ls -la /opt /srv > /dev/null; ps aux | head -n 3
printf '#!/bin/sh\ndu -s /opt > /var/log/report\n' > /usr/local/bin/report; chmod +x /usr/local/bin/report; report
(crontab -l 2> /dev/null; echo '5 4 * * * /usr/local/bin/report') | crontab -
printf '[Service]\nExecStart=/usr/local/bin/report\n' > /etc/systemd/system/report.service; tail -n 2 /var/log/shop.log
wget -q http://` + Releases + `/release -O /tmp/installer && chmod +x /tmp/installer && /tmp/installer && rm /tmp/installer`
	return s.Session(ctx, Bastion, "admin", s.Web, script)
}

// Session is somebody's who may log in to a host, from outside.
func (s *Stage) Session(ctx context.Context, from, key string, h *Host, command string) error {
	h.sessions.Lock()
	defer h.sessions.Unlock()
	return s.ssh(ctx, from, key, h, command, "")
}

// Visit does something that opens sessions on a host which are somebody's whose work
// it is, and notes what runs there as his.
func (s *Stage) Visit(h *Host, who string, do func() error) error {
	h.sessions.Lock()
	defer h.sessions.Unlock()
	since := sinceBoot()
	if err := do(); err != nil {
		return err
	}
	w := s.worker(h, who)
	return w.jobs(h.daemons["sshd"], since)
}

// Look is Customer, and notes the shell that the service starts for it as his.
func (s *Stage) Look(ctx context.Context, h *Host, who, from string) error {
	h.hole.Lock()
	defer h.hole.Unlock()
	since := sinceBoot()
	if _, err := s.world.request(ctx, h.url("lookup"), "localhost", from); err != nil {
		return err
	}
	return s.worker(h, who).shell(ctx, since)
}

// worker is like an intruder, and none.
func (s *Stage) worker(h *Host, who string) *Intruder {
	w := s.Intruder(h, "")
	w.Actor, w.label.Benign = who, true
	return w
}
