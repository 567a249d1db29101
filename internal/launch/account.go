package launch

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"os/user"
	"strconv"
)

// accountName is the system user that runs the server.
const accountName = "baize"

// account is an unprivileged user.
type account struct{ uid, gid int }

// ensureAccount finds the server's user and creates it where it is missing.
func ensureAccount(ctx context.Context) (account, error) {
	entry, err := user.Lookup(accountName)
	var unknown user.UnknownUserError
	if errors.As(err, &unknown) {
		create := exec.CommandContext(ctx, "useradd", "--system", "--user-group", "--no-create-home",
			"--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", accountName)
		if out, err := create.CombinedOutput(); err != nil {
			return account{}, fmt.Errorf("%w: cannot create the system user %s: %w: %s", ErrPrerequisite, accountName, err, out)
		}
		entry, err = user.Lookup(accountName)
	}
	if err != nil {
		return account{}, fmt.Errorf("system user %s: %w", accountName, err)
	}
	uid, err := strconv.Atoi(entry.Uid)
	if err != nil {
		return account{}, err
	}
	gid, err := strconv.Atoi(entry.Gid)
	return account{uid, gid}, err
}
