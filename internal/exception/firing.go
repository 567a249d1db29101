package exception

import (
	"time"

	"baize/internal/alert"
	"baize/internal/event"
)

// Firing is one that an exception hid: it raised no alert and marked nothing.
type Firing struct {
	Exception string `json:"exception"`
	// Hits of the exception up to and with this one: what tells its firings
	// apart, and a repetition of the log from news.
	Hits  uint64       `json:"hits"`
	Time  time.Time    `json:"time"`
	Rule  *alert.Rule  `json:"rule"`
	Host  event.Host   `json:"host"`
	Event *event.Event `json:"event"`
}
