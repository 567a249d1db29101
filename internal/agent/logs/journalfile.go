package logs

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/zstd"
)

// The format is systemd's, docs/JOURNAL_FILE_FORMAT: a header, then objects of
// a type and a size. Arrays of entries form a chain from the header; an entry
// lists its data objects, each "FIELD=value". All numbers are little endian.

const (
	journalMagic = "LPKSHHRH"
	// headerSize is what is read of a header; files have at least that.
	headerSize = 208
	objectHead = 16

	objectData       = 1
	objectEntry      = 3
	objectEntryArray = 6

	// Incompatible flags: how data may be compressed, how they are hashed, and
	// the compact form with offsets of 32 bits.
	flagXZ      = 1 << 0
	flagLZ4     = 1 << 1
	flagKeyed   = 1 << 2
	flagZSTD    = 1 << 3
	flagCompact = 1 << 4
	flagsKnown  = flagXZ | flagLZ4 | flagKeyed | flagZSTD | flagCompact

	// Flags of a data object.
	packedXZ   = 1 << 0
	packedLZ4  = 1 << 1
	packedZSTD = 1 << 2

	stateArchived = 2
)

// Limits on what a file may make the reader hold.
const (
	// maxItems bounds the fields of an entry, maxData a field in bytes.
	maxItems = 1024
	maxData  = 64 << 10
	// maxCached bounds the small fields that are remembered of a file: most
	// entries repeat most of theirs.
	maxCached    = 2048
	maxCachedLen = 256
)

var (
	errJournal  = errors.New("not a journal that can be read")
	errNotYet   = errors.New("not written yet")
	errUnpacked = errors.New("compressed in a way that is not read")
)

// journalFile is one file of the journal.
type journalFile struct {
	// bytes are the file's.
	bytes   io.ReaderAt
	file    *os.File
	id      string
	compact bool
	// array and index are the next entry's place; read counts the entries.
	array uint64
	index uint64
	read  uint64
	// first is the number of the file's first entry among all of its journal.
	first      uint64
	cached     map[uint64]string
	unreadable uint64
}

// openJournalFile opens a file and goes behind its first skip entries.
func openJournalFile(name string, skip uint64) (*journalFile, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	j, err := newJournalFile(f, skip)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	j.file = f
	return j, nil
}

func newJournalFile(from io.ReaderAt, skip uint64) (*journalFile, error) {
	j := &journalFile{bytes: from, cached: map[uint64]string{}}
	head, err := j.header()
	if err != nil {
		return nil, err
	}
	j.id, j.compact = hex.EncodeToString(head[24:40]), flags(head)&flagCompact != 0
	j.first = binary.LittleEndian.Uint64(head[168:])
	j.array = binary.LittleEndian.Uint64(head[176:])
	return j, j.skip(skip)
}

func flags(head []byte) uint32 { return binary.LittleEndian.Uint32(head[12:]) }

func (j *journalFile) header() ([]byte, error) {
	head := make([]byte, headerSize)
	if _, err := j.bytes.ReadAt(head, 0); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if string(head[:8]) != journalMagic {
		return nil, fmt.Errorf("%w: no journal", errJournal)
	}
	if unknown := flags(head) &^ flagsKnown; unknown != 0 {
		return nil, fmt.Errorf("%w: incompatible flags %#x", errJournal, unknown)
	}
	return head, nil
}

// entries is how many entries the file has now; archived says that no more
// will come.
func (j *journalFile) entries() (n uint64, archived bool, err error) {
	head, err := j.header()
	if err != nil {
		return 0, false, err
	}
	return binary.LittleEndian.Uint64(head[152:]), head[16] == stateArchived, nil
}

// object reads the head of an object and checks its type.
func (j *journalFile) object(at uint64, kind byte) (flag byte, size uint64, err error) {
	var head [objectHead]byte
	if at == 0 || at > 1<<62 {
		return 0, 0, errNotYet
	}
	if _, err := j.bytes.ReadAt(head[:], int64(at)); err != nil {
		return 0, 0, fmt.Errorf("object at %d: %w", at, err)
	}
	size = binary.LittleEndian.Uint64(head[8:])
	switch {
	case head[0] == 0:
		return 0, 0, errNotYet
	case head[0] != kind || size < objectHead || size > 1<<40:
		return 0, 0, fmt.Errorf("%w: object at %d has type %d and size %d", errJournal, at, head[0], size)
	}
	return head[1], size, nil
}

// itemSize is the size of an offset in an array of entries.
func (j *journalFile) itemSize() uint64 {
	if j.compact {
		return 4
	}
	return 8
}

// capacity of the current array, and where the next one is.
func (j *journalFile) capacity() (n, next uint64, err error) {
	_, size, err := j.object(j.array, objectEntryArray)
	if err != nil {
		return 0, 0, err
	}
	if size < objectHead+8 {
		return 0, 0, fmt.Errorf("%w: array at %d of size %d", errJournal, j.array, size)
	}
	next, err = j.number(j.array+objectHead, 8)
	return (size - objectHead - 8) / j.itemSize(), next, err
}

func (j *journalFile) number(at, size uint64) (uint64, error) {
	var buf [8]byte
	if _, err := j.bytes.ReadAt(buf[:size], int64(at)); err != nil {
		return 0, fmt.Errorf("read at %d: %w", at, err)
	}
	return binary.LittleEndian.Uint64(buf[:]), nil
}

// skip passes over n entries. A file that is being begun has no array yet.
func (j *journalFile) skip(n uint64) error {
	for j.read < n {
		capacity, next, err := j.capacity()
		if errors.Is(err, errNotYet) {
			return nil
		}
		if err != nil {
			return err
		}
		step := min(n-j.read, capacity-j.index)
		j.index += step
		j.read += step
		if j.index < capacity {
			return nil
		}
		if next == 0 || next <= j.array {
			return nil // the next array comes with the next entry
		}
		j.array, j.index = next, 0
	}
	return nil
}

// next returns the place of the next entry, errNotYet where there is none.
func (j *journalFile) next() (uint64, error) {
	if j.array == 0 {
		head, err := j.header()
		if err != nil {
			return 0, err
		}
		if j.array = binary.LittleEndian.Uint64(head[176:]); j.array == 0 {
			return 0, errNotYet
		}
	}
	capacity, next, err := j.capacity()
	if err != nil {
		return 0, err
	}
	if j.index >= capacity {
		if next == 0 {
			return 0, errNotYet
		}
		if next <= j.array {
			return 0, fmt.Errorf("%w: the array at %d goes back to %d", errJournal, j.array, next)
		}
		j.array, j.index = next, 0
	}
	at, err := j.number(j.array+objectHead+8+j.index*j.itemSize(), j.itemSize())
	if err == nil && at == 0 {
		err = errNotYet
	}
	return at, err
}

// entry is one entry of the journal: the fields that are wanted.
type entry struct {
	// realtime is in microseconds since 1970.
	realtime uint64
	fields   map[string]string
}

// wanted are the fields read.
var wanted = map[string]bool{
	"MESSAGE": true, "PRIORITY": true, "SYSLOG_FACILITY": true, "SYSLOG_IDENTIFIER": true, "SYSLOG_PID": true, "UNIT": true,
	"_PID": true, "_UID": true, "_EXE": true, "_COMM": true, "_SYSTEMD_UNIT": true, "_TRANSPORT": true, "_HOSTNAME": true,
}

// step reads the next entry, errNotYet where there is none. After another
// error the entry is passed over.
func (j *journalFile) step() (*entry, error) {
	at, err := j.next()
	if err != nil {
		return nil, err
	}
	_, size, err := j.object(at, objectEntry)
	if errors.Is(err, errNotYet) {
		return nil, err
	}
	j.index++
	j.read++
	if err != nil {
		return nil, err
	}
	body := make([]byte, min(size, 64+maxItems*16))
	if _, err := j.bytes.ReadAt(body, int64(at)); err != nil || len(body) < 64 {
		return nil, fmt.Errorf("entry at %d of size %d: %w", at, size, err)
	}
	e := &entry{realtime: binary.LittleEndian.Uint64(body[24:]), fields: map[string]string{}}
	for items := body[64:]; ; {
		data, rest, ok := j.item(items)
		if !ok {
			return e, nil
		}
		items = rest
		if err := j.field(data, e.fields); err != nil {
			j.unreadable++
		}
	}
}

// item takes the offset of a data object off an entry's list.
func (j *journalFile) item(list []byte) (at uint64, rest []byte, ok bool) {
	if j.compact {
		if len(list) < 4 {
			return 0, nil, false
		}
		return uint64(binary.LittleEndian.Uint32(list)), list[4:], true
	}
	if len(list) < 16 {
		return 0, nil, false
	}
	return binary.LittleEndian.Uint64(list), list[16:], true
}

// field reads a data object into fields, if it is wanted.
func (j *journalFile) field(at uint64, fields map[string]string) error {
	text, ok := j.cached[at]
	if !ok {
		payload, err := j.data(at)
		if err != nil {
			return err
		}
		name, _, _ := bytes.Cut(payload, []byte("="))
		if wanted[string(name)] {
			text = string(payload)
		}
		if len(text) <= maxCachedLen {
			if len(j.cached) >= maxCached {
				clear(j.cached)
			}
			j.cached[at] = text
		}
	}
	for i := range len(text) {
		if text[i] == '=' {
			if _, twice := fields[text[:i]]; !twice {
				fields[text[:i]] = text[i+1:]
			}
			break
		}
	}
	return nil
}

// data reads the payload of a data object, at most maxData of it.
func (j *journalFile) data(at uint64) ([]byte, error) {
	flag, size, err := j.object(at, objectData)
	if err != nil {
		return nil, err
	}
	start := uint64(64)
	if j.compact {
		start = 72
	}
	if size < start {
		return nil, fmt.Errorf("%w: data at %d of size %d", errJournal, at, size)
	}
	packed := flag & (packedXZ | packedLZ4 | packedZSTD)
	limit := uint64(maxData)
	payload := make([]byte, min(size-start, limit))
	if _, err := j.bytes.ReadAt(payload, int64(at+start)); err != nil {
		return nil, fmt.Errorf("data at %d: %w", at, err)
	}
	switch packed {
	case 0:
		return payload, nil
	case packedZSTD:
		return unpackZSTD(payload)
	case packedLZ4:
		return unpackLZ4(payload)
	}
	return nil, errUnpacked
}

// unpackZSTD reads the first maxData bytes of a frame.
func unpackZSTD(payload []byte) ([]byte, error) {
	z, err := zstd.NewReader(bytes.NewReader(payload), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return nil, fmt.Errorf("zstd: %w", err)
	}
	defer z.Close()
	out, err := io.ReadAll(io.LimitReader(z, maxData))
	if len(out) > 0 {
		return out, nil
	}
	return nil, errors.Join(errUnpacked, err)
}

// JournalIDs are the ids of the journal's files that are there.
func JournalIDs(c Config) map[string]bool {
	ids := map[string]bool{}
	for _, dir := range c.journals() {
		for _, name := range journalNames(dir) {
			if j, err := openJournalFile(name, 0); err == nil {
				ids[j.id] = true
				_ = j.file.Close()
			}
		}
	}
	return ids
}

// journalNames are the files of a directory of the journal: those of a machine
// are in a directory of its id. One with a tilde was not put away in order.
func journalNames(dir string) []string {
	var all []string
	for _, pattern := range []string{"*.journal", "*/*.journal", "*/*.journal~"} {
		names, _ := filepath.Glob(filepath.Join(dir, pattern))
		all = append(all, names...)
	}
	return all
}
