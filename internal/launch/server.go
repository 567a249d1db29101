package launch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
)

// Where the server sees its programs and its state when it may not walk to the
// real place, for example because the checkout is below /root.
const (
	boundBin  = "/run/baize/bin"
	boundHome = "/run/baize/home"
)

// bindScript mounts the two directories for one process only, then becomes the
// rest of its arguments.
const bindScript = `mkdir -p ` + boundBin + ` ` + boundHome + ` &&
mount --bind "$1" ` + boundBin + ` && mount --bind "$2" ` + boundHome + ` && shift 2 && exec "$@"`

// serverCommand starts the server as its user, without any capability and
// without a way to gain one.
func (s *Stack) serverCommand(account account) *exec.Cmd {
	bin, home := s.opts.Bin, s.opts.Home
	var line []string
	if !account.mayWalk(bin) || !account.mayWalk(home) {
		line = []string{"unshare", "--mount", "--propagation", "private", "sh", "-c", bindScript, "baize-bind", bin, home}
		bin, home = boundBin, boundHome
	}
	line = append(line, "setpriv", "--reuid", strconv.Itoa(account.uid), "--regid", strconv.Itoa(account.gid), "--clear-groups",
		"--no-new-privs", "--inh-caps", "-all", "--bounding-set", "-all", filepath.Join(bin, "baize-server"))
	command := exec.Command(line[0], line[1:]...)
	command.Env = s.environment(home)
	command.Dir = "/"
	s.detach(command)
	return command
}

// mayWalk reports whether the account can reach the directory path by its
// permission bits. Access lists are not considered: a wrong no costs nothing.
func (a account) mayWalk(path string) bool {
	for dir := path; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return false
		}
		if !a.maySearch(info) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func (a account) maySearch(info os.FileInfo) bool {
	stat := info.Sys().(*syscall.Stat_t) // what os.Stat returns on Linux
	switch {
	case int(stat.Uid) == a.uid:
		return info.Mode()&0o100 != 0
	case int(stat.Gid) == a.gid:
		return info.Mode()&0o010 != 0
	}
	return info.Mode()&0o001 != 0
}
