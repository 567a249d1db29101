package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"pgregory.net/rapid"

	"baize/internal/event"
	_ "baize/test/rapidseed" // the same cases each time
)

var testOrigin = Origin{Org: "default", Host: event.Host{ID: "h1", Name: "web-1"}, Boot: "0b-1"}

// filler sets every field of an event by reflection, so that a field added to
// package event is in the tests from the moment it exists. The source says
// which optional parts are present and what the values are.
type filler struct {
	source
	depth int
}

type source interface {
	present() bool
	number(bits int) uint64
	text() string
}

// whole is a source of everything, with values that differ from each other.
type whole struct{ n uint64 }

func (w *whole) present() bool     { return true }
func (w *whole) number(int) uint64 { w.n++; return w.n%99 + 1 }
func (w *whole) text() string      { w.n++; return fmt.Sprintf("text-%d", w.n) }

// drawn is a source of random values.
type drawn struct{ t *rapid.T }

func (d drawn) present() bool { return rapid.Bool().Draw(d.t, "present") }
func (d drawn) number(bits int) uint64 {
	return rapid.Uint64Range(0, 1<<bits-1).Draw(d.t, "number")
}
func (d drawn) text() string { return rapid.StringN(0, 12, 40).Draw(d.t, "text") }

func (f *filler) event() *event.Event {
	ev := &event.Event{}
	f.fill(reflect.ValueOf(ev).Elem())
	ev.Org, ev.Host, ev.Boot, ev.Ingest = testOrigin.Org, testOrigin.Host, testOrigin.Boot, nil
	return ev
}

func (f *filler) fill(v reflect.Value) {
	if f.special(v) {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	case reflect.Pointer:
		f.pointer(v)
	case reflect.Slice:
		f.slice(v)
	case reflect.Map:
		f.table(v)
	case reflect.String:
		v.SetString(f.text())
	case reflect.Bool:
		v.SetBool(f.present())
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(f.number(v.Type().Bits() - 1))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.number(31)) - 1<<30)
	default:
		panic("the filler does not know " + v.Type().String())
	}
}

// pointer and slice stop at two processes or files inside each other.
func (f *filler) pointer(v reflect.Value) {
	if f.depth >= 3 || !f.present() {
		return
	}
	f.depth++
	v.Set(reflect.New(v.Type().Elem()))
	f.fill(v.Elem())
	f.depth--
}

func (f *filler) slice(v reflect.Value) {
	if !f.present() || f.depth >= 3 {
		return
	}
	f.depth++
	n := 2 + int(f.number(1))%2
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := range n {
		f.fill(v.Index(i))
	}
	f.depth--
}

func (f *filler) table(v reflect.Value) {
	if !f.present() {
		return
	}
	v.Set(reflect.ValueOf(map[string]string{"LD_PRELOAD": f.text(), "SSH_CONNECTION": f.text()}))
}

// special fills the types whose values are not free.
func (f *filler) special(v reflect.Value) bool {
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		if f.present() {
			*p = time.Unix(1_700_000_000, int64(f.number(60))).UTC()
		}
	case *netip.Addr:
		*p = f.addr()
	case *event.ProcessKey:
		*p = f.key()
	case *event.FileKey:
		if f.present() {
			*p = event.FileKey{Host: testOrigin.Host.ID, Device: event.Device(f.number(32)), Inode: f.number(63), Gen: uint32(f.number(32))}
		}
	case *event.Hash:
		sum := sha256.Sum256([]byte(f.text()))
		*p = event.Hash{SHA256: hex.EncodeToString(sum[:]), State: f.text()}
	case *event.Context:
		kind, parent, service := f.text(), f.text(), f.text()
		*p = event.Context{Kind: kind, Root: f.key(), Service: service}
		p.ID = contextID(kind, p.Root)
		p.Parent = contextID("k"+parentKind(parent), f.key())
	case *event.Name:
		*p = event.Name{Name: "n" + f.text(), Digest: f.text()}
	default:
		return false
	}
	return true
}

// parentKind keeps ':' out: a kind is a word, and the parent's is read back.
func parentKind(s string) string { return hex.EncodeToString([]byte(s)) }

func (f *filler) key() event.ProcessKey {
	return event.ProcessKey{Host: testOrigin.Host.ID, Boot: testOrigin.Boot, PID: uint32(f.number(32)), Start: f.number(63)}
}

func (f *filler) addr() netip.Addr {
	if f.present() {
		return netip.AddrFrom4([4]byte{203, 0, 113, byte(f.number(8))})
	}
	return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: byte(f.number(8))})
}
