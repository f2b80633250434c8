package tasks

// Message names a planned message in the ledger. The ledger's row is the
// message; this task is only its alarm clock.
type Message struct {
	Contact string `json:"contact"` // the person's opaque id
	Entry   string `json:"entry"`   // the plan's entry, such as "1.followup-2"
}
