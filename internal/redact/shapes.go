package redact

import "strings"

// shape is the form that an issuer gives its secrets.
type shape struct {
	id, prefix string
	// least and most bytes behind the prefix, of letters, digits and more.
	least, most int
	more        string
	// skip bytes of the prefix are not part of the secret.
	skip int
}

var shapes = []shape{
	{id: "aws-key-id", prefix: "AKIA", least: 16, most: 16},
	{id: "aws-session-id", prefix: "ASIA", least: 16, most: 16},
	{id: "github", prefix: "ghp_", least: 30, most: 255},
	{id: "github-oauth", prefix: "gho_", least: 30, most: 255},
	{id: "github-user", prefix: "ghu_", least: 30, most: 255},
	{id: "github-server", prefix: "ghs_", least: 30, most: 255},
	{id: "github-refresh", prefix: "ghr_", least: 30, most: 255},
	{id: "github-fine", prefix: "github_pat_", least: 30, most: 255, more: "_"},
	{id: "gitlab", prefix: "glpat-", least: 16, most: 64, more: "_-"},
	{id: "gitlab-runner", prefix: "glrt-", least: 16, most: 64, more: "_-"},
	{id: "gitlab-deploy", prefix: "gldt-", least: 16, most: 64, more: "_-"},
	{id: "slack", prefix: "xox", least: 20, most: 255, more: "-"},
	{id: "slack-app", prefix: "xapp-", least: 20, most: 255, more: "-"},
	{id: "slack-webhook", prefix: "hooks.slack.com/services/", least: 20, most: 80, more: "/", skip: 25},
	{id: "jwt", prefix: "eyJ", least: 30, most: 8000, more: "_-.="},
	{id: "stripe", prefix: "sk_live_", least: 16, most: 255},
	{id: "stripe-restricted", prefix: "rk_live_", least: 16, most: 255},
	{id: "stripe-webhook", prefix: "whsec_", least: 16, most: 255, more: "+/="},
	{id: "openai", prefix: "sk-", least: 32, most: 255, more: "_-"},
	{id: "google-api", prefix: "AIza", least: 35, most: 35, more: "_-"},
	{id: "google-oauth", prefix: "ya29.", least: 20, most: 500, more: "_-"},
	{id: "google-client", prefix: "GOCSPX-", least: 20, most: 64, more: "_-"},
	{id: "npm", prefix: "npm_", least: 30, most: 64},
	{id: "pypi", prefix: "pypi-", least: 50, most: 500, more: "_-"},
	{id: "vault", prefix: "hvs.", least: 20, most: 255, more: "_-"},
	{id: "vault-batch", prefix: "hvb.", least: 20, most: 500, more: "_-"},
	{id: "digitalocean", prefix: "dop_v1_", least: 40, most: 64},
	{id: "sendgrid", prefix: "SG.", least: 40, most: 100, more: "_-."},
	{id: "grafana", prefix: "glsa_", least: 20, most: 100, more: "_"},
	{id: "shopify", prefix: "shpat_", least: 30, most: 64},
	{id: "docker-hub", prefix: "dckr_pat_", least: 20, most: 64, more: "_-"},
	{id: "hugging-face", prefix: "hf_", least: 30, most: 64},
	{id: "age", prefix: "AGE-SECRET-KEY-1", least: 50, most: 64},
	{id: "crypt-sha512", prefix: "$6$", least: 40, most: 128, more: "$./="},
	{id: "crypt-sha256", prefix: "$5$", least: 30, most: 100, more: "$./="},
	{id: "crypt-yescrypt", prefix: "$y$", least: 40, most: 128, more: "$./="},
	{id: "crypt-bcrypt", prefix: "$2b$", least: 50, most: 60, more: "$./"},
	{id: "crypt-bcrypt-y", prefix: "$2y$", least: 50, most: 60, more: "$./"},
	{id: "crypt-apr1", prefix: "$apr1$", least: 20, most: 60, more: "$./"},
}

// byFirst are the indexes of shapes by the first byte of their prefixes.
var byFirst = func() (table [256][]int) {
	for i, s := range shapes {
		table[s.prefix[0]] = append(table[s.prefix[0]], i)
	}
	return table
}()

// shaped notes what has an issuer's form, and the bodies of private keys.
func (s *scan) shaped(w word) {
	text := w.text
	for i := 0; i < len(text); i++ {
		candidates := byFirst[text[i]]
		if len(candidates) == 0 || i > 0 && (isLetter(text[i-1]) || isDigit(text[i-1])) {
			continue
		}
		for _, c := range candidates {
			if end := shapes[c].end(text, i); end > 0 && !s.disabled[shapes[c].id] {
				s.certain(w, i+shapes[c].skip, end)
				i = end - 1
				break
			}
		}
	}
	s.pem(w)
}

// certain notes a secret whose alphabet leaves no room for a command.
func (s *scan) certain(w word, from, to int) {
	if len(s.hits) < maxHits {
		s.hits = append(s.hits, hit{w.arg, w.start + from, w.start + to})
	}
}

// end is where a secret of this form ends that begins at i, or 0.
func (f *shape) end(text string, i int) int {
	if !strings.HasPrefix(text[i:], f.prefix) {
		return 0
	}
	start := i + len(f.prefix)
	end := start
	for end < len(text) && end-start < f.most && (isLetter(text[end]) || isDigit(text[end]) || strings.IndexByte(f.more, text[end]) >= 0) {
		end++
	}
	if end-start < f.least || f.least == f.most && end < len(text) && (isLetter(text[end]) || isDigit(text[end])) {
		return 0
	}
	return end
}

// minKeyLine is the shortest run of a private key's base64 that is replaced.
const minKeyLine = 16

// pem notes the base64 of private keys, each line by itself: what is between
// the lines stays.
func (s *scan) pem(w word) {
	at := strings.Index(w.text, "PRIVATE KEY-----")
	if at < 0 || s.disabled[idPEM] {
		return
	}
	start := at + len("PRIVATE KEY-----")
	for i := start; i <= len(w.text); i++ {
		if i < len(w.text) && (isLetter(w.text[i]) || isDigit(w.text[i]) || strings.IndexByte("+/=", w.text[i]) >= 0) {
			continue
		}
		if i-start >= minKeyLine {
			s.certain(w, start, i)
		}
		start = i + 1
		if i+1 < len(w.text) && w.text[i] == '\\' && w.text[i+1] == 'n' {
			start++ // a line's end as an escape
		}
	}
}
