package action

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"baize/internal/event"
	"baize/internal/response"
	baizev1 "baize/proto/baize/v1"
)

// processFacts is the evidence of a process, as JSON.
type processFacts struct {
	Process     event.ProcessKey `json:"process"`
	Executable  string           `json:"executable"`
	Args        []string         `json:"args"`
	Environment []string         `json:"environment"`
	// Redacted counts the secrets replaced in Args and Environment.
	Redacted int `json:"redacted"`
	// Maps are the lines of /proc/PID/maps.
	Maps []string `json:"maps"`
	// Truncated says that a part was longer than what is read of it.
	Truncated bool `json:"truncated,omitempty"`
}

// collectProcess takes the memory map and the environment of a process, without
// secrets.
func (x *Executor) collectProcess(ctx context.Context, command *baizev1.Command) (string, error) {
	key, err := x.processOf(command)
	if err != nil {
		return "", err
	}
	facts, err := x.facts(key)
	if err != nil {
		return "", fmt.Errorf("process %d: %w", key.PID, err)
	}
	text, err := json.MarshalIndent(facts, "", " ")
	if err != nil {
		return "", err
	}
	result := &response.Collected{Path: facts.Executable}
	if err := x.deliver(ctx, command, bytes.NewReader(text), result); err != nil {
		return "", fmt.Errorf("process %d: %w", key.PID, err)
	}
	return answer(result)
}

func (x *Executor) facts(key event.ProcessKey) (*processFacts, error) {
	proc, redactor := x.options.Proc, x.options.Redactor
	maps, mapsCut, err := proc.Maps(key.PID)
	if err != nil {
		return nil, err
	}
	environment, envCut, err := proc.Environ(key.PID)
	if err != nil {
		return nil, err
	}
	args, err := proc.Args(key.PID)
	if err != nil {
		return nil, err
	}
	f := &processFacts{
		Process: key, Executable: proc.ExePath(key.PID), Maps: maps, Environment: environment, Truncated: mapsCut || envCut,
	}
	f.Args, f.Redacted = redactor.Args(args, false)
	for i, variable := range environment {
		name, value, found := strings.Cut(variable, "=")
		if !found {
			continue
		}
		value, n := redactor.Env(name, value)
		environment[i] = name + "=" + value
		f.Redacted += n
	}
	return f, x.still(key)
}
