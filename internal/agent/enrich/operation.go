package enrich

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"baize/internal/agent/sensor"
	"baize/internal/event"
)

// operation takes records of what was asked of the kernel.
func (e *Enricher) operation(now time.Time, rec *sensor.Record) {
	p := e.process(now, &rec.Task)
	ev := e.event(rec, p)
	ev.Operation = operationOf(rec)
	if rec.Child != nil {
		ev.Target = e.short(e.process(now, rec.Child))
	}
	if rec.File != nil {
		ev.File = e.fileOf(rec.File)
	}
	if rec.Socket != nil {
		ev.Network = networkOf(rec.Socket)
	}
	if rec.Kind == event.ProcessPtrace || rec.Kind == event.KernelKexec {
		ev.Result = result(rec)
	}
	e.queue(now, ev, nil, p.place.box)
	if rec.Kind == event.KernelMount && p.place.key.mountNS == e.mountNS && !ev.Process.Agent && e.mountsOurs(rec) {
		e.tampered(now, &event.Event{Time: ev.Time, Process: ev.Process, File: ev.File, Message: string(ev.Kind) + " at the agent's files"})
	}
}

// operationOf names the request of a record.
func operationOf(rec *sensor.Record) *event.Operation {
	o := &event.Operation{Object: rec.Object, Type: rec.Type}
	switch rec.Kind {
	case event.ProcessPtrace:
		o.Name = name(ptraceRequests, rec.Request)
	case event.ProcessSignal:
		o.Name = signalName(rec.Request)
	case event.ProcessNamespace:
		o.Name, o.Flags = name(namespaceRequests, rec.Request), namespaces(rec)
		o.Type = ""
	case event.ProcessControl:
		control(o, rec)
	case event.KernelMount:
		o.Name = mountName(rec)
		if rec.Request == sensor.MountMount {
			o.Flags = bits(mountFlags, withoutMagic(rec.Flags))
		}
	case event.KernelModule:
		o.Name, o.Flags = name(moduleRequests, rec.Request), bits(taints, rec.Flags)
	case event.KernelBPF:
		o.Name, o.Type = name(bpfCommands, rec.Request), name(bpfTypes, rec.Code)
	case event.KernelKexec:
		o.Name = name(kexecRequests, rec.Request)
	case event.NetworkSocket:
		o.Name, o.Type = "socket", name(socketTypes, rec.Code)
	}
	return o
}

// credentialOperation is what a change of credentials says beside who the
// process is now; nil if that is all.
func credentialOperation(rec *sensor.Record) *event.Operation {
	o := &event.Operation{Name: "capabilities", Flags: gained(rec)}
	if rec.Request == sensor.CredentialsUnexplained {
		o.Name = "unexplained"
	} else if o.Flags == nil {
		return nil
	}
	if rec.Code > 0 {
		o.Type = "user_namespace"
	}
	return o
}

// gained names the effective capabilities that a record's task did not have
// before.
func gained(rec *sensor.Record) []string {
	if rec.OldCredentials == nil {
		return nil
	}
	return bits(capabilities, rec.Task.Credentials.Effective&^rec.OldCredentials.Effective)
}

// name is the text of a number, or the number where it has none.
func name(table map[uint32]string, n uint32) string {
	if text, ok := table[n]; ok {
		return text
	}
	return strconv.FormatUint(uint64(n), 10)
}

// bits names the bits that are set, lowest first; those without a name are
// "bitN".
func bits(names []string, set uint64) []string {
	var out []string
	for i := range 64 {
		if set>>i&1 == 0 {
			continue
		}
		if i < len(names) && names[i] != "" {
			out = append(out, names[i])
		} else {
			out = append(out, "bit"+strconv.Itoa(i))
		}
	}
	return out
}

func signalName(n uint32) string {
	if text := unix.SignalName(unix.Signal(n)); text != "" {
		return text
	}
	return strconv.FormatUint(uint64(n), 10)
}

// namespaces names those of a request, or the one whose descriptor was entered.
func namespaces(rec *sensor.Record) []string {
	if rec.Flags == 0 && rec.Type != "" {
		return []string{strings.TrimSuffix(rec.Type, "_for_children")}
	}
	return bits(cloneFlags, rec.Flags)
}

// mountName tells the uses of mount(2) apart, in the order in which the kernel
// looks at its flags.
func mountName(rec *sensor.Record) string {
	if rec.Request != sensor.MountMount {
		return name(mountRequests, rec.Request)
	}
	switch f := rec.Flags; {
	case f&unix.MS_REMOUNT != 0:
		return "remount"
	case f&unix.MS_BIND != 0:
		return "bind"
	case f&(unix.MS_SHARED|unix.MS_PRIVATE|unix.MS_SLAVE|unix.MS_UNBINDABLE) != 0:
		return "propagation"
	case f&unix.MS_MOVE != 0:
		return "move"
	}
	return "mount"
}

// withoutMagic leaves out the number that old callers of mount(2) put above
// its flags, as the kernel does.
func withoutMagic(flags uint64) uint64 {
	if flags&unix.MS_MGC_MSK == unix.MS_MGC_VAL {
		return flags &^ unix.MS_MGC_MSK
	}
	return flags
}

// control names what a process asked about itself.
func control(o *event.Operation, rec *sensor.Record) {
	if rec.Request == sensor.ControlSeccomp {
		o.Name, o.Type = "seccomp", name(seccompModes, rec.Code)
		o.Flags = bits(seccompFlags, rec.Flags)
		return
	}
	o.Name = name(prctlOptions, rec.Code)
	switch rec.Code {
	case unix.PR_SET_MM:
		o.Type = name(memoryOptions, uint32(rec.Flags))
	case unix.PR_SET_SECUREBITS:
		o.Flags = bits(secureBits, rec.Flags)
	case unix.PR_SET_PTRACER:
		o.Object = strconv.FormatInt(int64(rec.Flags), 10)
	}
}
