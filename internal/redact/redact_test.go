package redact

import (
	"bufio"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	marked = regexp.MustCompile(`«([^»]*)»`)
	tokens = regexp.MustCompile(`\[redacted(:[0-9a-f]{8})?\]`)
)

func newRedactor(t testing.TB, config Config) *Redactor {
	t.Helper()
	r, err := New([]byte("a key of an organisation, secret"), config)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// lines reads a corpus without its comments.
func lines(t testing.TB, name string) []string {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		if line := scanner.Text(); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}

// arguments takes a command line apart as a shell does.
func arguments(line string) []string {
	var args []string
	var arg strings.Builder
	quote, open := rune(0), false
	for _, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			arg.WriteRune(c)
		case c == '\'' || c == '"':
			quote, open = c, true
		case c == ' ':
			if open || arg.Len() > 0 {
				args = append(args, arg.String())
				arg.Reset()
				open = false
			}
		default:
			arg.WriteRune(c)
		}
	}
	if open || arg.Len() > 0 {
		args = append(args, arg.String())
	}
	return args
}

// expect redacts args, in which the secrets are marked.
func expect(t *testing.T, r *Redactor, withMarks []string) {
	t.Helper()
	var args, want []string
	count := 0
	for _, a := range withMarks {
		args = append(args, marked.ReplaceAllString(a, "$1"))
		want = append(want, marked.ReplaceAllString(a, "[redacted]"))
		count += len(marked.FindAllString(a, -1))
		if strings.ContainsAny(args[len(args)-1], "«»") {
			t.Errorf("%q: a secret in two arguments", a)
		}
	}
	before := slices.Clone(args)
	got, n := r.Args(args, false)
	if !slices.Equal(args, before) {
		t.Errorf("the arguments were changed: %q", args)
	}
	for i := range got {
		got = slices.Clone(got)
		got[i] = tokens.ReplaceAllString(got[i], "[redacted]")
	}
	if !slices.Equal(got, want) || n != count {
		t.Errorf("%d replaced\n got %q\nwant %q", n, got, want)
	}
}

func TestSecretsAreReplacedAndNothingElse(t *testing.T) {
	r := newRedactor(t, Config{})
	corpus := lines(t, "secrets.txt")
	if len(corpus) < 200 {
		t.Errorf("%d lines, want 200", len(corpus))
	}
	for _, line := range corpus {
		asText, asArgs := true, true
		if rest, ok := strings.CutPrefix(line, "T "); ok {
			line, asArgs = rest, false
		} else if rest, ok := strings.CutPrefix(line, "A "); ok {
			line, asText = rest, false
		}
		if asArgs {
			expect(t, r, arguments(line))
		}
		if asText {
			expect(t, r, []string{"sh", "-c", line})
		}
	}
}

func TestWhatIsNoSecretStaysReadable(t *testing.T) {
	r := newRedactor(t, Config{})
	corpus := lines(t, "readable.txt")
	if len(corpus) < 200 {
		t.Errorf("%d lines, want 200", len(corpus))
	}
	for _, line := range corpus {
		line, textOnly := strings.CutPrefix(line, "T ")
		if !textOnly {
			expect(t, r, arguments(line))
		}
		expect(t, r, []string{"sh", "-c", line})
		expect(t, r, []string{line})
	}
}

func TestEqualSecretsHaveEqualTokens(t *testing.T) {
	r := newRedactor(t, Config{})
	token := ""
	for _, args := range [][]string{
		{"mysql", "-phunter2"},
		{"mysql", "--password=hunter2"},
		{"sh", "-c", "mysql -p'hunter2' x"},
		{"sshpass", "-p", "hunter2", "ssh", "h"},
		{"psql", "postgres://app:hunter2@db/x"},
		{"psql", "postgres://app:h%75nter2@db/x"},
	} {
		got, n := r.Args(args, false)
		found := tokens.FindString(strings.Join(got, " "))
		if token == "" {
			token = found
		}
		if n != 1 || found == "" || found != token {
			t.Errorf("%q: %d, %q, want %q", args, n, found, token)
		}
	}
	other, err := New([]byte("another organisation's"), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := other.Args([]string{"mysql", "-phunter2"}, false); strings.Contains(got[1], token) {
		t.Error("the token does not depend on the key")
	}
}

// The hash of a part of a secret would be a lie: it matches nothing.
func TestACutSecretHasNoHash(t *testing.T) {
	r := newRedactor(t, Config{})
	got, _ := r.Args([]string{"mysql", "-phunt"}, true)
	if got[1] != "-p[redacted]" {
		t.Errorf("%q", got)
	}
	if got, _ = r.Args([]string{"mysql", "-phunter2", "sh"}, true); !tokens.MatchString(got[1]) || got[1] == "-p[redacted]" {
		t.Errorf("%q", got)
	}
}

func TestVariables(t *testing.T) {
	r := newRedactor(t, Config{})
	for _, c := range []struct {
		name, value string
		n           int
	}{
		{"LD_PRELOAD", "/tmp/x.so", 0},
		{"SSH_CONNECTION", "10.0.0.1 22 10.0.0.2 40000", 0},
		{"DB_PASSWORD", "hunter2", 1},
		{"DATABASE_URL", "postgres://app:hunter2@db/x", 1},
	} {
		got, n := r.Env(c.name, c.value)
		if n != c.n || n == 0 && got != c.value || strings.Contains(got, "hunter2") {
			t.Errorf("%s=%s: %q, %d", c.name, c.value, got, n)
		}
	}
}

func TestStatements(t *testing.T) {
	r := newRedactor(t, Config{})
	got, n := r.Text("CREATE USER app IDENTIFIED BY 'hunter2'")
	if n != 1 || strings.Contains(got, "hunter2") || !strings.HasPrefix(got, "CREATE USER app IDENTIFIED BY '") {
		t.Errorf("%q", got)
	}
	if got, n := r.Text("SELECT password FROM users WHERE id = 'x'"); n != 0 {
		t.Errorf("%q", got)
	}
}
