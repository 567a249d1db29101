package stage

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
)

// contain makes a service one that a container runtime starts in a container.
func (s *Stage) contain(h *Host, service Service) (Service, error) {
	sum := sha256.Sum256([]byte(s.opts.Kit.Dir + h.Name))
	id := hex.EncodeToString(sum[:]) // runtimes name containers so
	mounts := []map[string]any{
		{"destination": "/proc", "type": "proc", "source": "proc"},
		{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": []string{"mode=1777"}},
		{"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": []string{"mode=755"}},
		{"destination": "/dev/shm", "type": "tmpfs", "source": "tmpfs", "options": []string{"mode=1777"}},
	}
	for _, dir := range []string{"/usr", "/bin", "/lib", "/lib64", "/sbin", "/etc", "/srv/shop"} {
		mounts = append(mounts, map[string]any{"destination": dir, "type": "bind", "source": dir, "options": []string{"rbind", "ro"}})
	}
	config := map[string]any{
		"ociVersion": "1.0.2",
		"process": map[string]any{
			"user": map[string]any{"uid": service.UID, "gid": service.UID}, "args": service.Args, "cwd": "/",
			"env": []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"},
		},
		"root": map[string]any{"path": "root"}, "hostname": "shop", "mounts": mounts,
		"linux": map[string]any{
			"cgroupsPath": "/" + space(h.Name) + "/" + id,
			"namespaces":  []map[string]any{{"type": "pid"}, {"type": "mount"}, {"type": "uts"}, {"type": "ipc"}},
		},
	}
	text, err := json.Marshal(config)
	if err != nil {
		return service, err
	}
	bundle := "/run/bundle"
	if err := os.MkdirAll(h.path(bundle+"/root"), 0o755); err != nil {
		return service, err
	}
	if err := os.WriteFile(h.path(bundle+"/config.json"), text, 0o644); err != nil {
		return service, err
	}
	return Service{Unit: "containerd", Args: strings.Fields("runc --root /run/runc run --bundle " + bundle + " " + id)}, nil
}
