package uplink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"baize/internal/agent/spool"
	baizev1 "baize/proto/baize/v1"
)

// session is one open stream.
type session struct {
	uplink *Uplink
	stream grpc.BidiStreamingClient[baizev1.ConnectRequest, baizev1.ConnectResponse]
	boot   string
	// batches come from the spool, results from commands; both go to the one
	// goroutine that may send.
	batches chan spool.Batch
	results chan *baizev1.CommandResult
	// commands wait for the one that obeys.
	commands chan *baizev1.Envelope
	// slots holds one element for each batch sent and not durable; sent tells
	// the receiver, in order, which they are.
	slots chan struct{}
	sent  chan position
	head  *position
}

// position is the end of a batch.
type position struct {
	boot string
	last uint64
}

// maxCommands bounds the commands waiting to be obeyed; behind it the stream
// is not read.
const maxCommands = 64

// session runs until it fails or the context ends.
func (u *Uplink) session(ctx context.Context, conn *grpc.ClientConn) error {
	group, ctx := errgroup.WithContext(ctx)
	stream, err := baizev1.NewAgentServiceClient(conn).Connect(ctx)
	if err != nil {
		return fmt.Errorf("open session: %w", err)
	}
	s := &session{
		uplink: u, stream: stream, boot: u.options.Hello.GetBoot(),
		batches: make(chan spool.Batch), results: make(chan *baizev1.CommandResult, maxCommands),
		commands: make(chan *baizev1.Envelope, maxCommands),
		slots:    make(chan struct{}, window), sent: make(chan position, window),
	}
	durable, err := s.greet()
	if err != nil {
		return errors.Join(err, group.Wait())
	}
	u.arrived(time.Now())
	defer func() {
		u.online.Store(false)
		u.away = time.Now()
	}()
	u.options.Log.Info("connected", "server", conn.Target(), "durable", durable)
	group.Go(func() error { return s.read(ctx, durable) })
	group.Go(func() error { return s.send(ctx, conn) })
	group.Go(func() error { return s.receive(ctx) })
	group.Go(func() error { return s.obey(ctx, group) })
	return group.Wait()
}

// arrived notes that there is a session again, and tells of a long time without.
func (u *Uplink) arrived(now time.Time) {
	u.online.Store(true)
	if now.Sub(u.away) >= reportAway {
		u.options.Back(u.away)
	}
}

// greet says who is there and learns from where to go on.
func (s *session) greet() (uint64, error) {
	u := s.uplink
	hello := proto.CloneOf(u.options.Hello)
	hello.Host, hello.Time = u.identity.Load().Name.Host, timestamppb.Now()
	if err := s.stream.Send(&baizev1.ConnectRequest{Message: &baizev1.ConnectRequest_Hello{Hello: hello}}); err != nil {
		return 0, fmt.Errorf("say hello: %w", s.cause(err))
	}
	answer, err := s.stream.Recv()
	if err != nil {
		return 0, fmt.Errorf("wait for welcome: %w", err)
	}
	welcome := answer.GetWelcome()
	if welcome == nil {
		return 0, fmt.Errorf("wait for welcome: got %T", answer.GetMessage())
	}
	durable := welcome.GetDurableSeq()
	if err := u.ahead(s.boot, durable); err != nil {
		return 0, err
	}
	s.durable(s.boot, durable)
	return durable, nil
}

// cause is why the stream broke: Send itself only says that it did.
func (s *session) cause(err error) error {
	if _, recvErr := s.stream.Recv(); recvErr != nil {
		return recvErr
	}
	return err
}

func (s *session) durable(boot string, seq uint64) {
	u := s.uplink
	u.options.Spool.Trim(boot, seq)
	if boot == s.boot && seq > u.durable.Load() {
		u.durable.Store(seq)
	}
}

// read takes batches from the spool while the window has room.
func (s *session) read(ctx context.Context, durable uint64) error {
	reader := s.uplink.options.Spool.NewReader(s.boot, durable)
	defer reader.Close()
	for {
		select {
		case s.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		batch, err := reader.Next(ctx)
		if err != nil {
			return fmt.Errorf("read the spool: %w", err)
		}
		select {
		case s.batches <- batch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// send is the only goroutine that sends.
func (s *session) send(ctx context.Context, conn *grpc.ClientConn) error {
	ticker := time.NewTicker(HeartbeatEvery)
	defer ticker.Stop()
	message := s.heartbeat()
	for {
		if err := s.stream.Send(message); err != nil {
			return fmt.Errorf("send: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case batch := <-s.batches:
			s.sent <- position{batch.Boot, batch.Last()}
			message = s.batch(batch)
		case result := <-s.results:
			message = &baizev1.ConnectRequest{Message: &baizev1.ConnectRequest_Result{Result: result}}
		case <-ticker.C:
			if s.uplink.identity.Load().renewable(time.Now()) && s.uplink.renew(ctx, conn) == nil {
				return errRenewed
			}
			message = s.heartbeat()
		}
	}
}

func (s *session) heartbeat() *baizev1.ConnectRequest {
	return &baizev1.ConnectRequest{Message: &baizev1.ConnectRequest_Heartbeat{Heartbeat: s.uplink.options.Health()}}
}

func (s *session) batch(b spool.Batch) *baizev1.ConnectRequest {
	return &baizev1.ConnectRequest{Message: &baizev1.ConnectRequest_Batch{Batch: &baizev1.Batch{
		Host: s.uplink.identity.Load().Name.Host, Boot: b.Boot, FirstSeq: b.First, Count: b.Count,
		Events: b.Payload, Sent: timestamppb.Now(),
	}}}
}

func (s *session) receive(ctx context.Context) error {
	for {
		answer, err := s.stream.Recv()
		if err != nil {
			return fmt.Errorf("receive: %w", err)
		}
		switch m := answer.GetMessage().(type) {
		case *baizev1.ConnectResponse_Mark:
			s.durable(m.Mark.GetBoot(), m.Mark.GetSeq())
			s.release(m.Mark)
		case *baizev1.ConnectResponse_Interest:
			s.uplink.options.Interest(m.Interest.GetRevision(), m.Interest.GetKinds())
		case *baizev1.ConnectResponse_Command:
			select {
			case s.commands <- m.Command:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// release frees the slots of the batches that a mark covers. Batches are sent,
// and so become durable, in order.
func (s *session) release(mark *baizev1.Mark) {
	for {
		if s.head == nil {
			select {
			case next := <-s.sent:
				s.head = &next
			default:
				return
			}
		}
		if s.head.boot == mark.GetBoot() && s.head.last > mark.GetSeq() {
			return
		}
		s.head = nil
		<-s.slots
	}
}

// obey carries out commands one after the other, but for slow ones.
func (s *session) obey(ctx context.Context, group *errgroup.Group) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case envelope := <-s.commands:
			do, slow := s.uplink.options.Accept(envelope)
			if slow {
				group.Go(func() error { return s.answer(ctx, do(ctx)) })
			} else if err := s.answer(ctx, do(ctx)); err != nil {
				return err
			}
		}
	}
}

func (s *session) answer(ctx context.Context, result *baizev1.CommandResult) error {
	select {
	case s.results <- result:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
