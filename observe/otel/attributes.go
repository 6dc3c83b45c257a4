package otelobserve

import (
	"maps"
	"sync/atomic"

	"github.com/tokenauth/tokenauth/core"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// byReason is what the counters and events of one reason are given.
type byReason struct {
	add   []metric.AddOption
	event []trace.EventOption
}

func newByReason(reason core.Reason) byReason {
	attr := attribute.String("tokenauth.reason", string(reason))
	return byReason{
		add:   []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attr))},
		event: []trace.EventOption{trace.WithAttributes(attr)},
	}
}

// begin is what the span of a call of one method is given.
type begin struct {
	name    string
	options []trace.SpanStartOption
}

func newBegin(method string) begin {
	return begin{"tokenauth.store." + method, []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindInternal), trace.WithAttributes(methodAttr(method)),
	}}
}

// call is a call of the store that has ended.
type call struct {
	method  string
	outcome core.Outcome
}

// end is what the histogram and the span of such a call are given.
type end struct {
	record  []metric.RecordOption
	outcome []attribute.KeyValue
}

func newEnd(c call) end {
	outcome := attribute.String("tokenauth.store.outcome", string(c.outcome))
	return end{
		record:  []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(methodAttr(c.method), outcome))},
		outcome: []attribute.KeyValue{outcome},
	}
}

func methodAttr(method string) attribute.KeyValue {
	return attribute.String("tokenauth.store.method", method)
}

// memo makes a value once for each key, because making options costs more than counting.
// The keys must be few.
type memo[K comparable, V any] struct {
	value func(K) V
	known atomic.Pointer[map[K]V] // never changed, but replaced
}

func newMemo[K comparable, V any](value func(K) V) *memo[K, V] {
	m := &memo[K, V]{value: value}
	m.known.Store(&map[K]V{})
	return m
}

func (m *memo[K, V]) get(key K) V {
	known := m.known.Load()
	value, ok := (*known)[key]
	if !ok {
		value = m.value(key)
		next := maps.Clone(*known)
		next[key] = value
		m.known.CompareAndSwap(known, &next) // else another call was faster, and the next one tries again
	}
	return value
}
