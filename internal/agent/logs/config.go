package logs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml"

	"baize/internal/logline"
)

// ConfigFile is the name of a host's log sources within the agent's state. Its
// owner writes it.
const ConfigFile = "logs.yaml"

// Config says what is read.
type Config struct {
	// Journal and Files are read by default; an owner may turn either off.
	Journal *bool `yaml:"journal"`
	// Defaults are the usual files of the host and of web servers.
	Defaults *bool `yaml:"defaults"`
	// Files beside them.
	Files []File `yaml:"files"`
	// LinesPerSecond is how fast each source is read, DefaultRate where it is 0.
	LinesPerSecond int `yaml:"lines_per_second"`
	// JournalDirs are where the journal's files are, for tests and containers.
	JournalDirs []string `yaml:"journal_directories"`
}

// File is one or more files of the same kind.
type File struct {
	// Path is absolute, with the wildcards of filepath.Match.
	Path string `yaml:"path"`
	// Format is syslog, web, audit or plain.
	Format logline.Format `yaml:"format"`
	// Service is the program whose file it is; for syslog the line tells.
	Service string `yaml:"service"`
}

// DefaultRate is how many lines a second are read of each source, in the long run.
const DefaultRate = 1000

// usual are the files that are read where they exist. Those of syslog repeat
// the journal, and are read only where there is none.
var (
	syslogFiles = []File{
		{Path: "/var/log/auth.log", Format: logline.Syslog},
		{Path: "/var/log/secure", Format: logline.Syslog},
		{Path: "/var/log/syslog", Format: logline.Syslog},
		{Path: "/var/log/messages", Format: logline.Syslog},
		{Path: "/var/log/cron", Format: logline.Syslog},
		{Path: "/var/log/cron.log", Format: logline.Syslog},
	}
	usualFiles = []File{
		{Path: "/var/log/nginx/*access*.log", Format: logline.Web, Service: "nginx"},
		{Path: "/var/log/nginx/*error*.log", Format: logline.Plain, Service: "nginx"},
		{Path: "/var/log/apache2/*access*.log", Format: logline.Web, Service: "apache"},
		{Path: "/var/log/apache2/*error*.log", Format: logline.Plain, Service: "apache"},
		{Path: "/var/log/httpd/*access_log", Format: logline.Web, Service: "apache"},
		{Path: "/var/log/httpd/*error_log", Format: logline.Plain, Service: "apache"},
		{Path: "/var/log/vsftpd.log", Format: logline.Plain, Service: "vsftpd"},
		{Path: "/var/log/clamav/*.log", Format: logline.Plain, Service: "clamav"},
	}
	journalDirs = []string{"/var/log/journal", "/run/log/journal"}
)

// Load reads the configuration in dir; without a file it is the default one.
// Where it cannot be used the default is returned with the error.
func Load(dir string) (Config, error) {
	c, err := Read(filepath.Join(dir, ConfigFile))
	if errors.Is(err, os.ErrNotExist) {
		return Config{}, nil
	}
	if err != nil {
		return Config{}, fmt.Errorf("the default logs are read: %w", err)
	}
	return c, nil
}

// Read reads a configuration from a file.
func Read(file string) (Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("log sources: %w", err)
	}
	var c Config
	if err = yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err == nil {
		err = c.check()
	}
	if err != nil {
		return Config{}, fmt.Errorf("%s is not used: %w", file, err)
	}
	return c, nil
}

func (c *Config) check() error {
	for _, f := range c.Files {
		if !filepath.IsAbs(f.Path) {
			return fmt.Errorf("path %q is not absolute", f.Path)
		}
		if _, err := filepath.Match(f.Path, ""); err != nil {
			return fmt.Errorf("path %q: %w", f.Path, err)
		}
		if !slices.Contains(logline.Formats, f.Format) {
			return fmt.Errorf("format %q of %s is none of %v", f.Format, f.Path, logline.Formats)
		}
	}
	if c.LinesPerSecond < 0 {
		return fmt.Errorf("lines_per_second is %d", c.LinesPerSecond)
	}
	return nil
}

// Silent is the configuration that reads nothing: that of an agent which is
// confined to a host within this one, whose logs are elsewhere.
func Silent() Config {
	off := false
	return Config{Journal: &off, Defaults: &off}
}

func isOn(b *bool) bool { return b == nil || *b }

// files are the patterns to read. journal says that there is one.
func (c *Config) files(journal bool) []File {
	list := slices.Clone(c.Files)
	if isOn(c.Defaults) {
		list = append(list, usualFiles...)
		if !journal {
			list = append(list, syslogFiles...)
		}
	}
	return list
}

// journals are the directories of the journal that exist and hold one.
func (c *Config) journals() []string {
	if !isOn(c.Journal) {
		return nil
	}
	dirs := c.JournalDirs
	if dirs == nil {
		dirs = journalDirs
	}
	var found []string
	for _, dir := range dirs {
		if len(journalNames(dir)) > 0 {
			found = append(found, dir)
		}
	}
	return found
}
