package enrich

import (
	"path"
	"strings"

	"baize/internal/agent/digest"
	"baize/internal/agent/sensor"
	"baize/internal/event"
)

// image is what an exec made of a process; fork shares it.
type image struct {
	path        string
	args        []string
	truncated   bool
	commandLine string
	// redacted counts the secrets replaced in args and env.
	redacted uint32
	cwd      string
	tty      string
	script   string
	env      map[string]string
	fds      [3]*event.Descriptor
	exe      event.Image
	digest   *digestEntry
}

// base is the file name of the image, without the mark of a deleted file.
func (img *image) base() string { return path.Base(strings.TrimSuffix(img.path, " (deleted)")) }

func (e *Enricher) image(exec *sensor.Exec) *image {
	args, redacted := e.config.Redactor.Args(exec.Args, exec.ArgsTruncated)
	env, more := e.environment(exec.Env)
	img := &image{
		path: exec.Image.Path, args: args, truncated: exec.ArgsTruncated,
		commandLine: strings.Join(args, " "), redacted: uint32(redacted + more), cwd: exec.Cwd, tty: exec.TTY,
		script: exec.Script, env: env,
		exe: e.imageFacts(&exec.Image),
	}
	for i := range exec.Fds {
		img.fds[i] = descriptor(&exec.Fds[i])
	}
	return img
}

func (e *Enricher) imageFacts(ref *sensor.FileRef) event.Image {
	memfd := isMemfd(ref)
	return event.Image{
		Inode:    e.fileKey(ref),
		Memfd:    memfd,
		Deleted:  ref.Nlink == 0 && ref.Inode != 0 && !memfd,
		Tmpfs:    inMemory[ref.Magic],
		Detached: ref.Detached,
	}
}

// environment returns variables by name, and how many secrets were replaced.
func (e *Enricher) environment(vars []string) (env map[string]string, redacted int) {
	if len(vars) == 0 {
		return nil, 0
	}
	env = make(map[string]string, len(vars))
	for _, v := range vars {
		name, value, _ := strings.Cut(v, "=")
		value, n := e.config.Redactor.Env(name, value)
		env[name] = value
		redacted += n
	}
	return env, redacted
}

func descriptor(fd *sensor.Fd) *event.Descriptor {
	if fd.Type == "" {
		return nil
	}
	d := &event.Descriptor{Type: fd.Type, Path: fd.File.Path}
	if fd.Remote.IsValid() && fd.Remote.Port() != 0 {
		d.Remote = endpoint(fd.Remote)
	}
	return d
}

// digestEntry is the digest of an image or a written file, shared by the
// events that wait for it.
type digestEntry struct {
	hash event.Hash
	// late is the event that went out with the digest pending.
	late *event.Event
	key  event.FileKey
	path string
}

// wanted asks for the digest of a file of p. A refused question is answered
// at once.
func (e *Enricher) wanted(p *process, ref *sensor.FileRef, isImage bool) *digestEntry {
	d := &digestEntry{hash: event.Hash{State: event.HashPending}, key: e.fileKey(ref), path: ref.Path}
	if ref.Size > digest.MaxSize {
		d.hash.State = event.HashTooLarge
		return d
	}
	file := e.reachable(p, ref)
	file.Image = isImage
	if !e.config.Hasher.Submit(file, d) {
		d.hash.State = event.HashFailed
		return d
	}
	return d
}
