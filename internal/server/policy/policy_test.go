package policy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"baize/internal/event"
	"baize/internal/server/bus"
	"baize/internal/server/state"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ruleText is a rule that fires when image is executed.
func ruleText(id, image string) string {
	return fmt.Sprintf("title: T %s\nid: %s\nlevel: medium\nlogsource: {product: linux, category: process_creation}\ndetection:\n  s: {Image: %s}\n  condition: s\n", id, id, image)
}

// bench is a manager on a real log and a real database.
type bench struct {
	t   *testing.T
	cfg Config
	*Manager
}

func start(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	log, err := bus.Open(t.Context(), bus.Config{Dir: filepath.Join(dir, "bus"), MaxAge: time.Hour, MaxBytes: 256 << 20})
	must(t, err)
	t.Cleanup(log.Close)
	db, err := state.Open(t.Context(), filepath.Join(dir, "state.db"))
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	b := &bench{t: t, cfg: Config{
		State: db, Bus: log, BuiltIn: fstest.MapFS{"linux/base.yml": {Data: []byte(ruleText("base", "/bin/base"))}}, Version: "test",
		Dir: filepath.Join(dir, "rules"), Pipelines: filepath.Join(dir, "pipelines"), Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}}
	b.open()
	return b
}

func (b *bench) open() {
	b.t.Helper()
	var err error
	b.Manager, err = Open(b.t.Context(), b.cfg)
	must(b.t, err)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) push(pack string, files ...string) (Pack, error) {
	b.t.Helper()
	tree := map[string]string{}
	for i := 0; i < len(files); i += 2 {
		tree[files[i]] = files[i+1]
	}
	return b.Push(b.t.Context(), pack, tree, false, "ann")
}

// announced are the digests and lists that the log was told, in order.
func (b *bench) announced(kind event.Kind) []string {
	b.t.Helper()
	var all []string
	must(b.t, b.cfg.Bus.Read(b.t.Context(), 0, func(ev *event.Event) error {
		if ev.Kind == kind {
			all = append(all, ev.Message)
		}
		return nil
	}))
	return all
}

// inForce are the keys of the rules in force.
func (b *bench) inForce() string {
	var keys []string
	for _, r := range b.View().Rules {
		if r.InForce {
			keys = append(keys, r.Key)
		}
	}
	return strings.Join(keys, " ")
}

func TestAPackLives(t *testing.T) {
	b := start(t)
	if b.inForce() != "base" {
		t.Fatalf("in force: %s", b.inForce())
	}
	pack, err := b.push("local", "a.yml", ruleText("a", "/bin/a"), "a.test", "not kept", "lists/x.txt", "one\n")
	must(t, err)
	if pack.Number != 1 || pack.Source != "push" || pack.Author != "ann" || pack.Report.Files != 1 || pack.Report.Rules != 1 || b.inForce() != "base a" {
		t.Fatalf("%+v in force %s", pack, b.inForce())
	}
	if pack, err = b.push("local", "a.yml", ruleText("a", "/bin/a"), "lists/x.txt", "one\n"); err != nil || pack.Number != 1 {
		t.Errorf("the same files made version %d: %v", pack.Number, err)
	}
	pack, err = b.push("local", "b.yml", ruleText("b", "/bin/b"))
	must(t, err)
	if pack.Number != 2 || b.inForce() != "base b" {
		t.Fatalf("version %d in force %s", pack.Number, b.inForce())
	}
	pack, err = b.Restore(t.Context(), "local", 1)
	must(t, err)
	if pack.Number != 1 || b.inForce() != "base a" {
		t.Fatalf("version %d in force %s", pack.Number, b.inForce())
	}
	if pack, err = b.push("local", "c.yml", ruleText("c", "/bin/c")); err != nil || pack.Number != 3 {
		t.Errorf("after a restore comes version %d: %v", pack.Number, err)
	}
	must(t, b.EnableRule(t.Context(), "c", false, "ann"))
	if b.inForce() != "base" {
		t.Errorf("a disabled rule is in force: %s", b.inForce())
	}
	must(t, b.EnableRule(t.Context(), "c", true, "ann"))
	if _, err = b.EnablePack(t.Context(), BuiltIn, false); err != nil || b.inForce() != "c" {
		t.Errorf("in force %s: %v", b.inForce(), err)
	}
	rule, text, err := b.Source(t.Context(), "base")
	if err != nil || rule.InForce || !rule.Enabled || text != ruleText("base", "/bin/base") {
		t.Errorf("%+v %q %v", rule, text, err)
	}
	versions, err := b.Versions(t.Context(), "local")
	must(t, err)
	if len(versions) != 3 || versions[0].Number != 3 || versions[2].Report.Rules != 1 {
		t.Errorf("%+v", versions)
	}
}

func TestWhatCannotBeAPackIsRefused(t *testing.T) {
	b := start(t)
	_, err := b.push("local", "a.yml", ruleText("a", "/bin/a"))
	must(t, err)
	before, digest := b.announced(event.EngineRules), b.View().Digest
	huge := strings.Repeat("#", MaxFile+1)
	many := map[string]string{}
	for i := range MaxPackFiles + 1 {
		many[fmt.Sprint(i, ".yml")] = "x"
	}
	for name, c := range map[string]struct {
		pack  string
		files map[string]string
		want  error
	}{
		"built-in":      {BuiltIn, map[string]string{"a.yml": ruleText("z", "/z")}, ErrInvalid},
		"name":          {"../x", map[string]string{"a.yml": ruleText("z", "/z")}, ErrInvalid},
		"nothing":       {"local", map[string]string{"README.md": "x"}, ErrInvalid},
		"path":          {"local", map[string]string{"../a.yml": ruleText("z", "/z")}, ErrInvalid},
		"no UTF-8":      {"local", map[string]string{"a.yml": "\xff"}, ErrInvalid},
		"large file":    {"local", map[string]string{"a.yml": huge}, ErrLimit},
		"many files":    {"local", many, ErrLimit},
		"invalid rule":  {"local", map[string]string{"a.yml": "title: A\n"}, ErrInvalid},
		"id of another": {"local", map[string]string{"a.yml": ruleText("base", "/z")}, ErrInvalid},
	} {
		if _, err := b.Push(t.Context(), c.pack, c.files, false, "ann"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A pack that comes before another must not take its ids away from it.
	if _, err := b.Push(t.Context(), "aaa", map[string]string{"a.yml": ruleText("base", "/z")}, true, "ann"); !errors.Is(err, ErrInvalid) {
		t.Errorf("stolen id: %v", err)
	}
	if b.View().Digest != digest || !slices.Equal(b.announced(event.EngineRules), before) {
		t.Error("a refused push changed what is in force")
	}
	if _, err := b.Restore(t.Context(), "local", 7); !errors.Is(err, state.ErrNotFound) {
		t.Error(err)
	}
	if err := b.EnableRule(t.Context(), "none", false, "ann"); !errors.Is(err, state.ErrNotFound) {
		t.Error(err)
	}
}

func TestInvalidFilesAreNamedOrLeftOut(t *testing.T) {
	b := start(t)
	files := map[string]string{"good.yml": ruleText("good", "/bin/good"), "bad.yml": "title: Bad\nlogsource: {product: linux}\n"}
	_, err := b.Push(t.Context(), "local", files, false, "ann")
	invalid, ok := errors.AsType[*InvalidError](err)
	if !ok || len(invalid.Problems) != 1 || invalid.Problems[0].File != "local/bad.yml" || invalid.Problems[0].Line != 1 {
		t.Fatalf("%v", err)
	}
	pack, err := b.Push(t.Context(), "local", files, true, "ann")
	must(t, err)
	if len(pack.Report.Invalid) != 1 || pack.Report.Invalid[0].File != "bad.yml" || pack.Report.Loaded != 1 || b.inForce() != "base good" {
		t.Fatalf("%+v in force %s", pack.Report, b.inForce())
	}
	// What was accepted once does not stand in the way of other changes.
	_, err = b.push("other", "o.yml", ruleText("o", "/bin/o"))
	must(t, err)
	_, err = b.EnablePack(t.Context(), "local", false)
	must(t, err)
	_, err = b.EnablePack(t.Context(), "local", true)
	must(t, err)
}

func TestVersionsAreBounded(t *testing.T) {
	b := start(t)
	for i := range MaxVersions + 5 {
		_, err := b.push("local", "a.yml", ruleText("a", fmt.Sprint("/bin/", i)))
		must(t, err)
		if i == 0 {
			continue
		}
		if i == 3 {
			_, err := b.Restore(t.Context(), "local", 2)
			must(t, err)
		}
	}
	versions, err := b.Versions(t.Context(), "local")
	must(t, err)
	if len(versions) != MaxVersions || versions[0].Number != MaxVersions+5 {
		t.Errorf("%d versions, newest %d", len(versions), versions[0].Number)
	}
	for i := range MaxPacks {
		_, err = b.push(fmt.Sprint("pack", i), "a.yml", ruleText(fmt.Sprint("p", i), "/bin/a"))
	}
	if !errors.Is(err, ErrLimit) {
		t.Errorf("pack after pack: %v", err)
	}
}

func TestDirectoriesArePacks(t *testing.T) {
	b := start(t)
	write := func(name, text string) {
		file := filepath.Join(b.cfg.Dir, name)
		must(t, os.MkdirAll(filepath.Dir(file), 0o700))
		must(t, os.WriteFile(file, []byte(text), 0o600))
	}
	reload := func() string {
		lines, err := b.Reload(t.Context(), "ann")
		must(t, err)
		return strings.Join(lines, "; ")
	}
	write("site/linux/a.yml", ruleText("a", "/bin/a"))
	write("Not A Name/a.yml", ruleText("n", "/bin/n"))
	must(t, os.Symlink("/etc/hostname", filepath.Join(b.cfg.Dir, "site", "link.yml")))
	if got := reload(); !strings.Contains(got, "site: version 1") || !strings.Contains(got, "Not A Name: refused") || b.inForce() != "base a" {
		t.Fatalf("%s in force %s", got, b.inForce())
	}
	if got := reload(); !strings.Contains(got, "site: unchanged") {
		t.Fatal(got)
	}
	write("site/linux/a.yml", "title: broken\n")
	if got := reload(); !strings.Contains(got, "site: refused") || !strings.Contains(got, "linux/a.yml") || b.inForce() != "base a" {
		t.Fatalf("%s in force %s", got, b.inForce())
	}
	write("site/linux/a.yml", ruleText("b", "/bin/b"))
	if got := reload(); !strings.Contains(got, "site: version 2") || b.inForce() != "base b" {
		t.Fatalf("%s in force %s", got, b.inForce())
	}
	// A person's decision stands until the directory changes again.
	_, err := b.Restore(t.Context(), "site", 1)
	must(t, err)
	if got := reload(); !strings.Contains(got, "site: unchanged") || b.inForce() != "base a" {
		t.Fatalf("%s in force %s", got, b.inForce())
	}
}

func TestTheLogIsToldOnce(t *testing.T) {
	b := start(t)
	_, err := b.push("local", "a.yml", ruleText("a", "/bin/a"))
	must(t, err)
	for range 3 {
		b.open()
	}
	if got := b.announced(event.EngineRules); len(got) != 2 || got[1] != b.View().Digest {
		t.Fatalf("announced %v", got)
	}
	if b.inForce() != "base a" {
		t.Errorf("after a restart: %s", b.inForce())
	}
	// A new program brings its own content.
	b.cfg.BuiltIn = fstest.MapFS{"linux/base.yml": {Data: []byte(ruleText("newer", "/bin/base"))}}
	b.open()
	if b.inForce() != "newer a" || len(b.announced(event.EngineRules)) != 3 {
		t.Errorf("after an upgrade: %s", b.inForce())
	}
}

// A change that the log could not be told is told later, not forgotten.
func TestWhatTheLogWasNotToldIsToldLater(t *testing.T) {
	b := start(t)
	b.cfg.Bus.Close()
	if _, err := b.push("local", "a.yml", ruleText("a", "/bin/a")); !errors.Is(err, ErrPending) {
		t.Fatalf("a log that is closed was told: %v", err)
	}
	packs, err := b.cfg.State.Packs(t.Context())
	must(t, err)
	if len(packs) != 2 || !b.pending.Load() {
		t.Fatalf("%+v", packs)
	}
	log, err := bus.Open(t.Context(), bus.Config{Dir: filepath.Join(filepath.Dir(b.cfg.Dir), "bus"), MaxAge: time.Hour, MaxBytes: 256 << 20})
	must(t, err)
	t.Cleanup(log.Close)
	b.cfg.Bus = log
	b.open()
	if got := b.announced(event.EngineRules); got[len(got)-1] != b.View().Digest || b.inForce() != "base a" {
		t.Fatalf("announced %v", got)
	}
}

func TestPushesAtOnceAreOneAfterTheOther(t *testing.T) {
	b := start(t)
	var all sync.WaitGroup
	failed := make(chan error, 20)
	for i := range 20 {
		all.Go(func() {
			name := fmt.Sprint("p", i%4)
			_, err := b.Push(context.Background(), name, map[string]string{"a.yml": ruleText(name, fmt.Sprint("/bin/", i))}, false, "ann")
			failed <- err
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		must(t, err)
	}
	told := b.announced(event.EngineRules)
	if len(told) != 21 || told[20] != b.View().Digest || b.inForce() != "base p0 p1 p2 p3" {
		t.Errorf("%d revisions, in force %s", len(told), b.inForce())
	}
	numbers := map[string][]int{}
	for i := range 4 {
		name := fmt.Sprint("p", i)
		versions, err := b.Versions(t.Context(), name)
		must(t, err)
		for _, v := range versions {
			numbers[name] = append(numbers[name], v.Number)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		if !slices.Equal(numbers[name], []int{5, 4, 3, 2, 1}) {
			t.Errorf("%s has versions %v", name, numbers[name])
		}
	}
}

// What lies in the server's directory of pipelines is in force for the rules
// of all packs; a broken one stops neither the server nor the others.
func TestPipelinesOfTheServer(t *testing.T) {
	b := start(t)
	plain := b.View().Digest
	must(t, os.MkdirAll(b.cfg.Pipelines, 0o700))
	write := func(name, text string) {
		must(t, os.WriteFile(filepath.Join(b.cfg.Pipelines, name), []byte(text), 0o600))
	}
	write("map.yml", "transformations:\n  - type: rule_failure\n    message: none here\n")
	write("broken.yml", "transformations: 5\n")
	b.open()
	pack, err := b.Pack(BuiltIn)
	must(t, err)
	if b.View().Digest == plain || b.inForce() != "" || len(pack.Report.Unsupported) != 1 || len(b.View().pipelineProblems) != 1 {
		t.Errorf("in force %q, %+v, %v", b.inForce(), pack.Report, b.View().pipelineProblems)
	}
	for _, name := range reserved {
		if _, err := b.push(name, "a.yml", ruleText("a", "/bin/a")); !errors.Is(err, ErrInvalid) {
			t.Errorf("pack %s: %v", name, err)
		}
	}
}

// What the rules in force ask for follows every change of them.
func TestWhatTheRulesAskForFollowsThem(t *testing.T) {
	b := start(t)
	first, kinds := b.Asked()
	if !slices.Equal(kinds, []event.Kind{event.ProcessExec}) {
		t.Fatalf("the built-in rule asks for %v", kinds)
	}
	signals := "title: T\nid: sig\nlogsource: {product: linux, category: process_signal}\ndetection:\n  s: {User: root}\n  condition: s\n"
	if _, err := b.push("local", "s.yml", signals); err != nil {
		t.Fatal(err)
	}
	second, kinds := b.Asked()
	if second == first || !slices.Contains(kinds, event.ProcessSignal) || slices.Contains(kinds, event.ProcessControl) {
		t.Errorf("revision %s asks for %v", second, kinds)
	}
	must(t, b.EnableRule(t.Context(), "sig", false, "ann"))
	if _, kinds = b.Asked(); slices.Contains(kinds, event.ProcessSignal) {
		t.Errorf("a rule that is off asks for %v", kinds)
	}
}
