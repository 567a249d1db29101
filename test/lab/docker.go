package lab

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"baize/test/group"
)

// Container and Image are the names that the API's owner gave them.
const (
	Container = "api"
	Image     = "shop/api:2.4"
)

// APISource is the source of the service that the API runs.
//
//go:embed service/ApiService.java
var APISource string

// docker is a container engine of one host's own.
type docker struct {
	command *exec.Cmd
	done    chan struct{}
	dir     string
	socket  string
}

// enginePatience is how long an engine may take to answer.
const enginePatience = time.Minute

// startDocker runs an engine in the host's control group and network. Containers
// share that network: it leads nowhere but to the laboratory.
func startDocker(ctx context.Context, socket string, h Host, namespace string) (*docker, error) {
	// Not among temporary files: what an engine unpacks there is suspicious.
	dir, err := os.MkdirTemp("/var/lib", "baize-lab-docker-")
	if err != nil {
		return nil, err
	}
	d := &docker{dir: dir, socket: socket, done: make(chan struct{})}
	// Not ip netns exec: it covers /sys, and with it the control groups.
	line, err := group.Within(h.Group, "docker", "nsenter", "--net=/run/netns/"+namespace, "--", "dockerd", "--host", "unix://"+socket,
		"--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "run"), "--pidfile", filepath.Join(dir, "pid"),
		"--bridge", "none", "--iptables=false", "--ip6tables=false", "--storage-driver", "vfs")
	if err != nil {
		return d, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return d, err
	}
	defer log.Close()
	d.command = exec.Command(line[0], line[1:]...)
	d.command.Stdout, d.command.Stderr = log, log
	d.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := d.command.Start(); err != nil {
		d.command = nil
		return d, fmt.Errorf("start a container engine: %w", err)
	}
	go func() { _ = d.command.Wait(); close(d.done) }()
	return d, d.wait(ctx, log.Name())
}

func (d *docker) wait(ctx context.Context, log string) error {
	for deadline := time.Now().Add(enginePatience); ; {
		if check(d.client(ctx, "version")) == nil {
			return nil
		}
		select {
		case <-d.done:
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
			if time.Now().Before(deadline) {
				continue
			}
		}
		text, _ := os.ReadFile(log)
		return fmt.Errorf("the container engine does not answer: %s", text[max(0, len(text)-2000):])
	}
}

func (d *docker) client(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "docker", args...)
	command.Env = append(os.Environ(), "DOCKER_HOST=unix://"+d.socket)
	return command
}

// serve runs the API's service in a container. Its image has the service alone: the
// runtime of Java and the C library are the machine's, for reading.
func (d *docker) serve(ctx context.Context, dir string, h Host, labels *recorder) (*service, error) {
	program, err := exec.LookPath(java("java"))
	if err != nil {
		return nil, fmt.Errorf("the service needs a JDK: %w", err)
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return nil, err
	}
	if err := d.image(ctx, dir); err != nil {
		return nil, err
	}
	line := []string{
		"env", "DOCKER_HOST=unix://" + d.socket, "docker", "run", "--name", Container, "--network", "host", "--dns", nameServer,
		"--cgroup-parent", "/" + filepath.Base(h.Group), "--user", "33:33", "--cap-drop", "ALL", "--read-only", "--tmpfs", "/tmp",
	}
	shared := []string{"/usr", "/bin", "/lib", "/lib64", "/etc"}
	if !strings.HasPrefix(program, "/usr/") {
		shared = append(shared, filepath.Dir(filepath.Dir(program)))
	}
	for _, dir := range shared {
		if _, err := os.Stat(dir); err == nil {
			line = append(line, "--volume", dir+":"+dir+":ro")
		}
	}
	line = append(line, Image, program, "-Xmx64m", "-XX:+UseSerialGC", "-cp", "/srv", "ApiService", h.Address, servicePort)
	s, err := launch(ctx, filepath.Join(dir, h.Name+".log"), line, labels)
	if err != nil {
		return s, err
	}
	out, err := d.client(ctx, "inspect", "--format", "{{.State.Pid}}", Container).Output()
	if err != nil {
		return s, fmt.Errorf("find the service's process: %w", err)
	}
	s.pid, err = strconv.Atoi(strings.TrimSpace(string(out)))
	return s, err
}

// image makes the image.
func (d *docker) image(ctx context.Context, dir string) error {
	root := filepath.Join(d.dir, "image")
	for _, sub := range []string{"srv", "usr", "bin", "lib", "lib64", "etc", "tmp", "proc", "sys", "dev"} {
		if err := os.MkdirAll(filepath.Join(root, sub), 0o755); err != nil {
			return err
		}
	}
	class, err := os.ReadFile(filepath.Join(dir, "ApiService.class"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, "srv", "ApiService.class"), class, 0o644); err != nil {
		return err
	}
	if err := os.Chmod(filepath.Join(root, "tmp"), 0o777|os.ModeSticky); err != nil {
		return err
	}
	archive := filepath.Join(d.dir, "image.tar")
	if err := run(ctx, "tar", "-C", root, "-cf", archive, "."); err != nil {
		return err
	}
	return check(d.client(ctx, "import", archive, Image))
}

// stop ends the engine, whose containers have ended, and removes what it kept.
func (d *docker) stop() error {
	var all []error
	if d.command != nil {
		all = append(all, end(d.command.Process, d.done))
	}
	all = append(all, d.unmount())
	return errors.Join(append(all, os.RemoveAll(d.dir))...)
}

// unmount removes what an engine that was killed left mounted.
func (d *docker) unmount() error {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	var all []error
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1], d.dir+"/") {
			all = append(all, syscall.Unmount(fields[1], syscall.MNT_DETACH))
		}
	}
	return errors.Join(all...)
}
