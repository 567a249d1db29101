package sensor

import (
	"fmt"
	"strings"

	"baize/internal/event"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// hook is a program and the class whose completeness rests on it.
type hook struct {
	program string
	class   event.Class
}

// hooks lists every program that is attached, in order: who starts processes
// first, so that nothing else is seen of an unknown one.
var hooks = []hook{
	{"on_fork", event.ClassProcess},
	{"on_exec", event.ClassProcess},
	{"on_exit", event.ClassProcess},
	{"on_rename", event.ClassProcess},
}

// attach puts a loaded program on the hook that its section names. cgroup is
// the directory for cgroup programs.
func attach(p *ebpf.Program, section, cgroup string) (link.Link, error) {
	head, name, _ := strings.Cut(section, "/")
	switch head {
	case "tp_btf":
		return link.AttachTracing(link.TracingOptions{Program: p})
	case "tracepoint":
		group, event, _ := strings.Cut(name, "/")
		return link.Tracepoint(group, event, p, nil)
	}
	return nil, fmt.Errorf("section %q: no way to attach", section)
}
