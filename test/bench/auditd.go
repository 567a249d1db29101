package bench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// auditd is Debian's, with rules that ask of the kernel what the sensor reports:
// programs, credentials, files that are made, renamed, linked, removed or given
// other attributes, connections, modules, mounts. Closes after writing it cannot
// report; opens for writing stand for them. Command lines, digests, lineage and
// containers it leaves to others.
type auditd struct {
	*daemon
	// before are the kernel's settings as they were.
	before []string
}

var auditRules = []string{
	"-D", "-b 65536", "-f 0",
	"-a always,exit -F arch=b64 -S execve,execveat",
	"-a always,exit -F arch=b64 -S setuid,setgid,setreuid,setregid,setresuid,setresgid,capset",
	"-a always,exit -F arch=b64 -S ptrace,process_vm_writev",
	"-a always,exit -F arch=b64 -S open,openat,openat2,creat -F a2&01",
	"-a always,exit -F arch=b64 -S open,openat,openat2,creat -F a2&02",
	"-a always,exit -F arch=b64 -S rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir,symlink,symlinkat,mkdir,mkdirat,mknod,mknodat",
	"-a always,exit -F arch=b64 -S chmod,fchmod,fchmodat,chown,fchown,fchownat,lchown,setxattr,lsetxattr,fsetxattr,truncate,ftruncate",
	"-a always,exit -F arch=b64 -S connect,accept,accept4,bind,listen",
	"-a always,exit -F arch=b64 -S memfd_create,init_module,finit_module,mount,pivot_root,bpf",
	"-e 1",
}

const auditConfig = `log_file = %s/audit.log
log_format = RAW
log_group = root
priority_boost = 4
flush = INCREMENTAL_ASYNC
freq = 50
max_log_file = 64
num_logs = 3
max_log_file_action = ROTATE
space_left = 75
space_left_action = IGNORE
admin_space_left = 50
admin_space_left_action = IGNORE
disk_full_action = IGNORE
disk_error_action = IGNORE
name_format = NONE
q_depth = 2000
`

var errAuditBusy = errors.New("an audit daemon runs on this machine already")

// startAudit runs one in dir. It fails where another one runs.
func startAudit(dir string) (*auditd, error) {
	status, err := output("auditctl", "-s")
	if err != nil {
		return nil, err
	}
	if !strings.Contains(status, "\npid 0\n") {
		return nil, errAuditBusy
	}
	for file, text := range map[string]string{"auditd.conf": fmt.Sprintf(auditConfig, dir), "bench.rules": strings.Join(auditRules, "\n") + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o640); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "plugins.d"), 0o750); err != nil {
		return nil, err
	}
	d, err := startDaemon("auditd", "-n", "-c", dir)
	if err != nil {
		return nil, err
	}
	a := &auditd{d, auditSettings(status)}
	err = eventually("auditd has not registered", func() bool {
		status, err := output("auditctl", "-s")
		return err == nil && strings.Contains(status, fmt.Sprintf("\npid %d\n", d.pid()))
	})
	if err == nil {
		_, err = output("auditctl", "-R", filepath.Join(dir, "bench.rules"))
	}
	if err != nil {
		a.stop()
		return nil, fmt.Errorf("%w; auditd said: %s", err, d.said.String())
	}
	return a, nil
}

// auditSettings are the arguments of auditctl that restore a status.
func auditSettings(status string) (arguments []string) {
	options := map[string]string{"enabled": "-e", "failure": "-f", "backlog_limit": "-b"}
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if option := options[name]; option != "" {
			arguments = append(arguments, option, value)
		}
	}
	return arguments
}

// stop leaves the kernel as it was, without rules.
func (a *auditd) stop() {
	_, _ = output("auditctl", "-D")
	_, _ = output("auditctl", a.before...)
	a.end()
}
