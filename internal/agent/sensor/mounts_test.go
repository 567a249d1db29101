package sensor

import "testing"

func TestParseMount(t *testing.T) {
	for line, want := range map[string]mount{
		"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue": {"98:0", "/mnt2", "ext3", false},
		"37 35 0:22 / /a\\040b\\134c rw - tmpfs none ro,size=4k":                         {"0:22", "/a b\\c", "tmpfs", true},
		"38 35 0:23 / /sys rw shared:7 master:2 - sysfs sysfs rw":                        {"0:23", "/sys", "sysfs", false},
	} {
		if got, ok := parseMount(line); !ok || got != want {
			t.Errorf("%q: %+v, want %+v", line, got, want)
		}
	}
	for _, line := range []string{"", " - ", "36 35 98:0 / /mnt rw", "36 35 - ext3 x", "1 2 3 4 5 6 - ext4"} {
		if got, ok := parseMount(line); ok {
			t.Errorf("%q: %+v", line, got)
		}
	}
}

func FuzzParseMount(f *testing.F) {
	f.Add("36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue")
	f.Fuzz(func(t *testing.T, line string) {
		if m, ok := parseMount(line); ok && (m.device == "" || m.point == "") {
			t.Errorf("%+v", m)
		}
	})
}

func TestWatchable(t *testing.T) {
	for fs, want := range map[string]bool{
		"ext4": true, "tmpfs": true, "overlay": true, "devtmpfs": true, "proc": false, "nfs4": false, "fuse.sshfs": false, "cgroup2": false,
	} {
		if got := watchable(mount{fs: fs}); got != want {
			t.Errorf("%s: %v", fs, got)
		}
	}
	if watchable(mount{fs: "ext4", readOnly: true}) {
		t.Error("a read-only file system is watched")
	}
}
