package event

// HTTP is a request as a web server logged it. Everything in it but the
// status and the size of the answer is the client's word.
type HTTP struct {
	Request  HTTPRequest  `json:"request,omitzero"`
	Response HTTPResponse `json:"response,omitzero"`
	// Version is for example "1.1".
	Version string `json:"version,omitempty"`
}

// HTTPRequest is what the client asked.
type HTTPRequest struct {
	Method   string `json:"method,omitempty"`
	Referrer string `json:"referrer,omitempty"`
	// User by HTTP authentication.
	User string `json:"user,omitempty"`
}

// HTTPResponse is what it got.
type HTTPResponse struct {
	StatusCode uint32   `json:"status_code,omitempty"`
	Body       HTTPBody `json:"body,omitzero"`
}

// HTTPBody is the size of a body in bytes.
type HTTPBody struct {
	Bytes uint64 `json:"bytes,omitempty"`
}

// URL is what a request was for.
type URL struct {
	// Original as it is in the log; Path and Query are its parts before and
	// behind the first '?', not decoded.
	Original string `json:"original,omitempty"`
	Path     string `json:"path,omitempty"`
	Query    string `json:"query,omitempty"`
	// Domain is the virtual host, where the log has it.
	Domain string `json:"domain,omitempty"`
}

// UserAgent is what the client calls itself.
type UserAgent struct {
	Original string `json:"original"`
}
