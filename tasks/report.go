package tasks

// Report is what a provider says became of a message, for the ledger to take
// in once no worker holds the message any more.
type Report struct {
	Contact  string `json:"contact"`
	Entry    string `json:"entry"`
	Via      string `json:"via"`
	State    string `json:"state"`              // a state of the ledger's
	Why      string `json:"why,omitempty"`      // a reason of the gate's
	Provider string `json:"provider,omitempty"` // the provider's id of the message
	Code     string `json:"code,omitempty"`     // the provider's code of what went wrong
}

// Replied says that a person wrote back or opted out. The text lies sealed in
// the ledger, and what had to hold at once holds.
type Replied struct {
	Contact string `json:"contact"`
	N       int    `json:"n,omitempty"`     // the newest submission, with a reply
	Reply   int    `json:"reply,omitempty"` // number of the reply; 0 when a bare keyword says it all
	Blocked bool   `json:"blocked,omitempty"`
}

// Redaction names a text at its provider that has served: nobody needs its words
// there any more.
type Redaction struct {
	Provider string `json:"provider"` // the provider's id of it
	Since    int64  `json:"since"`    // when that was known first, in seconds since 1970
}

// taskID: one task a text, however often its end is told.
func (r Redaction) taskID() string { return "redact." + r.Provider }
