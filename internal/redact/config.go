package redact

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
)

// Config changes the default patterns.
type Config struct {
	// Disable lists patterns by id.
	Disable []string  `yaml:"disable"`
	Add     []Pattern `yaml:"add"`
}

// Pattern is one way to find secrets. It has Names, or Match, or Programs with
// at least one of Options, Attached and Last.
type Pattern struct {
	ID string `yaml:"id"`
	// Names are last words of names that have a secret as value: of options,
	// variables, keys and headers.
	Names []string `yaml:"names"`
	// Programs are file names of programs; After a word, such as a subcommand,
	// that must come first.
	Programs []string `yaml:"programs"`
	After    string   `yaml:"after"`
	// Options have the secret as next argument or behind '='. One of a single
	// letter may end a cluster of such.
	Options []string `yaml:"options"`
	// Attached options have it directly behind them.
	Attached []string `yaml:"attached"`
	// Last says that the last argument is the secret; with Split, any argument
	// of that form.
	Last bool `yaml:"last"`
	// Split is the character that the secret comes after, as ':' in user:secret
	// and user:secret@host; without one in the value nothing is secret.
	Split string `yaml:"split"`
	// Match is a regular expression (RE2) with one group, the secret.
	Match string `yaml:"match"`

	// once : the option's meaning ends with its first use, as the rest of the
	// line is another program's.
	once bool
}

// Limits of a configuration.
const (
	maxAdded = 64
	maxMatch = 512
)

// ErrConfig reports a configuration that cannot be used.
var ErrConfig = errors.New("redaction is configured wrongly")

// ParseConfig reads a configuration, YAML. What it does not know is an error.
func ParseConfig(text []byte) (Config, error) {
	var c Config
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		return Config{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	_, err := compile(c)
	return c, err
}

// patterns are ready for use.
type patterns struct {
	disabled map[string]bool
	names    map[string]bool
	// ends are the endings of all names.
	ends     map[[2]byte]bool
	programs map[string][]*Pattern
	matches  []*regexp.Regexp
}

func compile(c Config) (*patterns, error) {
	p := &patterns{disabled: map[string]bool{}, names: map[string]bool{}, ends: map[[2]byte]bool{ending("key"): true}, programs: map[string][]*Pattern{}}
	for word := range secretWords {
		p.ends[ending(word)] = true
	}
	for _, word := range secretEndings {
		p.ends[ending(word)] = true
	}
	known := map[string]bool{}
	for _, id := range builtIn() {
		known[id] = true
	}
	for _, id := range c.Disable {
		if !known[id] {
			return nil, fmt.Errorf("%w: there is no pattern %q to disable", ErrConfig, id)
		}
		p.disabled[id] = true
	}
	if len(c.Add) > maxAdded {
		return nil, fmt.Errorf("%w: %d patterns, at most %d", ErrConfig, len(c.Add), maxAdded)
	}
	for i := range programPatterns {
		if !p.disabled[programPatterns[i].ID] {
			p.addProgram(&programPatterns[i])
		}
	}
	for i := range c.Add {
		if err := p.add(&c.Add[i]); err != nil {
			return nil, fmt.Errorf("%w: pattern %q: %w", ErrConfig, c.Add[i].ID, err)
		}
	}
	return p, nil
}

func (p *patterns) add(a *Pattern) error {
	takes := len(a.Options) > 0 || len(a.Attached) > 0 || a.Last
	switch {
	case a.ID == "":
		return errors.New("it has no id")
	case takes != (len(a.Programs) > 0):
		return errors.New("programs go with options, attached or last")
	case !takes && len(a.Names) == 0 && a.Match == "":
		return errors.New("it finds nothing: want names, programs or match")
	case len(a.Match) > maxMatch:
		return fmt.Errorf("match has %d bytes, at most %d", len(a.Match), maxMatch)
	}
	for _, name := range a.Names {
		if len(name) < 2 || len(name) > maxName {
			return fmt.Errorf("name %q: want 2 to %d bytes", name, maxName)
		}
		p.ends[ending(name)] = true
		p.names[strings.ToLower(name)] = true
	}
	p.addProgram(a)
	if a.Match == "" {
		return nil
	}
	re, err := regexp.Compile(a.Match)
	if err != nil {
		return err
	}
	if re.NumSubexp() != 1 {
		return fmt.Errorf("match has %d groups, want one, the secret", re.NumSubexp())
	}
	p.matches = append(p.matches, re)
	return nil
}

func (p *patterns) addProgram(a *Pattern) {
	for _, name := range a.Programs {
		p.programs[name] = append(p.programs[name], a)
	}
}

// builtIn are the ids of all default patterns.
func builtIn() []string {
	ids := []string{idNames, idURL, idHeader, idCookie, idPiped, idSQL, idPEM}
	for i := range programPatterns {
		ids = append(ids, programPatterns[i].ID)
	}
	for i := range shapes {
		ids = append(ids, shapes[i].id)
	}
	return ids
}
