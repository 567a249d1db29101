package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"time"
)

const (
	socketOfLogs = "/dev/log"
	// authLog is where everything goes that is said there.
	authLog = "/var/log/auth.log"
)

// syslog writes what the host's daemons say into a file, as a log daemon does, until
// the host ends.
func syslog(name string) error {
	in, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socketOfLogs, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("listen for logs: %w", err)
	}
	if err := os.Chmod(socketOfLogs, 0o666); err != nil {
		return err
	}
	out, err := os.OpenFile(authLog, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	go func() {
		defer out.Close()
		for message := make([]byte, 8<<10); ; {
			n, err := in.Read(message)
			if err != nil {
				return
			}
			fmt.Fprintf(out, "%s %s %s\n", time.Now().UTC().Format(time.RFC3339Nano), name, said(message[:n]))
		}
	}()
	return nil
}

// said is a message without what it says of itself: "<PRIORITY>Mmm dd hh:mm:ss ".
func said(message []byte) []byte {
	const stamp = len("Nov 28 07:16:44 ")
	if end := bytes.IndexByte(message, '>'); bytes.HasPrefix(message, []byte("<")) && end > 0 && len(message) > end+1+stamp {
		message = message[end+1+stamp:]
	}
	return bytes.TrimRight(message, "\n\x00")
}
