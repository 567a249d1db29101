package action

import (
	"context"
	"errors"

	"baize/internal/agent/tree"
	baizev1 "baize/proto/baize/v1"
)

// openLedger reads what can be undone, and ends what was interrupted.
func (x *Executor) openLedger() error {
	var err error
	if x.records, err = readLedger(x.options.Dir); err != nil {
		return err
	}
	for _, r := range x.records.all() {
		if r.Boot != x.options.Boot && len(r.Groups) > 0 {
			err = errors.Join(err, x.records.drop(r.ID)) // they ended with that boot
			continue
		}
		if r.Acting {
			x.recover(r)
		}
	}
	return errors.Join(err, x.clearVault())
}

// What an action came to that was interrupted.
const (
	interruptedUndone = "the agent was ended while it acted: undone"
	interruptedDone   = "the agent was ended while it acted: done"
)

// recover ends an action that was interrupted. What cannot be ended stays on
// record, and the agent runs.
func (x *Executor) recover(r record) {
	detail := interruptedUndone
	var err error
	switch {
	case r.File != nil:
		detail, err = x.recoverTaken(r)
	case r.Lines != nil:
		detail, err = x.recoverLines(r)
	default:
		err = errors.Join(tree.Recover(context.Background(), tree.Finder{Proc: x.options.Proc}, r.Groups), x.records.drop(r.ID))
	}
	if err != nil {
		detail = "the agent was ended while it acted, and it cannot be undone: " + err.Error()
	}
	x.report(r.Action, &baizev1.CommandResult{Id: r.ID, State: Failed, Detail: detail})
}
