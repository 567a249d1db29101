package logline

import (
	"strings"

	"baize/internal/event"
)

// accounts reads what useradd, usermod, userdel, groupadd and gpasswd say.
func accounts(ev *event.Event) {
	text := ev.Message
	switch {
	case strings.HasPrefix(text, "new user: "):
		created(ev, strings.TrimPrefix(text, "new user: "))
	case strings.HasPrefix(text, "new group: "):
		group(ev, strings.TrimPrefix(text, "new group: "))
	case strings.HasPrefix(text, "add '"):
		joined(ev, text)
	case strings.HasPrefix(text, "change user '"):
		changed(ev, text)
	case strings.HasPrefix(text, "delete user '"):
		change(ev, event.AccountDelete, &event.AccountChange{Account: account(quoted(text, "delete user '"))})
	case strings.HasPrefix(text, "delete '"):
		left(ev, text)
	case strings.HasPrefix(text, "user "):
		byGroupTool(ev, strings.TrimPrefix(text, "user "))
	default:
		other(ev)
	}
}

func change(ev *event.Event, action string, c *event.AccountChange) {
	c.Action = action
	ev.Kind, ev.Change = event.AccountChanged, c
}

// created reads "name=X, UID=0, GID=0, home=/x, shell=/bin/sh, from=/dev/pts/0".
func created(ev *event.Event, list string) {
	c := &event.AccountChange{Account: &event.Account{}}
	for _, part := range strings.Split(list, ", ") {
		switch name, value, _ := strings.Cut(part, "="); name {
		case "name":
			c.Account.Name = value
		case "UID":
			c.Account.ID = number(value)
		case "GID":
			c.Group = &event.Account{ID: number(value)}
		case "home":
			c.Home = value
		case "shell":
			c.Shell = value
		}
	}
	change(ev, event.AccountCreate, c)
}

// group reads "name=X, GID=1001".
func group(ev *event.Event, list string) {
	g := &event.Account{}
	for _, part := range strings.Split(list, ", ") {
		switch name, value, _ := strings.Cut(part, "="); name {
		case "name":
			g.Name = value
		case "GID":
			g.ID = number(value)
		}
	}
	change(ev, event.AccountCreate, &event.AccountChange{Group: g})
}

// joined reads "add 'X' to group 'G'"; the line for the shadow file repeats it.
func joined(ev *event.Event, text string) {
	if g := quoted(text, "to group '"); g != "" {
		change(ev, event.AccountJoin, &event.AccountChange{Account: account(quoted(text, "add '")), Group: account(g)})
	}
}

// left reads "delete 'X' from group 'G'".
func left(ev *event.Event, text string) {
	if g := quoted(text, "from group '"); g != "" {
		change(ev, event.AccountLeave, &event.AccountChange{Account: account(quoted(text, "delete '")), Group: account(g)})
	}
}

// changed reads "change user 'X' WHAT from 'A' to 'B'" and "change user 'X'
// password".
func changed(ev *event.Event, text string) {
	c := &event.AccountChange{Account: account(quoted(text, "change user '"))}
	_, what, _ := strings.Cut(strings.TrimPrefix(text, "change user '"), "' ")
	word, _, _ := strings.Cut(what, " ")
	now := quoted(what, " to '")
	switch word {
	case "password":
		change(ev, event.AccountPassword, c)
		return
	case "UID":
		if c.Account != nil {
			c.Account.ID = number(now)
		}
	case "GID":
		c.Group = &event.Account{ID: number(now)}
	case "home":
		c.Home = now
	case "shell":
		c.Shell = now
	}
	change(ev, event.AccountModify, c)
}

// byGroupTool reads gpasswd's "X added by Y to group G" and "X removed by Y
// from group G".
func byGroupTool(ev *event.Event, text string) {
	words := strings.Fields(text)
	if len(words) != 7 || words[2] != "by" || words[5] != "group" {
		return
	}
	c := &event.AccountChange{Account: account(words[0]), By: account(words[3]), Group: account(words[6])}
	switch words[1] {
	case "added":
		change(ev, event.AccountJoin, c)
	case "removed":
		change(ev, event.AccountLeave, c)
	}
}
