// Package lru is a bounded map: at its capacity the entry used longest ago
// leaves, and entries not used since a given instant can be expired. Time is
// whatever int64 the caller passes (event time, in nanoseconds), so that the
// content is a function of the calls alone and a replay evicts what the live
// run evicted. It is not safe for concurrent use.
package lru

import "iter"

// none marks the end of the list of entries.
const none = int32(-1)

// entry lives in a slice rather than behind a pointer: a million of them cost
// the garbage collector one object.
type entry[K comparable, V any] struct {
	key        K
	value      V
	used       int64
	prev, next int32
}

// Map is the bounded map. Make one with New.
type Map[K comparable, V any] struct {
	index   map[K]int32
	entries []entry[K, V]
	free    []int32
	oldest  int32
	newest  int32
	limit   int
	evicted uint64
	removed func(K, V)
}

// New returns an empty map of at most limit entries; limit must be positive.
func New[K comparable, V any](limit int) *Map[K, V] {
	return &Map[K, V]{index: make(map[K]int32), oldest: none, newest: none, limit: limit}
}

// OnRemove calls f with each entry that leaves, for whatever reason. f must not
// change the map.
func (m *Map[K, V]) OnRemove(f func(K, V)) { m.removed = f }

// Len is the number of entries.
func (m *Map[K, V]) Len() int { return len(m.index) }

// Evicted is how many entries left because the map was full.
func (m *Map[K, V]) Evicted() uint64 { return m.evicted }

// Get returns a pointer to the value of key, valid until the next Put or
// Delete, and makes it the newest; nil where there is none.
func (m *Map[K, V]) Get(key K, now int64) *V {
	at, ok := m.index[key]
	if !ok {
		return nil
	}
	m.touch(at, now)
	return &m.entries[at].value
}

// Peek is Get without making the entry newer.
func (m *Map[K, V]) Peek(key K) *V {
	at, ok := m.index[key]
	if !ok {
		return nil
	}
	return &m.entries[at].value
}

// Put sets the value of key, makes it the newest and returns its place. Where
// the map was full the oldest entry leaves.
func (m *Map[K, V]) Put(key K, value V, now int64) *V {
	if at, ok := m.index[key]; ok {
		m.entries[at].value = value
		m.touch(at, now)
		return &m.entries[at].value
	}
	if len(m.index) >= m.limit {
		m.evicted++
		m.remove(m.oldest)
	}
	at := m.take()
	m.entries[at] = entry[K, V]{key: key, value: value, used: now}
	m.index[key] = at
	m.append(at)
	return &m.entries[at].value
}

// Delete removes key and reports whether it was there.
func (m *Map[K, V]) Delete(key K) bool {
	at, ok := m.index[key]
	if ok {
		m.remove(at)
	}
	return ok
}

// DropOldest removes the entry used longest ago, counted as evicted.
func (m *Map[K, V]) DropOldest() {
	if m.oldest != none {
		m.evicted++
		m.remove(m.oldest)
	}
}

// Expire removes, oldest first, what was last used before the instant.
func (m *Map[K, V]) Expire(before int64) {
	for m.oldest != none && m.entries[m.oldest].used < before {
		m.remove(m.oldest)
	}
}

// All yields the entries, oldest first: the order in which Restore takes them.
func (m *Map[K, V]) All() iter.Seq2[K, *V] {
	return func(yield func(K, *V) bool) {
		for at := m.oldest; at != none; at = m.entries[at].next {
			if !yield(m.entries[at].key, &m.entries[at].value) {
				return
			}
		}
	}
}

// Backward yields the entries, newest first.
func (m *Map[K, V]) Backward() iter.Seq2[K, *V] {
	return func(yield func(K, *V) bool) {
		for at := m.newest; at != none; at = m.entries[at].prev {
			if !yield(m.entries[at].key, &m.entries[at].value) {
				return
			}
		}
	}
}

// Item is one entry of a snapshot.
type Item[K comparable, V any] struct {
	Key   K
	Value V
	Used  int64
}

// Snapshot copies the entries, oldest first.
func (m *Map[K, V]) Snapshot() []Item[K, V] {
	items := make([]Item[K, V], 0, len(m.index))
	for at := m.oldest; at != none; at = m.entries[at].next {
		e := &m.entries[at]
		items = append(items, Item[K, V]{Key: e.key, Value: e.value, Used: e.used})
	}
	return items
}

// Restore puts the entries of a snapshot into an empty map.
func (m *Map[K, V]) Restore(items []Item[K, V]) {
	for _, item := range items {
		m.Put(item.Key, item.Value, item.Used)
	}
}

// touch never moves an entry's time back: late events do not make it older.
func (m *Map[K, V]) touch(at int32, now int64) {
	m.entries[at].used = max(m.entries[at].used, now)
	if at == m.newest {
		return
	}
	m.unlink(at)
	m.append(at)
}

func (m *Map[K, V]) take() int32 {
	if n := len(m.free); n > 0 {
		at := m.free[n-1]
		m.free = m.free[:n-1]
		return at
	}
	m.entries = append(m.entries, entry[K, V]{})
	return int32(len(m.entries) - 1)
}

func (m *Map[K, V]) remove(at int32) {
	m.unlink(at)
	gone := m.entries[at]
	delete(m.index, gone.key)
	m.entries[at] = entry[K, V]{}
	m.free = append(m.free, at)
	if m.removed != nil {
		m.removed(gone.key, gone.value)
	}
}

func (m *Map[K, V]) unlink(at int32) {
	e := &m.entries[at]
	if e.prev == none {
		m.oldest = e.next
	} else {
		m.entries[e.prev].next = e.next
	}
	if e.next == none {
		m.newest = e.prev
	} else {
		m.entries[e.next].prev = e.prev
	}
}

func (m *Map[K, V]) append(at int32) {
	m.entries[at].prev, m.entries[at].next = m.newest, none
	if m.newest == none {
		m.oldest = at
	} else {
		m.entries[m.newest].next = at
	}
	m.newest = at
}
