package taxonomy

import (
	"strings"

	"baize/internal/event"
	"baize/internal/sigma"
)

// Product of every Baize event.
const Product = "linux"

// categories are the kinds for which Sigma has a category of its own. Every
// other kind is its own category, with '_' for the dot.
var categories = map[event.Kind]string{
	event.ProcessExec:    "process_creation",
	event.ProcessExit:    "process_termination",
	event.ProcessPtrace:  "process_access",
	event.FileCreate:     "file_event",
	event.FileCloseWrite: "file_event",
	event.FileOpen:       "file_access",
	event.FileUnlink:     "file_delete",
	event.NetworkConnect: "network_connection",
	event.NetworkAccept:  "network_connection",
	event.LoginSuccess:   categoryLogin,
	event.LoginFailure:   categoryLogin,
	event.LoginElevate:   categoryLogin,
	event.LoginLogout:    categoryLogin,
	event.WebAccess:      categoryWeb,
}

// Logsource of a kind: product linux, the category, and as service the part of
// the kind before the dot, so that one rule can ask for all of file.*.
func Logsource(k event.Kind) sigma.Logsource {
	if l, ok := logsources[k]; ok {
		return l
	}
	return makeLogsource(k)
}

// logsources of the kinds this version knows, so that no event makes a string.
var logsources = func() map[event.Kind]sigma.Logsource {
	all := map[event.Kind]sigma.Logsource{}
	for _, k := range Kinds() {
		all[k] = makeLogsource(k)
	}
	return all
}()

func makeLogsource(k event.Kind) sigma.Logsource {
	service, _, _ := strings.Cut(string(k), ".")
	category, ok := categories[k]
	if !ok {
		category = strings.ReplaceAll(string(k), ".", "_")
	}
	return sigma.Logsource{Product: Product, Category: category, Service: service}
}

// Kinds are the kinds of event that rules may be written for.
func Kinds() []event.Kind {
	return []event.Kind{
		event.ProcessFork, event.ProcessExec, event.ProcessExit, event.ProcessRename,
		event.ProcessCredentials, event.ProcessPtrace, event.ProcessSignal, event.ProcessNamespace, event.ProcessControl,
		event.FileCreate, event.FileCloseWrite, event.FileOpen, event.FileRename, event.FileLink,
		event.FileUnlink, event.FileAttributes, event.FileHash, event.FileDiff, event.MemfdCreate,
		event.NetworkConnect, event.NetworkAccept, event.NetworkListen, event.NetworkClose, event.NetworkBytes, event.NetworkSocket,
		event.DNSQuery, event.KernelModule, event.KernelBPF, event.KernelMount, event.KernelKexec,
		event.ContainerStart, event.ContainerStop,
		event.LoginSuccess, event.LoginFailure, event.LoginElevate, event.LoginLogout,
		event.AccountChanged, event.WebAccess, event.LogLine, event.LogAudit,
		event.SensorCoverage, event.SensorStart, event.SensorStop, event.SensorTamper, event.SensorOffline,
		event.AgentAction, event.ProbeCall, event.ProbeRepeat, event.ProbeState, event.GatewayRefused,
	}
}
