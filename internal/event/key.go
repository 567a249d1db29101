package event

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrKey reports a textual key that does not have the form its type requires.
var ErrKey = errors.New("malformed key")

// ProcessKey identifies a process for ever: the host, its boot, the thread
// group id in the initial pid namespace, and the start time of the group
// leader in nanoseconds since boot (CLOCK_BOOTTIME, the kernel's
// task_struct.start_boottime). An exec keeps the key and raises Process.Exec.
// The zero value means "no process".
type ProcessKey struct {
	Host  string
	Boot  string
	PID   uint32
	Start uint64
}

// IsZero reports whether k names no process.
func (k ProcessKey) IsZero() bool { return k == ProcessKey{} }

// String returns HOST/BOOT/PID/START, or "" for the zero key.
func (k ProcessKey) String() string {
	if k.IsZero() {
		return ""
	}
	b := make([]byte, 0, len(k.Host)+len(k.Boot)+34)
	b = append(b, k.Host...)
	b = append(b, '/')
	b = append(b, k.Boot...)
	b = append(b, '/')
	b = strconv.AppendUint(b, uint64(k.PID), 10)
	b = append(b, '/')
	b = strconv.AppendUint(b, k.Start, 10)
	return string(b)
}

// MarshalText implements encoding.TextMarshaler with the form of String.
func (k ProcessKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. An empty text is the zero key.
func (k *ProcessKey) UnmarshalText(text []byte) error {
	parsed, err := ParseProcessKey(string(text))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}

// ParseProcessKey reads the form that String writes. It returns ErrKey, with
// the text and the reason, for anything else.
func ParseProcessKey(text string) (ProcessKey, error) {
	if text == "" {
		return ProcessKey{}, nil
	}
	parts := strings.Split(text, "/")
	if len(parts) != 4 {
		return ProcessKey{}, fmt.Errorf("%w: process key %q has %d parts, want host/boot/pid/start", ErrKey, text, len(parts))
	}
	pid, err := strconv.ParseUint(parts[2], 10, 32)
	if err != nil {
		return ProcessKey{}, fmt.Errorf("%w: process key %q: pid: %w", ErrKey, text, err)
	}
	start, err := strconv.ParseUint(parts[3], 10, 64)
	if err != nil {
		return ProcessKey{}, fmt.Errorf("%w: process key %q: start: %w", ErrKey, text, err)
	}
	return ProcessKey{Host: parts[0], Boot: parts[1], PID: uint32(pid), Start: start}, nil
}

// Device is a device number in the kernel's own encoding (major << 20 | minor).
type Device uint32

// MakeDevice joins a major and a minor number.
func MakeDevice(major, minor uint32) Device { return Device(major<<20 | minor&0xfffff) }

// Major is the driver's number.
func (d Device) Major() uint32 { return uint32(d) >> 20 }

// Minor is the number within the driver.
func (d Device) Minor() uint32 { return uint32(d) & 0xfffff }

// String returns MAJOR:MINOR.
func (d Device) String() string {
	return strconv.FormatUint(uint64(d.Major()), 10) + ":" + strconv.FormatUint(uint64(d.Minor()), 10)
}

// FileKey identifies a file by what the kernel calls it: host, device, inode
// number and inode generation (0 where the file system keeps none). A path is
// an attribute of a file, never its identity. The zero value means "no file".
type FileKey struct {
	Host   string
	Device Device
	Inode  uint64
	Gen    uint32
}

// IsZero reports whether k names no file.
func (k FileKey) IsZero() bool { return k == FileKey{} }

// String returns HOST/MAJOR:MINOR/INODE/GENERATION, or "" for the zero key.
func (k FileKey) String() string {
	if k.IsZero() {
		return ""
	}
	return k.Host + "/" + k.Device.String() + "/" +
		strconv.FormatUint(k.Inode, 10) + "/" + strconv.FormatUint(uint64(k.Gen), 10)
}

// MarshalText implements encoding.TextMarshaler with the form of String.
func (k FileKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. An empty text is the zero key.
func (k *FileKey) UnmarshalText(text []byte) error {
	parsed, err := ParseFileKey(string(text))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}

// ParseFileKey reads the form that String writes. It returns ErrKey, with the
// text and the reason, for anything else.
func ParseFileKey(text string) (FileKey, error) {
	if text == "" {
		return FileKey{}, nil
	}
	parts := strings.Split(text, "/")
	if len(parts) != 4 {
		return FileKey{}, fmt.Errorf("%w: file key %q has %d parts, want host/dev/ino/gen", ErrKey, text, len(parts))
	}
	device, err := parseDevice(parts[1])
	if err != nil {
		return FileKey{}, fmt.Errorf("%w: file key %q: device: %w", ErrKey, text, err)
	}
	inode, err := strconv.ParseUint(parts[2], 10, 64)
	if err != nil {
		return FileKey{}, fmt.Errorf("%w: file key %q: inode: %w", ErrKey, text, err)
	}
	gen, err := strconv.ParseUint(parts[3], 10, 32)
	if err != nil {
		return FileKey{}, fmt.Errorf("%w: file key %q: generation: %w", ErrKey, text, err)
	}
	return FileKey{Host: parts[0], Device: device, Inode: inode, Gen: uint32(gen)}, nil
}

func parseDevice(text string) (Device, error) {
	majorText, minorText, found := strings.Cut(text, ":")
	if !found {
		return 0, fmt.Errorf("%q is not MAJOR:MINOR", text)
	}
	major, err := strconv.ParseUint(majorText, 10, 12)
	if err != nil {
		return 0, err
	}
	minor, err := strconv.ParseUint(minorText, 10, 20)
	if err != nil {
		return 0, err
	}
	return MakeDevice(uint32(major), uint32(minor)), nil
}
