package wire

import (
	"fmt"

	"baize/internal/event"
)

func (d *decoder) log(c *cursor) (*event.Log, error) {
	l := &event.Log{}
	return l, d.message(c, func(c *cursor) (err error) {
		switch c.field {
		case 1:
			return d.text(c, &l.Source)
		case 2:
			l.File = &event.LogPath{}
			return d.text(c, &l.File.Path)
		case 3:
			return d.text(c, &l.Service)
		case 4:
			l.Syslog, err = d.syslog(c)
		case 5:
			return d.text(c, &l.Unit)
		case 6:
			l.Sender, err = d.sender(c)
		case 7:
			return c.bool(&l.Truncated)
		case 8:
			return d.logField(c, l)
		}
		return err
	})
}

func (d *decoder) logField(c *cursor, l *event.Log) error {
	if err := d.spend(elementCost); err != nil {
		return err
	}
	if err := d.pair(c, &l.Fields); err != nil {
		return err
	}
	if len(l.Fields) > event.MaxLogFields {
		return fmt.Errorf("more than %d fields", event.MaxLogFields)
	}
	return nil
}

func (d *decoder) syslog(c *cursor) (*event.Syslog, error) {
	s := &event.Syslog{}
	return s, d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &s.AppName)
		case 2:
			return d.text(c, &s.ProcID)
		case 3:
			return d.text(c, &s.Hostname)
		case 4:
			s.Facility = &event.SyslogName{}
			return d.text(c, &s.Facility.Name)
		case 5:
			s.Severity = &event.SyslogName{}
			return d.text(c, &s.Severity.Name)
		}
		return nil
	})
}

func (d *decoder) sender(c *cursor) (*event.Sender, error) {
	s := &event.Sender{}
	return s, d.message(c, func(c *cursor) (err error) {
		switch c.field {
		case 1:
			return c.uint32(&s.PID)
		case 2:
			s.User, err = d.user(c)
		case 3:
			return d.text(c, &s.Executable)
		}
		return err
	})
}

func (d *decoder) access(c *cursor) (*event.Access, error) {
	a := &event.Access{}
	texts := map[int]*string{
		1: &a.Outcome, 2: &a.Service, 3: &a.Method, 7: &a.Fingerprint, 8: &a.TTY, 9: &a.Session,
		10: &a.Command, 11: &a.WorkingDirectory, 12: &a.Reason, 13: &a.Domain,
	}
	return a, d.message(c, func(c *cursor) (err error) {
		switch c.field {
		case 4:
			a.User, err = d.account(c)
		case 5:
			return c.bool(&a.UnknownUser)
		case 6:
			a.By, err = d.account(c)
		default:
			if dst := texts[int(c.field)]; dst != nil {
				return d.text(c, dst)
			}
		}
		return err
	})
}

func (d *decoder) change(c *cursor) (*event.AccountChange, error) {
	a := &event.AccountChange{}
	return a, d.message(c, func(c *cursor) (err error) {
		switch c.field {
		case 1:
			return d.text(c, &a.Action)
		case 2:
			a.Account, err = d.account(c)
		case 3:
			a.Group, err = d.account(c)
		case 4:
			return d.text(c, &a.Home)
		case 5:
			return d.text(c, &a.Shell)
		case 6:
			a.By, err = d.account(c)
		}
		return err
	})
}

func (d *decoder) account(c *cursor) (*event.Account, error) {
	a := &event.Account{}
	return a, d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &a.Name)
		case 2:
			a.ID = new(uint32)
			return c.uint32(a.ID)
		}
		return nil
	})
}

func (d *decoder) web(c *cursor, ev *event.Event) error {
	return d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			ev.HTTP = &event.HTTP{}
			return d.http(c, ev.HTTP)
		case 2:
			ev.URL = &event.URL{}
			return d.url(c, ev.URL)
		case 3:
			ev.UserAgent = &event.UserAgent{}
			return d.text(c, &ev.UserAgent.Original)
		}
		return nil
	})
}

func (d *decoder) http(c *cursor, h *event.HTTP) error {
	return d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &h.Request.Method)
		case 2:
			return d.text(c, &h.Request.Referrer)
		case 3:
			return d.text(c, &h.Request.User)
		case 4:
			return c.uint32(&h.Response.StatusCode)
		case 5:
			return c.uint64(&h.Response.Body.Bytes)
		case 6:
			return d.text(c, &h.Version)
		}
		return nil
	})
}

func (d *decoder) url(c *cursor, u *event.URL) error {
	return d.message(c, func(c *cursor) error {
		switch c.field {
		case 1:
			return d.text(c, &u.Original)
		case 2:
			return d.text(c, &u.Path)
		case 3:
			return d.text(c, &u.Query)
		case 4:
			return d.text(c, &u.Domain)
		}
		return nil
	})
}
