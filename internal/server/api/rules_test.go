package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"baize/internal/alert"
	"baize/internal/event"
	"baize/internal/exception"
	"baize/internal/server/policy"
	"baize/internal/server/state"
)

// ruleText is a rule that fires when image is executed.
func ruleText(id, image string) string {
	return fmt.Sprintf("title: T %s\nid: %s\nlevel: low\nlogsource: {product: linux, category: process_creation}\ndetection:\n  s: {Image: %s}\n  condition: s\n", id, id, image)
}

func files(pairs ...string) map[string]any {
	tree := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		tree[pairs[i]] = pairs[i+1]
	}
	return map[string]any{"files": tree}
}

func TestPacksThroughTheAPI(t *testing.T) {
	b := start(t)
	admin := b.login("admin")
	pack := decode[policy.Pack](admin.call(http.MethodPut, "/rule-packs/local", files("a.yml", ruleText("a", "/bin/a"))))
	if pack.Number != 1 || pack.Author != "admin" || !pack.Enabled {
		t.Errorf("%+v", pack)
	}
	detail := admin.call(http.MethodPut, "/rule-packs/local", files("bad.yml", "title: x\n"))
	if detail.problem(http.StatusConflict); !strings.Contains(string(detail.body), `"location":"local/bad.yml:1"`) {
		t.Errorf("%s", detail.body)
	}
	admin.call(http.MethodPut, "/rule-packs/baize", files("a.yml", ruleText("z", "/z"))).problem(http.StatusUnprocessableEntity)
	decode[policy.Pack](admin.call(http.MethodPut, "/rule-packs/local", files("b.yml", ruleText("b", "/bin/b"))))
	if versions := decode[items[policy.Version]](admin.call(http.MethodGet, "/rule-packs/local/versions", nil)); len(versions.Items) != 2 {
		t.Errorf("%+v", versions)
	}
	admin.call(http.MethodGet, "/rule-packs/none/versions", nil).problem(http.StatusNotFound)
	if pack = decode[policy.Pack](admin.call(http.MethodPost, "/rule-packs/local/restore", map[string]int{"version": 1})); pack.Number != 1 {
		t.Errorf("%+v", pack)
	}
	if rule := decode[policy.Rule](admin.call(http.MethodPost, "/rules/enabled", map[string]any{"rule": "a", "enabled": false})); rule.InForce {
		t.Errorf("%+v", rule)
	}
	if pack = decode[policy.Pack](admin.call(http.MethodPost, "/rule-packs/baize/enabled", map[string]bool{"enabled": false})); pack.Enabled {
		t.Errorf("%+v", pack)
	}
	decode[Reloaded](admin.call(http.MethodPost, "/rule-packs/reload", nil))
	viewer := b.login("viewer")
	if packs := decode[items[policy.Pack]](viewer.call(http.MethodGet, "/rule-packs", nil)); len(packs.Items) != 2 || packs.Items[0].Enabled {
		t.Errorf("%+v", packs)
	}
	if source := decode[Source](viewer.call(http.MethodGet, "/rules/source?rule=base", nil)); !strings.Contains(source.Text, "/bin/base") || source.InForce {
		t.Errorf("%+v", source)
	}
	var audit []string
	for _, e := range decode[items[state.AuditEntry]](admin.call(http.MethodGet, "/audit", nil)).Items {
		audit = append(audit, fmt.Sprint(e.Action, " ", e.Target, " ", e.Status, " ", e.Detail))
	}
	for _, want := range []string{"push-rule-pack local 200 version 1 sha256:", "push-rule-pack local 409", "restore-rule-pack local 200 version 1", "enable-rule a 200 enabled false", "enable-rule-pack baize 200"} {
		if !strings.Contains(strings.Join(audit, "\n"), want) {
			t.Errorf("the audit log lacks %q:\n%s", want, strings.Join(audit, "\n"))
		}
	}
}

func TestRulesComePageByPageWithTheirHits(t *testing.T) {
	b := start(t)
	var pairs []string
	for i := range 5 {
		pairs = append(pairs, fmt.Sprint(i, ".yml"), ruleText(fmt.Sprint("r", i), "/bin/a"))
	}
	b.login("admin").call(http.MethodPut, "/rule-packs/local", files(pairs...)).want(http.StatusOK)
	b.fire("r1", "h1", b.now.Add(-time.Hour), "x")
	b.fire("r1", "h2", b.now.Add(-25*time.Hour), "x")
	viewer := b.login("viewer")
	var got []string
	for cursor, more := "", true; more; more = cursor != "" {
		page := decode[items[CountedRule]](viewer.call(http.MethodGet, "/rules?pack=local&limit=2&cursor="+cursor, nil))
		for _, r := range page.Items {
			got = append(got, fmt.Sprint(r.Key, r.Hits))
		}
		cursor = page.Next
	}
	if fmt.Sprint(got) != "[r00 r11 r20 r30 r40]" {
		t.Errorf("%v", got)
	}
	for _, cursor := range []string{"x", "-1", "99"} {
		viewer.call(http.MethodGet, "/rules?cursor="+cursor, nil).problem(http.StatusUnprocessableEntity)
	}
}

// fire stores an alert.
func (b *bench) fire(rule, host string, at time.Time, command string) {
	b.t.Helper()
	epoch, err := b.state.TakeLease(b.t.Context(), state.RoleEngine, "test")
	must(b.t, err)
	position, err := b.state.Position(b.t.Context(), state.RoleEngine)
	must(b.t, err)
	who := event.Host{ID: host, Name: host + ".example"}
	ev := &event.Event{Kind: event.ProcessExec, Time: at, Host: who, Process: &event.Process{Executable: "/bin/a", CommandLine: command}}
	a := alert.Alert{ID: rule + host + at.String(), Revision: 1, Kind: alert.KindRule, Time: at, Last: at, Host: who, Count: 4, Rule: &alert.Rule{ID: rule, Title: "T", Level: "low"}, Event: ev}
	must(b.t, b.state.ApplyEngine(b.t.Context(), epoch, position+1, state.Output{Alerts: []alert.Alert{a}}))
}

func TestExceptionsThroughTheAPI(t *testing.T) {
	b := start(t)
	b.fire("base", "h1", b.now.Add(-time.Hour), "known")
	b.fire("base", "h2", b.now.Add(-time.Hour), "other")
	b.fire("base", "h3", b.now.Add(-200*time.Hour), "known")
	responder, viewer := b.login("responder"), b.login("viewer")
	scope := map[string]any{"rules": []string{"base"}, "selection": "CommandLine: known"}
	preview := decode[Preview](b.login("analyst").call(http.MethodPost, "/exceptions/preview", scope))
	if preview.Scanned != 2 || preview.Alerts != 1 || preview.Firings != 4 || preview.Hosts[0].ID != "h1" || preview.More || len(preview.Samples) != 1 {
		t.Errorf("%+v", preview)
	}
	scope["since"] = "soon"
	responder.call(http.MethodPost, "/exceptions/preview", scope).problem(http.StatusUnprocessableEntity)
	delete(scope, "since")
	scope["reason"], scope["life"] = "the backup", "1h"
	made := decode[Exception](responder.call(http.MethodPost, "/exceptions", scope).created())
	if made.Owner != "responder" || made.State != "active" || made.ID == "" {
		t.Errorf("%+v", made)
	}
	for name, spoil := range map[string]any{"life": "3000h", "selection": "Image: [", "reason": ""} {
		bad := map[string]any{"rules": []string{"base"}, "reason": "r", "life": "1h"}
		bad[name] = spoil
		responder.call(http.MethodPost, "/exceptions", bad).problem(http.StatusUnprocessableEntity)
	}
	if hidden := decode[items[exception.Firing]](viewer.call(http.MethodGet, "/exceptions/"+made.ID+"/hidden", nil)); len(hidden.Items) != 0 {
		t.Errorf("%+v", hidden)
	}
	states := func() string {
		var all []string
		for _, x := range decode[items[Exception]](viewer.call(http.MethodGet, "/exceptions", nil)).Items {
			all = append(all, x.State)
		}
		return strings.Join(all, " ")
	}
	if states() != "active" {
		t.Error(states())
	}
	b.now = b.now.Add(time.Hour)
	if states() != "expired" {
		t.Error(states())
	}
	responder.call(http.MethodDelete, "/exceptions/"+made.ID, nil).want(http.StatusNoContent)
	responder.call(http.MethodDelete, "/exceptions/"+made.ID, nil).problem(http.StatusNotFound)
	if states() != "removed" {
		t.Error(states())
	}
}

// created lets a 201 be decoded as a 200 is.
func (a *answer) created() *answer {
	a.t.Helper()
	a.want(http.StatusCreated).status = http.StatusOK
	return a
}

func TestProposalsThroughTheAPI(t *testing.T) {
	b := start(t)
	for i := range exception.MinHosts {
		b.fire("base", fmt.Sprint("h", i), b.now.Add(-time.Hour), "-v")
	}
	responder := b.login("responder")
	read := func() []policy.Proposal {
		return decode[items[policy.Proposal]](responder.call(http.MethodGet, "/exception-proposals", nil)).Items
	}
	found := read()
	if len(found) != 1 || found[0].Hosts != exception.MinHosts {
		t.Fatalf("%+v", found)
	}
	path := "/exception-proposals/" + found[0].ID
	responder.call(http.MethodPost, path+"/dismiss", nil).want(http.StatusNoContent)
	if got := read(); got[0].DismissedBy != "responder" {
		t.Errorf("%+v", got)
	}
	responder.call(http.MethodDelete, path+"/dismiss", nil).want(http.StatusNoContent)
	made := decode[Exception](responder.call(http.MethodPost, path+"/accept", map[string]string{"reason": "known", "life": "24h"}).created())
	if made.Selection != found[0].Selection || made.Rules[0] != "base" {
		t.Errorf("%+v", made)
	}
	responder.call(http.MethodPost, "/exception-proposals/none/accept", map[string]string{"reason": "known", "life": "24h"}).problem(http.StatusNotFound)
}
