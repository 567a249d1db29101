package hotspot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"baize/internal/agent/probe/target"
)

// Answer is what a VM answers to a command.
type Answer struct {
	// Code is 0 if the command was carried out.
	Code int
	Text string
}

// Bounds of the protocol, in bytes.
const (
	// maxShort bounds an argument of version 1, which has exactly shortArguments.
	maxShort       = 1024
	shortArguments = 3
	// maxLong bounds a request of version 2 (release 24 and later).
	maxLong = 256 << 10
	// maxAnswer bounds what is read of an answer.
	maxAnswer = 1 << 20
)

// Execute has the VM of a process carry out a command of its attach listener,
// such as jcmd or load. It wakes the listener if need be and ends with its
// context; the VM may carry out the command nevertheless. Its errors are of
// type *target.Error.
func Execute(ctx context.Context, p *target.Process, command string, arguments ...string) (Answer, error) {
	request, err := requestOf(command, arguments)
	if errors.Is(err, errLong) {
		request, err = longRequest(ctx, p, command, arguments)
	}
	if err != nil {
		return Answer{}, err
	}
	return exchange(ctx, p, request)
}

// errLong : it does not fit into version 1.
var errLong = errors.New("too long")

// requestOf is a request of version 1, which every VM understands.
func requestOf(command string, arguments []string) ([]byte, error) {
	for _, text := range append([]string{command}, arguments...) {
		if strings.ContainsRune(text, 0) {
			return nil, target.Failf(target.Argument, "a zero byte in %q", text)
		}
	}
	if len(arguments) > shortArguments {
		return nil, errLong
	}
	request := []byte("1\x00" + command + "\x00")
	for i := range shortArguments {
		if i < len(arguments) {
			if len(arguments[i]) > maxShort {
				return nil, errLong
			}
			request = append(request, arguments[i]...)
		}
		request = append(request, 0)
	}
	return request, nil
}

// longRequest is a request of version 2, if the VM understands that.
func longRequest(ctx context.Context, p *target.Process, command string, arguments []string) ([]byte, error) {
	body := []byte(command + "\x00")
	for _, argument := range arguments {
		body = append(append(body, argument...), 0)
	}
	if len(body) > maxLong {
		return nil, target.Failf(target.Argument, "%d bytes, at most %d", len(body), maxLong)
	}
	request, err := requestOf("getversion", nil)
	if err != nil {
		return nil, err
	}
	answer, err := exchange(ctx, p, request)
	if err != nil {
		return nil, err
	}
	version, _, _ := strings.Cut(strings.TrimSpace(answer.Text), " ")
	if n, err := strconv.Atoi(version); answer.Code != 0 || err != nil || n < 2 {
		return nil, target.Failf(target.Argument, "this release takes %d arguments of at most %d bytes", shortArguments, maxShort)
	}
	return append([]byte("2\x00"+strconv.Itoa(len(body))+"\x00"), body...), nil
}

// exchange sends a request and reads the answer.
func exchange(ctx context.Context, p *target.Process, request []byte) (Answer, error) {
	conn, err := dial(ctx, p)
	if err != nil {
		return Answer{}, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	text, err := converse(conn, request)
	switch {
	case err != nil && ctx.Err() != nil:
		return Answer{}, target.Fail(target.Silent, ctx.Err())
	case err != nil && p.Alive() != nil:
		return Answer{}, p.Alive()
	case errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE):
		// What a VM does to callers whose user it does not like.
		return Answer{}, target.Fail(target.WrongUser, err)
	case err != nil:
		return Answer{}, target.Fail(target.Protocol, err)
	}
	return parse(text)
}

func converse(conn net.Conn, request []byte) ([]byte, error) {
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(conn, maxAnswer))
}

// parse takes the code from an answer's first line.
func parse(text []byte) (Answer, error) {
	line, rest, found := bytes.Cut(text, []byte("\n"))
	code, err := strconv.Atoi(string(line))
	if !found || err != nil {
		return Answer{}, target.Failf(target.Protocol, "it begins with %.40q", text)
	}
	return Answer{Code: code, Text: strings.ToValidUTF8(string(rest), "\uFFFD")}, nil
}

// returned is what Agent_OnAttach of the JDK's instrument library means by its
// codes (InvocationAdapter.c).
var returned = map[int]string{
	-1:  "the VM refused",
	100: "the jar cannot be read, or is no agent",
	101: "the jar cannot be put on its class path",
	102: "the probe did not start; its error output says why",
}

// Load has the VM load an agent's jar. Jar is its path as the target sees it.
func Load(ctx context.Context, p *target.Process, jar, arguments string) error {
	answer, err := Execute(ctx, p, "load", "instrument", "false", jar+"="+arguments)
	if err != nil {
		return err
	}
	return loaded(answer)
}

// loaded reads the answer to load: releases before 9 say the agent's code alone,
// later ones "return code: ", and since 21 a failure of the VM comes with code 0.
func loaded(answer Answer) error {
	text := strings.TrimSpace(answer.Text)
	code, err := strconv.Atoi(strings.TrimPrefix(text, "return code: "))
	switch {
	case answer.Code == 0 && err == nil && code == 0:
		return nil
	case strings.Contains(text, "Dynamic agent loading is not enabled"):
		return target.Fail(target.LoadingDisabled, nil)
	case strings.Contains(text, "java.instrument"):
		return target.Failf(target.NoInstrument, "%s", text)
	case answer.Code == 0 && err == nil:
		if words, known := returned[code]; known {
			return target.Failf(target.LoadFailed, "%s (code %d)", words, code)
		}
		return target.Failf(target.LoadFailed, "code %d", code)
	}
	return target.Fail(target.LoadFailed, fmt.Errorf("code %d: %.300q", answer.Code, text))
}
