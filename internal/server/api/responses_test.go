package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"baize/internal/response"
	"baize/internal/server/actions"
	"baize/internal/server/respond"
	"baize/internal/server/state"
	baizev1 "baize/proto/baize/v1"
)

// enrol puts h1 on record.
func (b *bench) enrol() {
	b.t.Helper()
	must(b.t, b.state.AddEnrolToken(b.t.Context(), state.EnrolToken{Hash: "x", Org: "default", UsesLeft: 1, Expires: b.now.Add(time.Hour), Created: b.now}))
	_, err := b.state.Enrol(b.t.Context(), "x", state.Host{ID: "h1", MachineID: "m1", Name: "web-1"}, b.now, func(state.Host) (state.Certificate, error) {
		return state.Certificate{Serial: "s1", Host: "h1", NotAfter: b.now.Add(time.Hour)}, nil
	})
	must(b.t, err)
	must(b.t, b.state.ConnectHost(b.t.Context(), "h1", &baizev1.Hello{Name: "web-1", Boot: "b1"}, b.now))
}

// act answers to response actions as h1 does.
func (b *bench) act(ctx context.Context, o respond.Order) (respond.Result, error) {
	b.orders = append(b.orders, o)
	if o.Host != "h1" {
		return respond.Result{}, fmt.Errorf("%s: %w", o.Host, ErrUnreachable)
	}
	id := fmt.Sprintf("c%d", len(b.orders))
	if o.Record != nil {
		if err := o.Record(ctx, id); err != nil {
			return respond.Result{}, err
		}
	}
	detail := map[string]string{
		response.ActionFreeze:     `{"members":[{"key":"h1/b1/7/9","name":"kworker","inode":"h1/0:25/7/0"}],"count":3,"record":"` + id + `"}`,
		response.ActionQuarantine: `{"path":"/dev/shm/kworker","inode":"h1/0:25/7/0","sha256":"ab","size":4}`,
		response.ActionRevert:     `{"path":"/etc/crontab","before":"a","after":"b","lines":[4]}`,
		response.ActionThaw:       `{"record":"c1","action":"freeze","count":3}`,
		response.ActionRecords:    `{"records":[{"id":"c1","action":"freeze","time":"2026-01-02T03:04:05Z","subject":"h1/b1/7/9","count":3}],"count":1}`,
		response.ActionKill:       `{`,
	}[o.Action]
	b.acts.Ended(ctx, state.Command{ID: id, Host: o.Host, Action: o.Action, State: "done", Detail: detail})
	return respond.Result{Command: id, State: "done", Detail: detail}, nil
}

func TestResponses(t *testing.T) {
	b := start(t)
	b.enrol()
	analyst, responder := b.login("analyst"), b.login("responder")
	freeze := map[string]any{"host": "h1", "action": "freeze", "process": "h1/b1/7/9", "reason": "it beacons", "incident": "i1"}
	seen := decode[ResponsePreview](analyst.call(http.MethodPost, "/responses/preview", freeze))
	if seen.State != "done" || seen.Tree == nil || seen.Tree.Count != 3 || seen.Taken != nil || b.orders[0].Arguments[response.ArgDryRun] != "true" {
		t.Fatalf("%+v", seen)
	}
	responder.call(http.MethodPost, "/responses", freeze).problem(http.StatusUnprocessableEntity) // no inode
	freeze["inode"] = seen.Tree.Members[0].Inode
	analyst.call(http.MethodPost, "/responses", freeze).problem(http.StatusForbidden)
	proposal := analyst.call(http.MethodPost, "/responses/proposals", freeze).want(http.StatusCreated)
	id := strings.Split(string(proposal.body), `"`)
	proposed := id[slices.Index(id, "id")+2]
	analyst.call(http.MethodPost, "/responses/"+proposed+"/approve", nil).problem(http.StatusForbidden)
	done := decode[state.ResponseAction](responder.call(http.MethodPost, "/responses/"+proposed+"/approve", nil))
	if done.State != state.ActionDone || done.By != "analyst" || done.ApprovedBy != "responder" || b.orders[1].Approver != "responder" || b.orders[1].Arguments[response.ArgDryRun] != "" {
		t.Errorf("%+v", done)
	}
	responder.call(http.MethodPost, "/responses/"+proposed+"/approve", nil).problem(http.StatusConflict)
	if undo := decode[ResponsePreview](analyst.call(http.MethodPost, "/responses/"+proposed+"/undo/preview", nil)); undo.Undone == nil || undo.Undone.Count != 3 {
		t.Errorf("%+v", undo)
	}
	if undone := decode[state.ResponseAction](responder.call(http.MethodPost, "/responses/"+proposed+"/undo", nil)); undone.State != state.ActionUndone || undone.UndoneBy != "responder" {
		t.Errorf("%+v", undone)
	}
	if listed := decode[items[state.ResponseAction]](b.login("viewer").call(http.MethodGet, "/responses?incident=i1", nil)); len(listed.Items) != 1 || listed.Items[0].State != state.ActionUndone {
		t.Errorf("%+v", listed)
	}
	if in := decode[response.Records](analyst.call(http.MethodPost, "/hosts/h1/records", nil)); in.Count != 1 {
		t.Errorf("%+v", in)
	}
	for action, body := range map[string]map[string]any{
		"quarantine": {"path": "/dev/shm/kworker"}, "revert": {"path": "/etc/crontab", "lines": []string{"x"}},
	} {
		body["host"], body["action"] = "h1", action
		if seen := decode[ResponsePreview](analyst.call(http.MethodPost, "/responses/preview", body)); seen.Taken == nil && seen.Reverted == nil {
			t.Errorf("%s: %+v", action, seen)
		}
	}
	freeze["action"] = "kill"
	analyst.call(http.MethodPost, "/responses/preview", freeze).problem(http.StatusBadGateway)
	freeze["host"] = "h2"
	analyst.call(http.MethodPost, "/responses/preview", freeze).problem(http.StatusServiceUnavailable)
	freeze["action"] = "reboot"
	analyst.call(http.MethodPost, "/responses/preview", freeze).problem(http.StatusUnprocessableEntity)
	analyst.call(http.MethodGet, "/responses/none", nil).problem(http.StatusNotFound)
	b.audited("preview-response", "propose-response", "approve-response", "undo-response", "preview-undo", "respond", "host-records")
	for _, e := range decode[items[state.AuditEntry]](b.login("admin").call(http.MethodGet, "/audit?limit=500", nil)).Items {
		if e.Action == "approve-response" && e.Status == http.StatusOK && (e.Target != "h1" || !strings.Contains(e.Detail, "freeze h1/b1/7/9: done; it beacons")) {
			t.Errorf("%+v", e)
		}
	}
}

// audited checks that operations are in the audit log.
func (b *bench) audited(operations ...string) {
	b.t.Helper()
	var found []string
	for _, e := range decode[items[state.AuditEntry]](b.login("admin").call(http.MethodGet, "/audit?limit=500", nil)).Items {
		found = append(found, e.Action)
	}
	for _, operation := range operations {
		if !slices.Contains(found, operation) {
			b.t.Errorf("%s is not in the audit log", operation)
		}
	}
}

var _ Actions = (*actions.Store)(nil)
