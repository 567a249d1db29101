package agent

import (
	"os"
	"path/filepath"
	"time"

	"baize/internal/agent/probe"
	"baize/internal/agent/probe/hotspot"
	"baize/internal/agent/probe/target"
	"baize/internal/redact"
)

// probeJVM is the name of the Java VM's probe, beside the agent's program.
const probeJVM = "baize-probe-jvm.jar"

// newProbes is the manager of the probes of this host's applications.
func newProbes(o *Options, host, boot string, covers func(uint32) bool, redactor *redact.Redactor, watch *observer) *probe.Manager {
	exe, err := os.Executable()
	if err != nil {
		o.Log.Warn("where the probes' files lie is not known", "error", err)
	}
	return probe.Open(probe.Options{
		Dir: o.State, Host: host, Boot: boot, Runtimes: []target.Runtime{hotspot.Runtime{}},
		Files:  map[string]string{hotspot.Name: filepath.Join(filepath.Dir(exe), probeJVM)},
		Covers: covers, Redactor: redactor, Report: watch.report, Now: time.Now, Log: o.Log,
	})
}
