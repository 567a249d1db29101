package label

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"baize/internal/event"
	_ "baize/test/rapidseed" // the same cases each time
)

var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func assign(kind, match string, l Labels) Assignment {
	a := Assignment{Org: "o", Kind: kind, Match: match, Labels: l, By: "ann", At: began}
	a.Identify()
	return a
}

func shop(kind, match string) Assignment { return assign(kind, match, Labels{Service: "shop"}) }

func host(id string) event.Host { return event.Host{ID: id, Name: "n-" + id} }

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"web-1", "web-1", true},
		{"web-1", "web-12", false},
		{"web-*", "web-", true},
		{"*", "", true},
		{"*-1", "web-1", true},
		{"*-1", "web-12", false},
		{"reg/*/shop:*", "reg/team/deep/shop:1.2", true},
		{"reg/*/shop:*", "reg/shop:1.2", false},
		{"a*a", "a", false},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
		{"a**b", "ab", true},
	} {
		if got := Match(c.pattern, c.name); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}

// slow tries all cuts.
func slow(pattern, name string) bool {
	if pattern == "" {
		return name == ""
	}
	if pattern[0] == '*' {
		return slow(pattern[1:], name) || name != "" && slow(pattern, name[1:])
	}
	return name != "" && name[0] == pattern[0] && slow(pattern[1:], name[1:])
}

func TestMatchIsWhatTryingAllCutsGives(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		pattern, name := rapid.StringMatching(`[ab*]{0,7}`).Draw(rt, "pattern"), rapid.StringMatching(`[ab]{0,7}`).Draw(rt, "name")
		if got, want := Match(pattern, name), slow(pattern, name); got != want {
			rt.Fatalf("Match(%q, %q) = %v", pattern, name, got)
		}
	})
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	if a := shop(KindHost, "web-*"); a.Check() != nil {
		t.Fatal(a.Check())
	}
	for want, spoil := range map[string]func(*Assignment){
		"no id":           func(a *Assignment) { a.ID = "" },
		"neither":         func(a *Assignment) { a.Kind = "moon" },
		"must match":      func(a *Assignment) { a.Match = "" },
		"at most 256":     func(a *Assignment) { a.Match = strings.Repeat("x", MaxMatch+1) },
		"* for any text":  func(a *Assignment) { a.Match = "a\nb" },
		"is required":     func(a *Assignment) { a.Labels = Labels{} },
		"at most 100":     func(a *Assignment) { a.Owner = strings.Repeat("x", MaxLabel+1) },
		"labels are":      func(a *Assignment) { a.Group = " ops" },
		"printable text":  func(a *Assignment) { a.Service = "a\x1b[31m" },
		"text of at most": func(a *Assignment) { a.Service = "\xff" },
	} {
		a := shop(KindHost, "web-*")
		spoil(&a)
		if err := a.Check(); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	if _, err := NewSet(make([]Assignment, MaxAssignments+1)); !errors.Is(err, ErrInvalid) {
		t.Errorf("too many: %v", err)
	}
}

// TestTheMostTellingAssignmentCounts: for each label by itself; an image's count
// instead of its host's.
func TestTheMostTellingAssignmentCounts(t *testing.T) {
	late := assign(KindHost, "*web*", Labels{Service: "later", Group: "night"})
	late.At = began.Add(time.Hour)
	set, err := NewSet([]Assignment{
		assign(KindHost, "*", Labels{Service: "any", Owner: "ops", Group: "all"}),
		assign(KindHost, "web-*", Labels{Service: "web"}),
		assign(KindHost, "*-web", Labels{Service: "earlier", Owner: "ann"}), late,
		assign(KindHost, "web-7", Labels{Owner: "bob"}),
		assign(KindHost, "h7", Labels{Service: "by id"}),
		assign(KindImage, "reg/shop:*", Labels{Service: "shop"}),
		{ID: "l", Org: "p", Kind: KindHost, Match: "*", Labels: Labels{Service: "another's"}, At: began},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		id, name, image string
		want            Labels
	}{
		{"h1", "db-1", "", Labels{"any", "ops", "all"}},
		{"h2", "web-2", "", Labels{"web", "ops", "night"}},
		{"h7", "web-7", "", Labels{"by id", "bob", "night"}},
		{"h8", "db-web", "", Labels{"earlier", "ann", "night"}},
		{"h9", "web", "", Labels{"later", "ops", "night"}},
		{"h7", "web-7", "reg/shop:1", Labels{"shop", "", ""}},
		{"h7", "web-7", "reg/other:1", Labels{"by id", "bob", "night"}},
		{"h1", "", "", Labels{"any", "ops", "all"}},
	} {
		if got := set.Of("o", event.Host{ID: c.id, Name: c.name}, c.image); got != c.want {
			t.Errorf("%s %s %s: %+v, want %+v", c.id, c.name, c.image, got, c.want)
		}
	}
	var none *Set
	if none.Of("o", host("h"), "x") != (Labels{}) || none.List() != nil {
		t.Error("no set has labels")
	}
}

func names(d *Directory, hit ...event.Host) string {
	list, more := d.Siblings("o", []string{"shop"}, hit)
	var said []string
	for _, s := range list {
		said = append(said, s.ID)
	}
	if more > 0 {
		said = append(said, fmt.Sprintf("+%d", more))
	}
	return strings.Join(said, " ")
}

func TestHostsOfAService(t *testing.T) {
	d := NewDirectory()
	hour := int64(time.Hour)
	now := began.UnixNano()
	publish := func(want int) {
		t.Helper()
		if got := d.Publish(now); len(got) != want {
			t.Fatalf("changed %v, want %d", got, want)
		}
	}
	d.Saw("o", host("web-1"), "", now)
	d.Saw("o", host("k8s-1"), "reg/shop:1", now)
	d.Saw("p", host("web-9"), "", now)
	publish(0)
	changed, err := d.Assign([]Assignment{shop(KindHost, "web-*"), shop(KindImage, "reg/shop:*")}, now)
	if err != nil || len(changed) != 1 || changed[0] != (Service{"o", "shop"}) || names(d) != "k8s-1 web-1" {
		t.Fatalf("%v %v %q", changed, err, names(d))
	}
	d.Saw("o", host("web-2"), "", now)
	if names(d) != "k8s-1 web-1" {
		t.Error("a host counts before it is published")
	}
	publish(1)
	publish(0)
	if names(d, host("web-1")) != "k8s-1 web-2" {
		t.Errorf("%q", names(d, host("web-1")))
	}
	d.Saw("o", event.Host{ID: "web-2", Name: "another"}, "", now)
	publish(1)
	if names(d) != "web-2 k8s-1 web-1" {
		t.Errorf("renamed: %q", names(d))
	}
	now += int64(memory)
	d.Saw("o", host("k8s-1"), "", now)
	d.Saw("o", host("web-1"), "", now)
	now += hour
	publish(1)
	if names(d) != "web-1" {
		t.Errorf("after a week: %q", names(d))
	}
	if _, err := d.Assign([]Assignment{{}}, now); !errors.Is(err, ErrInvalid) || names(d) != "web-1" {
		t.Errorf("%v %q", err, names(d))
	}
	if changed, _ := d.Assign(nil, now); len(changed) != 1 || names(d) != "" || len(d.members) != 0 {
		t.Errorf("%v %q", changed, names(d))
	}
}

func TestADirectoryIsBounded(t *testing.T) {
	d := NewDirectory()
	if _, err := d.Assign([]Assignment{shop(KindHost, "*")}, 0); err != nil {
		t.Fatal(err)
	}
	for i := range maxHosts + 10 {
		d.Saw("o", host(fmt.Sprintf("h%06d", i)), "", int64(i))
	}
	for i := range 3 * maxImages {
		d.Saw("o", host("h100000"), fmt.Sprint("i", i), int64(i))
	}
	d.Publish(0)
	_, more := d.Siblings("o", []string{"shop"}, nil)
	if more+MaxSiblings != maxHosts || d.hosts.Len() != maxHosts || len(d.hosts.Peek(hostKey{"o", "h100000"}).Images) != maxImages || len(d.left) != 0 {
		t.Errorf("%d hosts, %d siblings", d.hosts.Len(), more)
	}
}

// TestADirectoryAfterARestart: whatever happened, one that is restored anywhere goes on as
// the other, and both have the hosts that counting each anew gives.
func TestADirectoryAfterARestart(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d, now := NewDirectory(), began.UnixNano()
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			now += int64(rapid.IntRange(0, 40).Draw(rt, "hours")) * int64(time.Hour)
			id := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "host")
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0:
				list := []Assignment{shop(KindHost, rapid.SampledFrom([]string{"a", "n-*", "*", "z"}).Draw(rt, "match")), shop(KindImage, "i*")}
				if _, err := d.Assign(list[:rapid.IntRange(0, 2).Draw(rt, "some")], now); err != nil {
					rt.Fatal(err)
				}
			case 1:
				d.Publish(now)
			case 2:
				other := NewDirectory()
				kept := d.Keep()
				if err := other.Restore(&kept); err != nil {
					rt.Fatal(err)
				}
				if again := other.Keep(); !reflect.DeepEqual(kept, again) || !reflect.DeepEqual(d.members, other.members) {
					rt.Fatalf("kept %+v\nagain %+v", kept, again)
				}
				d = other
			default:
				d.Saw("o", event.Host{ID: id, Name: rapid.SampledFrom([]string{"", "n-1", "m"}).Draw(rt, "name")}, rapid.SampledFrom([]string{"", "i1", "j"}).Draw(rt, "image"), now)
			}
		}
		d.Publish(now)
		anew, all := NewDirectory(), moves{}
		for key, k := range d.hosts.All() {
			all.move(key, &known{Name: k.Name}, d.servicesOf(key, k))
		}
		if anew.follow(all); !reflect.DeepEqual(d.members, anew.members) {
			rt.Fatalf("%v, counted anew %v", d.members, anew.members)
		}
	})
}
