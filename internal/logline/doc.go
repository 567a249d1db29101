// Package logline turns lines of logs into events: the head of a syslog line,
// what sshd, sudo, su, login, PAM, cron and the account tools say, records of
// the audit daemon, and requests in the access logs of web servers.
//
// A line is its writer's word, and anybody may be its writer: on most hosts
// any user can have a line written in sshd's name. So nothing here trusts a
// line. Names that the other side chose (a user name at sshd's door, a
// directory that sudo names) are looked for where they cannot push the rest of
// the line about; where the journal tells who the writer is, a line of a
// program that speaks for others counts as its word only if it was root's.
// Every parser is fuzzed.
//
// The package is pure: it takes the time from its caller.
package logline
