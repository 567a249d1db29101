package app

import (
	"baize/internal/provenance"
	"baize/internal/server/evidence"
	"baize/internal/server/state"
)

// dropped names the programs that intruders brought and that are still there to
// the evidence store, which asks for them if policy says so.
func dropped(store *evidence.Store) func(state.Output) {
	return func(out state.Output) {
		for k := range out.Intrusions {
			for _, d := range droppedBy(&out.Intrusions[k]) {
				store.Dropped(d)
			}
		}
	}
}

// droppedBy are those of one intrusion whose content is known: before that the
// same file would be asked for again.
func droppedBy(i *provenance.Intrusion) []evidence.Dropped {
	var list []evidence.Dropped
	for k := range i.Files {
		f := &i.Files[k]
		if f.SHA256 == "" || f.Gone || f.Memory || !f.Executed && !f.Executable {
			continue
		}
		list = append(list, evidence.Dropped{Host: i.Host.ID, Path: f.Path, Inode: f.Inode, SHA256: f.SHA256, Alert: alertOf(i), Level: "high"})
	}
	return list
}

// alertOf is the alert that showed the first stage that one did.
func alertOf(i *provenance.Intrusion) string {
	for k := range i.Stages {
		if i.Stages[k].Alert != "" {
			return i.Stages[k].Alert
		}
	}
	return ""
}
