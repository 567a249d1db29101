package secret

import (
	"errors"
	"strings"
	"testing"
)

func TestPasswordRoundTrip(t *testing.T) {
	hash, err := Hash("correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$") {
		t.Errorf("hash %q", hash)
	}
	if !Matches(hash, "correct horse battery") {
		t.Error("the password does not match its own hash")
	}
	for _, wrong := range []string{"", "correct horse batterz", "correct horse battery ", strings.Repeat("x", MaxPassword+1)} {
		if Matches(hash, wrong) {
			t.Errorf("%q matches", wrong)
		}
	}
	again, err := Hash("correct horse battery")
	if err != nil || again == hash {
		t.Errorf("the same salt twice (%v)", err)
	}
}

func TestLengthIsBounded(t *testing.T) {
	for _, password := range []string{"", "short", strings.Repeat("x", MaxPassword+1)} {
		if _, err := Hash(password); !errors.Is(err, ErrPassword) {
			t.Errorf("Hash of %d bytes: %v", len(password), err)
		}
	}
}

func TestNobodyMatches(t *testing.T) {
	for _, hash := range []string{"", decoy, "plain", "$argon2id$v=19$m=1,t=1,p=1$AA$AA", decoy + "x", "$argon2id$v=19$m=19456,t=2,p=1$*$*"} {
		if Matches(hash, "correct horse battery") {
			t.Errorf("%q matches", hash)
		}
	}
	if Matches("", "") {
		t.Error("nobody's empty password matches")
	}
}

func TestTokensDiffer(t *testing.T) {
	first, second := Token("baize_"), Token("baize_")
	if first == second || !strings.HasPrefix(first, "baize_") || len(first) != len("baize_")+43 {
		t.Errorf("tokens %q and %q", first, second)
	}
	if Digest(first) == Digest(second) || len(Digest(first)) != 64 {
		t.Error("digests collide")
	}
}

func TestPasswordsCanBeTyped(t *testing.T) {
	one, two := Password(), Password()
	if one == two || len(one) != 23 || strings.ContainsAny(one, "0Ool1iI") {
		t.Errorf("passwords %q and %q", one, two)
	}
	if _, err := Hash(one); err != nil {
		t.Error(err)
	}
}
