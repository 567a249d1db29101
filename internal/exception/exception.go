package exception

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of exceptions. All that are in force fit in one record of the log.
const (
	// MaxLife is how far ahead an expiry may be: who still needs the exception
	// then looks at it again.
	MaxLife = 90 * 24 * time.Hour
	// MaxActive bounds the exceptions in force at once.
	MaxActive = 200
	// MaxSelection bounds a selection, MaxReason a reason, in bytes.
	MaxSelection = 2048
	MaxReason    = 500
	// MaxScope bounds the rules, and the hosts, that one exception names.
	MaxScope = 50
	maxName  = 256
)

// ErrInvalid reports an exception that cannot be in force; the text says why.
var ErrInvalid = errors.New("invalid exception")

// Exception hides the firings that it describes until it expires.
type Exception struct {
	ID string `json:"id"`
	// Owner answers for it.
	Owner  string `json:"owner"`
	Reason string `json:"reason"`
	// Created and Expires bound it. It ends when the log's time reaches Expires.
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	// Rules are ids of rules; none for any rule.
	Rules []string `json:"rules,omitempty"`
	// Hosts are ids or names, in which * stands for any text; none for any
	// host. A name is what the host calls itself: an id is safer.
	Hosts []string `json:"hosts,omitempty"`
	// Selection is YAML: a selection of a Sigma rule's detection. Empty holds
	// for every event.
	Selection string `json:"selection,omitempty"`
}

// Check says whether the exception may be made at now. The error is ErrInvalid.
func (x *Exception) Check(now time.Time) error {
	for _, c := range []struct {
		wrong bool
		what  string
	}{
		{x.Owner == "" || len(x.Owner) > maxName, "an owner is required"},
		{strings.TrimSpace(x.Reason) == "" || len(x.Reason) > MaxReason, fmt.Sprintf("a reason of at most %d bytes is required", MaxReason)},
		{!x.Expires.After(now), "it must expire in the future"},
		{x.Expires.After(now.Add(MaxLife)), fmt.Sprintf("it must expire within %d days", int(MaxLife.Hours()/24))},
		{len(x.Rules) == 0 && strings.TrimSpace(x.Selection) == "", "rules or a selection are required: one without both would hide every alert"},
		{len(x.Rules) > MaxScope || len(x.Hosts) > MaxScope, fmt.Sprintf("it may name at most %d rules and %d hosts", MaxScope, MaxScope)},
		{len(x.Selection) > MaxSelection, fmt.Sprintf("a selection has at most %d bytes", MaxSelection)},
		{!utf8.ValidString(x.Reason + x.Selection), "its texts must be UTF-8"},
	} {
		if c.wrong {
			return fmt.Errorf("%w: %s", ErrInvalid, c.what)
		}
	}
	if err := x.checkNames(); err != nil {
		return err
	}
	_, err := Compile([]Exception{*x})
	return err
}

func (x *Exception) checkNames() error {
	for _, name := range append(append([]string{}, x.Rules...), x.Hosts...) {
		if name == "" || len(name) > maxName || !utf8.ValidString(name) {
			return fmt.Errorf("%w: %.40q is no id or name", ErrInvalid, name)
		}
	}
	for _, h := range x.Hosts {
		if strings.ContainsAny(h, `?[]\/`) {
			return fmt.Errorf("%w: host %.40q: only * is a wildcard", ErrInvalid, h)
		}
	}
	return nil
}

// Active says that it has not expired at an instant of the log.
func (x *Exception) Active(now time.Time) bool { return now.Before(x.Expires) }

// covers says whether rule and host are in its scope.
func (x *Exception) covers(rule, host, name string) bool {
	return (len(x.Rules) == 0 || contains(x.Rules, rule)) && (len(x.Hosts) == 0 || matches(x.Hosts, host, name))
}

func contains(list []string, want string) bool {
	for _, item := range list {
		if item == want {
			return true
		}
	}
	return false
}

// matches compares with patterns that hold no wildcard but *. A name with a
// slash, which no host has, is covered by none of them.
func matches(patterns []string, texts ...string) bool {
	for _, p := range patterns {
		for _, text := range texts {
			if ok, err := path.Match(p, text); ok && err == nil && text != "" {
				return true
			}
		}
	}
	return false
}
