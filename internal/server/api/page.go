package api

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"baize/internal/server/state"
)

// PageInput is how every list is read: oldest first, page by page. It is
// exported, as what is embedded below must be for its fields to be read.
type PageInput struct {
	Cursor string `query:"cursor" maxLength:"1024" doc:"The field next of the page before; empty for the first"`
	Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"Items a page"`
	Order  string `query:"order" enum:"oldest,newest" default:"oldest"`
}

func (in *PageInput) page() (state.Page, error) {
	after, err := state.ParseCursor(in.Cursor)
	return state.Page{After: after, Limit: in.Limit, Newest: in.Order == "newest"}, err
}

// items is the body of every list.
type items[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next" doc:"Cursor of the next page; empty after the last"`
}

type listOutput[T any] struct{ Body items[T] }

func list[T any](found []T, next string) *listOutput[T] {
	if found == nil {
		found = []T{}
	}
	return &listOutput[T]{Body: items[T]{Items: found, Next: next}}
}

// bodyOutput is an answer that is one object.
type bodyOutput[T any] struct{ Body T }

// none is an answer, or a question, without content.
type none struct{}

// IDInput names one object.
type IDInput struct {
	ID string `path:"id" maxLength:"512"`
}

// parseSince reads a point in time: RFC 3339, or a duration back from now.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if back, err := time.ParseDuration(text); err == nil && back >= 0 {
		return now.Add(-back), nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return at, huma.Error422UnprocessableEntity("since is neither a duration like 1h30m nor a time like 2026-01-02T03:04:05Z")
	}
	return at, nil
}
