package target

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Mapping is a file that is mapped into a process.
type Mapping struct {
	// Low and High bound the addresses.
	Low, High uint64
	// Offset in the file.
	Offset uint64
	// Path as the kernel shows it, without the note that it is deleted.
	Path string
}

// Mappings are the mapped files, in the order of their addresses.
func (p *Process) Mappings() ([]Mapping, error) {
	text, err := p.read("maps")
	if err != nil {
		return nil, err
	}
	var list []Mapping
	for line := range strings.Lines(string(text)) {
		if m, found := parseMapping(line); found {
			list = append(list, m)
		}
	}
	return list, nil
}

func parseMapping(line string) (m Mapping, found bool) {
	fields := strings.Fields(line)
	if len(fields) < 6 || !strings.HasPrefix(fields[5], "/") {
		return m, false
	}
	low, high, _ := strings.Cut(fields[0], "-")
	errs := []error{number(low, 16, &m.Low), number(high, 16, &m.High), number(fields[2], 16, &m.Offset)}
	for _, err := range errs {
		if err != nil {
			return m, false
		}
	}
	// Nothing before the path has a slash.
	m.Path = strings.TrimSuffix(strings.TrimSuffix(line[strings.IndexByte(line, '/'):], "\n"), " (deleted)")
	return m, true
}

// OpenMapping opens a mapped file by the kernel's own reference to it: its name
// may be gone, or may be another file's by now.
func (p *Process) OpenMapping(m Mapping) (*os.File, error) {
	return p.open("map_files/" + strconv.FormatUint(m.Low, 16) + "-" + strconv.FormatUint(m.High, 16))
}

// OpenExecutable opens what the process executes.
func (p *Process) OpenExecutable() (*os.File, error) { return p.open("exe") }

// ExecutablePath is the path of what it executes as the kernel shows it.
func (p *Process) ExecutablePath() string {
	path, err := os.Readlink(p.path("exe"))
	if err != nil {
		return ""
	}
	return path
}

// Memory is the memory of a process, for reading. Close it.
type Memory struct{ file *os.File }

// OpenMemory opens the memory of the process.
func (p *Process) OpenMemory() (*Memory, error) {
	f, err := p.open("mem")
	if err != nil {
		return nil, err
	}
	return &Memory{f}, nil
}

// Close closes the memory.
func (m *Memory) Close() { _ = m.file.Close() }

// Read fills into from an address on.
func (m *Memory) Read(address uint64, into []byte) error {
	if address > 1<<63-1 {
		return fmt.Errorf("address %#x is not one of user memory", address)
	}
	n, err := m.file.ReadAt(into, int64(address))
	if err != nil || n < len(into) {
		return fmt.Errorf("read %d bytes at %#x: %w", len(into), address, bare(err))
	}
	return nil
}
