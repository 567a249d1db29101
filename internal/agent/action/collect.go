package action

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"baize/internal/event"
	"baize/internal/response"
	baizev1 "baize/proto/baize/v1"
)

// Reasons to collect nothing.
var (
	errOther   = errors.New("it is not the file that is meant")
	errContent = errors.New("its content is not the one that is meant")
	errTooLong = fmt.Errorf("it is larger than %d bytes", response.MaxEvidence)
	errNoFile  = errors.New("it is not a regular file")
)

// collect copies something to the server's evidence.
func (x *Executor) collect(ctx context.Context, command *baizev1.Command) (string, error) {
	switch what := command.GetArguments()[response.ArgWhat]; what {
	case response.CollectFile:
		return x.collectFile(ctx, command)
	case response.CollectImage:
		return x.collectImage(ctx, command)
	case response.CollectProcess:
		return x.collectProcess(ctx, command)
	default:
		return "", fmt.Errorf("%q is nothing that can be collected", what)
	}
}

func (x *Executor) collectFile(ctx context.Context, command *baizev1.Command) (string, error) {
	at, err := x.placeOf(command)
	if err != nil {
		return "", err
	}
	handle, err := x.options.Proc.Handle(at.pid, at.path)
	if err != nil {
		return "", err
	}
	defer handle.Close()
	return x.send(ctx, command, handle, at.path, at.inode)
}

// collectImage takes what a process executes by the kernel's own reference to
// it: it may have no name any more, or never had one.
func (x *Executor) collectImage(ctx context.Context, command *baizev1.Command) (string, error) {
	key, err := x.processOf(command)
	if err != nil {
		return "", err
	}
	inode, err := event.ParseFileKey(command.GetArguments()[response.ArgInode])
	if err != nil {
		return "", err
	}
	handle, err := os.Open(x.options.Proc.Exe(key.PID))
	if err != nil {
		return "", err
	}
	defer handle.Close()
	path := x.options.Proc.ExePath(key.PID)
	// What was opened is the process's own only if it is still that process.
	if err := x.still(key); err != nil {
		return "", err
	}
	return x.send(ctx, command, handle, path, inode)
}

// send copies a regular file to the server, if it is the one that is meant.
func (x *Executor) send(ctx context.Context, command *baizev1.Command, handle *os.File, path string, meant event.FileKey) (string, error) {
	facts, err := x.describe(handle)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if facts.file == nil {
		return "", fmt.Errorf("%s: %w", path, errNoFile)
	}
	defer facts.file.Close()
	if !meant.IsZero() && !same(meant, facts.key, facts.loose) {
		return "", fmt.Errorf("%s: %w: it is %s, not %s", path, errOther, facts.key, meant)
	}
	result := &response.Collected{Path: path, Inode: facts.key, Mode: facts.mode, Modified: facts.modified}
	if err := x.deliver(ctx, command, facts.file, result); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return answer(result)
}

// deliver sends a copy: what it is sent from must not change meanwhile.
func (x *Executor) deliver(ctx context.Context, command *baizev1.Command, from io.Reader, result *response.Collected) error {
	copied, err := os.CreateTemp(x.options.Dir, "evidence-")
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	defer copied.Close()
	if err := os.Remove(copied.Name()); err != nil { // it needs no name
		return fmt.Errorf("copy: %w", err)
	}
	sum := sha256.New()
	result.Size, err = copyAll(ctx, io.MultiWriter(copied, sum), from, response.MaxEvidence)
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	if result.Size > response.MaxEvidence {
		return errTooLong
	}
	result.SHA256 = hex.EncodeToString(sum.Sum(nil))
	if meant := command.GetArguments()[response.ArgSHA256]; meant != "" && meant != result.SHA256 {
		return fmt.Errorf("%w: it has SHA-256 %s", errContent, result.SHA256)
	}
	if err := x.options.Upload(ctx, response.KindEvidence, command.GetId(), copied, result.Size); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}
