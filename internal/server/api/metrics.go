package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics is what the API tells about itself.
type metrics struct {
	calls       *prometheus.CounterVec
	seconds     *prometheus.HistogramVec
	logins      *prometheus.CounterVec
	subscribers prometheus.Gauge
	resyncs     prometheus.Counter
}

func newMetrics(registry *prometheus.Registry) *metrics {
	m := &metrics{
		calls:       prometheus.NewCounterVec(prometheus.CounterOpts{Name: "baize_api_calls_total", Help: "Calls by operation and HTTP status."}, []string{"operation", "status"}),
		seconds:     prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "baize_api_call_seconds", Help: "Time to answer a call."}, []string{"operation"}),
		logins:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: "baize_api_logins_total", Help: "Logins by result."}, []string{"result"}),
		subscribers: prometheus.NewGauge(prometheus.GaugeOpts{Name: "baize_api_stream_subscribers", Help: "Open live streams."}),
		resyncs:     prometheus.NewCounter(prometheus.CounterOpts{Name: "baize_api_stream_resyncs_total", Help: "Subscribers that were told to read everything again."}),
	}
	registry.MustRegister(m.calls, m.seconds, m.logins, m.subscribers, m.resyncs)
	return m
}

func (m *metrics) handler(registry *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// call counts an answered call. A stream's length says nothing about speed.
func (m *metrics) call(operation string, status int, took time.Duration) {
	m.calls.WithLabelValues(operation, strconv.Itoa(status)).Inc()
	if operation != streamOperation {
		m.seconds.WithLabelValues(operation).Observe(took.Seconds())
	}
}

func (m *metrics) login(result string) { m.logins.WithLabelValues(result).Inc() }
