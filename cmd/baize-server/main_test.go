package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"baize/internal/server/app"
)

func TestExitStatus(t *testing.T) {
	for want, err := range map[int]error{
		1: errors.New("the log broke"),
		2: fmt.Errorf("flags: %w", &usageError{errors.New("unknown flag")}),
		3: fmt.Errorf("open: %w", app.ErrPrerequisite),
	} {
		if got := status(err); got != want {
			t.Errorf("status(%v) = %d, want %d", err, got, want)
		}
	}
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"--nix"}, {"serve"}, {"--log-age", "soon"}} {
		cmd := command()
		cmd.SetArgs(args)
		if err := cmd.Execute(); status(err) != 2 {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestEnvironmentIsTheDefault(t *testing.T) {
	t.Setenv("BAIZE_HTTP", "127.0.0.1:24999")
	t.Setenv("BAIZE_HOME", "")
	flags := command().Flags()
	if flags.Lookup("http").DefValue != "127.0.0.1:24999" || flags.Lookup("home").DefValue != "var" {
		t.Errorf("defaults %s, %s", flags.Lookup("http").DefValue, flags.Lookup("home").DefValue)
	}
}

// A password is printed at the first start alone; later ones say how to get in.
func TestGreeting(t *testing.T) {
	for want, w := range map[string]app.Welcome{
		"password  abc   (good for one login)": {User: "admin", Password: "abc"},
		"baize users one-time admin":           {User: "admin"},
		"authority sha256:00":                  {User: "admin", PasswordSet: true, Pin: "00"},
	} {
		var out bytes.Buffer
		greet(&out, w)
		if !strings.Contains(out.String(), want) || w.PasswordSet && strings.Contains(out.String(), "password") {
			t.Errorf("%+v printed\n%s", w, out.String())
		}
	}
}
