// Package fleet is the laboratory in which the merger of incidents is judged: six
// hosts on which five intruders or more are at work at once, each with a plan of
// his own drawn from a seed, amid the ordinary work of the fleet.
//
// It is made hard on purpose. The intruders come from the address of one NAT, from
// which customers come too; ask one resolver; are at one service, in one
// container, in the sessions of one account on one bastion, at the hosts that the
// deploy tool reaches, with its key; fetch their tools from the registry that the
// fleet itself uses; and test for holes with one public service. Each of them rotates name,
// content, server, C2 and source of his tools halfway.
//
// Everything is real: hosts are control groups with sensors of their own, in
// network namespaces that have no route to anywhere. The labels are written by who
// plays: see package intrusions. The command in record records seeds anew
// (make fleet).
package fleet
