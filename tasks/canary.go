package tasks

import (
	"strconv"
	"strings"
)

// CanaryDomain is where submissions of our own say to live: no name below it
// leads anywhere (RFC 6761 section 6.4).
const CanaryDomain = "canary.invalid"

// Canary reports whether the submission says to be one of our own. Whoever acts
// on it must look at the signature: anybody may type such an address.
func (s Submission) Canary() bool { return strings.HasSuffix(s.Email, "@"+CanaryDomain) }

// Bird is a submission of our own that has come as far as the ledger. It names
// nobody.
type Bird struct {
	Sent int64 `json:"sent"` // when it was handed to the form, in milliseconds since 1970
}

func (b Bird) taskID() string { return "canary." + strconv.FormatInt(b.Sent, 10) }
