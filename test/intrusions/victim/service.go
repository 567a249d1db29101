package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// groupDir makes a control group below another.
func groupDir(parent, name string) (string, error) {
	dir := filepath.Join(parent, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make a control group: %w", err)
	}
	return dir, nil
}

// start starts a service in a group of its unit, and does not wait for it.
func (s *system) start(o *order) (int, error) {
	if o.Definition != "" {
		args, err := execStart(o.Definition)
		if err != nil {
			return 0, err
		}
		o.Args = args
		o.Unit = strings.TrimSuffix(filepath.Base(o.Definition), ".service")
	}
	if len(o.Args) == 0 {
		return 0, errors.New("nothing to start")
	}
	name, err := exec.LookPath(o.Args[0])
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", o.Unit, err)
	}
	dir, err := groupDir(s.group, "system.slice/"+o.Unit+".service")
	if err != nil {
		return 0, err
	}
	group, err := os.Open(dir)
	if err != nil {
		return 0, err
	}
	defer group.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	process, err := os.StartProcess(name, o.Args, &os.ProcAttr{
		Dir: directory(o), Env: environment(o), Files: []*os.File{null, os.Stderr, os.Stderr},
		Sys: &syscall.SysProcAttr{
			Setsid: true, UseCgroupFD: true, CgroupFD: int(group.Fd()),
			Credential: &syscall.Credential{Uid: o.UID, Gid: o.UID},
		},
	})
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", o.Unit, err)
	}
	pid := process.Pid
	return pid, process.Release() // reap waits for it
}

func directory(o *order) string {
	if o.Dir != "" {
		return o.Dir
	}
	return "/"
}

func environment(o *order) []string {
	return append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}, o.Env...)
}

// execStart reads the command of a unit file, without quoting.
func execStart(name string) ([]string, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read a unit: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if command, found := strings.CutPrefix(strings.TrimSpace(line), "ExecStart="); found {
			return strings.Fields(command), nil
		}
	}
	return nil, fmt.Errorf("%s has no ExecStart", name)
}
