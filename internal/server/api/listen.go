package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// maxConnections bounds the connections of one listener.
const maxConnections = 2048

// maxConcurrent bounds the calls of one connection.
const maxConcurrent = 64

// stopWait is how long open calls may take to end when the server stops.
const stopWait = 5 * time.Second

// Serve answers on the listener with TLS, and on the unix socket at path for
// the local operator, until ctx ends. It runs the live streams meanwhile.
func (s *Server) Serve(ctx context.Context, tcp net.Listener, config *tls.Config, path string) error {
	local, err := listenLocal(ctx, path)
	if err != nil {
		return errors.Join(err, tcp.Close())
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.Run(ctx) })
	secure := tls.NewListener(newFair(netutil.LimitListener(tcp, maxConnections), maxPerAddress), withProtocols(config))
	group.Go(func() error { return serve(ctx, s.server(ctx, nil), secure) })
	group.Go(func() error {
		return serve(ctx, s.server(ctx, peerContext), local)
	})
	return group.Wait()
}

func withProtocols(config *tls.Config) *tls.Config {
	config = config.Clone()
	config.MinVersion = tls.VersionTLS12
	config.NextProtos = []string{"h2", "http/1.1"}
	return config
}

// server has limits for what a peer may send and how long it may take. Answers
// that take longer extend their own deadline.
func (s *Server) server(ctx context.Context, connect func(context.Context, net.Conn) context.Context) *http.Server {
	return &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxConcurrent},
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnContext:       connect,
		ErrorLog:          slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
	}
}

// serve runs server until ctx ends, then lets open calls end.
func serve(ctx context.Context, server *http.Server, listener net.Listener) error {
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWait)
		defer cancel()
		err := server.Shutdown(late)
		if err != nil {
			err = server.Close()
		}
		stopped <- err
	})
	err := server.Serve(listener)
	if !errors.Is(err, http.ErrServerClosed) {
		stop()
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	}
	return <-stopped
}

// listenLocal opens the operator's socket, which only root and the user of this
// server can connect to. A socket that a killed server left is replaced; that
// one server runs at a time is seen to elsewhere.
func listenLocal(ctx context.Context, path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("local socket: %w", err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("local socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("local socket: %w", err), listener.Close())
	}
	return listener, nil
}

// peerContext notes the user at the other end of the socket if it is the one
// this server runs as, or root. Others, who got in before the socket was
// closed to them, are anonymous.
func peerContext(ctx context.Context, conn net.Conn) context.Context {
	uid, err := peerUID(conn)
	if err != nil || uid != 0 && uid != uint32(os.Geteuid()) {
		return ctx
	}
	return context.WithValue(ctx, localKey, uid)
}

func peerUID(conn net.Conn) (uint32, error) {
	local, ok := conn.(*net.UnixConn)
	if !ok {
		return 0, fmt.Errorf("%T has no peer credentials", conn)
	}
	raw, err := local.SyscallConn()
	if err != nil {
		return 0, err
	}
	var credentials *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		credentials, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(err, failed); err != nil {
		return 0, fmt.Errorf("peer credentials: %w", err)
	}
	return credentials.Uid, nil
}
