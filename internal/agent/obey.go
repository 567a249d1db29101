package agent

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"baize/internal/agent/action"
	"baize/internal/agent/procfs"
	"baize/internal/agent/sensor"
	"baize/internal/agent/uplink"
	baizev1 "baize/proto/baize/v1"
)

// accept is how the uplink hands a command over.
func accept(x *action.Executor) func(*baizev1.Envelope) (func(context.Context) *baizev1.CommandResult, bool) {
	return func(envelope *baizev1.Envelope) (func(context.Context) *baizev1.CommandResult, bool) {
		accepted := x.Accept(envelope)
		return accepted.Do, accepted.Slow
	}
}

// upload sends what a command collected.
func (a *agent) upload(ctx context.Context, kind, name string, content io.ReaderAt, size int64) error {
	return a.uplink.Upload(ctx, uplink.Blob{Kind: kind, Name: name, Content: content, Size: size})
}

// scopeOf tells the processes that a scope covers, nil for all.
func scopeOf(scope string) (func(pid uint32) bool, error) {
	if scope == "" {
		return nil, nil
	}
	dir, err := sensor.ScopeDir(scope)
	if err != nil {
		return nil, err
	}
	root, err := sensor.ScopeDir("/")
	if err != nil {
		return nil, err
	}
	return func(pid uint32) bool {
		groups, err := procfs.FS{}.Cgroups(pid)
		if err != nil {
			return false
		}
		for _, g := range groups {
			if g.Controllers == "" {
				at := filepath.Join(root, g.Path)
				return at == dir || strings.HasPrefix(at, dir+"/")
			}
		}
		return false
	}, nil
}
