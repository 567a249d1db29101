package uplink

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"baize/internal/identity"
	baizev1 "baize/proto/baize/v1"
)

// Enrolment is what a host needs to get its identity.
type Enrolment struct {
	// Server is the address of the gateway, HOST:PORT.
	Server string
	// Token is the text of an enrolment token. It also says which authority
	// to trust.
	Token string
	// Name is shown to people; Machine is the same for the same machine.
	Name    string
	Machine string
}

// Enrol buys an identity with a token and keeps it in dir, which must not hold
// one yet.
func Enrol(ctx context.Context, dir string, e Enrolment) (*Identity, error) {
	token, err := identity.ParseToken(e.Token)
	if err != nil {
		return nil, err
	}
	key, csr, err := newKey()
	if err != nil {
		return nil, err
	}
	conn, err := dial(e.Server, token.Authority, nil)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	answer, err := baizev1.NewEnrollmentServiceClient(conn).Enroll(ctx, &baizev1.EnrollRequest{
		Token: e.Token, Csr: csr, Name: e.Name, MachineId: e.Machine,
	}, grpc.WaitForReady(true))
	if err != nil {
		return nil, fmt.Errorf("enrol at %s: %w", e.Server, err)
	}
	id := &Identity{
		Name: identity.Name{Org: answer.GetOrg(), Host: answer.GetHost()}, Server: e.Server,
		Authority: token.Authority, CommandKey: answer.GetCommandKey(),
		RedactionKey: answer.GetRedactionKey(),
	}
	if len(id.CommandKey) != ed25519.PublicKeySize {
		return nil, errors.New("enrol: the server's command key is no ed25519 public key")
	}
	if sum := sha256.Sum256(answer.GetAuthority()); !bytes.Equal(sum[:], token.Authority[:]) {
		return nil, fmt.Errorf("enrol: %w", identity.ErrAuthority)
	}
	if id.Certificate, err = certificate(key, answer.GetCertificate(), id.Name); err != nil {
		return nil, fmt.Errorf("enrol: %w", err)
	}
	return id, id.save(dir)
}

func dial(server string, authority [sha256.Size]byte, client *tls.Certificate) (*grpc.ClientConn, error) {
	conn, err := grpc.NewClient(server,
		grpc.WithTransportCredentials(credentials.NewTLS(identity.ClientTLS(authority, client))),
		grpc.WithKeepaliveParams(keepaliveParams), grpc.WithConnectParams(connectParams),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", server, err)
	}
	return conn, nil
}

// renew buys a fresh certificate with the one in force.
func (id *Identity) renew(ctx context.Context, conn *grpc.ClientConn, dir string) (*Identity, error) {
	key, csr, err := newKey()
	if err != nil {
		return nil, err
	}
	answer, err := baizev1.NewAgentServiceClient(conn).Renew(ctx, &baizev1.RenewRequest{Csr: csr})
	if err != nil {
		return nil, fmt.Errorf("renew the certificate: %w", err)
	}
	fresh := *id
	if fresh.Certificate, err = certificate(key, answer.GetCertificate(), id.Name); err != nil {
		return nil, fmt.Errorf("renew the certificate: %w", err)
	}
	return &fresh, errors.Join(fresh.saveCertificate(dir), fresh.saveRedactionKey(dir, answer.GetRedactionKey()))
}
