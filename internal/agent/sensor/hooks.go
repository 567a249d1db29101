package sensor

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"baize/internal/event"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// hook is a program at a place and the class whose completeness rests on it.
type hook struct {
	program string
	class   event.Class
	// call is the system call at whose end the program runs; "" means that
	// the program's own section says where it goes.
	call string
	// function is the kernel's function that the program is on; its section says
	// whether at the beginning or the end.
	function string
	// cookie tells a shared program about the call or function.
	cookie uint64
}

// name identifies the hook in health.
func (h hook) name() string {
	if place := h.call + h.function; place != "" {
		return h.program + ":" + place
	}
	return h.program
}

// tier is the one that the hook belongs to.
func (h hook) tier() int {
	if h.function != "" {
		return tierMediated
	}
	return tierTraced
}

// hooks lists everything of tier 2 that is attached, in order: who starts
// processes first, so that nothing else is seen of an unknown one.
var hooks = append([]hook{
	{program: sensorProgOnFork, class: event.ClassProcess},
	{program: sensorProgOnExec, class: event.ClassProcess},
	{program: sensorProgOnExit, class: event.ClassProcess},
	{program: sensorProgOnRename, class: event.ClassProcess},
	{program: sensorProgOnCanary, class: event.ClassProcess},
	{program: sensorProgOnState, class: event.ClassNetwork},
	{program: sensorProgOnConnect4, class: event.ClassNetwork},
	{program: sensorProgOnConnect6, class: event.ClassNetwork},
	{program: sensorProgOnSendmsg4, class: event.ClassNetwork},
	{program: sensorProgOnSendmsg6, class: event.ClassNetwork},
	{program: sensorProgOnEgress, class: event.ClassDNS},
	{program: sensorProgOnIngress, class: event.ClassDNS},
	{program: sensorProgOnRingSubmit, class: event.ClassFile},
	{program: sensorProgOnRingComplete, class: event.ClassNetwork},
	{program: sensorProgOnSignal, class: event.ClassKernel},
	{program: sensorProgOnModule, class: event.ClassKernel},
	{program: sensorProgOnModuleFree, class: event.ClassKernel},
}, callHooks()...)

// setidCalls are the calls that change credentials.
var setidCalls = []string{
	"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "capset", "setns", "unshare",
}

// callHooks are the programs at the end of system calls.
func callHooks() []hook {
	var out []hook
	add := func(program string, class event.Class, calls ...string) {
		for _, c := range calls {
			out = append(out, hook{program: program, class: class, call: c})
		}
	}
	add(sensorProgOnSetid, event.ClassProcess, setidCalls...)
	add(sensorProgOnPtrace, event.ClassProcess, "ptrace")
	add(sensorProgOnVmWrite, event.ClassProcess, "process_vm_writev")
	add(sensorProgOnConnect, event.ClassNetwork, "connect")
	add(sensorProgOnSocket, event.ClassNetwork, "socket")
	add(sensorProgOnAccept, event.ClassNetwork, "accept", "accept4")
	add(sensorProgOnMemfd, event.ClassFile, "memfd_create")
	add(sensorProgOnGetfd, event.ClassProcess, "pidfd_getfd")
	for _, c := range pathCalls {
		out = append(out, hook{program: sensorProgOnPath, class: event.ClassFile, call: c.name, cookie: c.cookie()})
	}
	for _, c := range openCalls {
		out = append(out, hook{program: sensorProgOnOpen, class: event.ClassFile, call: c.name, cookie: c.cookie()})
	}
	for _, c := range mountCalls {
		out = append(out, hook{program: sensorProgOnMount, class: event.ClassKernel, call: c.name, cookie: c.cookie()})
	}
	add(sensorProgOnUnshare, event.ClassKernel, "unshare")
	add(sensorProgOnSetns, event.ClassKernel, "setns")
	add(sensorProgOnPrctl, event.ClassKernel, "prctl")
	add(sensorProgOnSeccomp, event.ClassKernel, "seccomp")
	add(sensorProgOnKexec, event.ClassKernel, "kexec_load")
	add(sensorProgOnKexecFile, event.ClassKernel, "kexec_file_load")
	// The last, so that it does not tell of the others.
	add(sensorProgOnBpf, event.ClassKernel, "bpf")
	return out
}

// errNoCall says that this kernel or architecture has no such system call or
// subsystem, so that nothing is missed.
var errNoCall = errors.New("no such call here")

// attach puts a loaded program on its hook. cgroup is the directory for cgroup
// programs.
func attach(p *ebpf.Program, section, cgroup string, h hook) (link.Link, error) {
	if h.call != "" {
		return attachCall(p, h)
	}
	if h.function != "" {
		return attachFunction(p, section, h)
	}
	if point, ok := strings.CutPrefix(section, "tracepoint/"); ok {
		group, name, _ := strings.Cut(point, "/")
		return attachPoint(p, group, name, nil)
	}
	if strings.HasPrefix(section, "tp_btf/") {
		return link.AttachTracing(link.TracingOptions{Program: p})
	}
	if cgroup == "" {
		return nil, ErrNoCgroup2
	}
	return link.AttachCgroup(link.CgroupOptions{Path: cgroup, Attach: cgroupAttach[section], Program: p})
}

// cgroupAttach maps the sections of cgroup programs.
var cgroupAttach = map[string]ebpf.AttachType{
	"cgroup/connect4":    ebpf.AttachCGroupInet4Connect,
	"cgroup/connect6":    ebpf.AttachCGroupInet6Connect,
	"cgroup/sendmsg4":    ebpf.AttachCGroupUDP4Sendmsg,
	"cgroup/sendmsg6":    ebpf.AttachCGroupUDP6Sendmsg,
	"cgroup_skb/egress":  ebpf.AttachCGroupInetEgress,
	"cgroup_skb/ingress": ebpf.AttachCGroupInetIngress,
}

func attachCall(p *ebpf.Program, h hook) (link.Link, error) {
	return attachPoint(p, "syscalls", "sys_exit_"+h.call, &link.TracepointOptions{Cookie: h.cookie})
}

func attachPoint(p *ebpf.Program, group, name string, o *link.TracepointOptions) (link.Link, error) {
	l, err := link.Tracepoint(group, name, p, o)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", name, errNoCall)
	}
	return l, err
}
