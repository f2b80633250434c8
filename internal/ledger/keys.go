package ledger

import "github.com/joydevie/followup/internal/contact"

// Every key we own in Redis. asynq's own begin with "asynq:".
//
//	f:{ID}                 hash    a person
//	     n                         how many submissions there are
//	     s/N                       submission N, sealed
//	     m/N.TEMPLATE/VIA          a planned message, JSON, no person in it
//	     unread                    N of the newest submission that a person must read first
//	     stopped                   N of the newest submission whose sequence was ended, and why
//	f:{ID}:log             list    what happened to the person, JSON, no person in it
//	f:by:email:HASH        string  ID of the person with this address
//	f:by:phone:HASH        string  ID of the person with this number
//	f:stop:VIA:HASH        string  why this address gets nothing (outlives the person)
//	f:fold:HASH            string  submission with this content, for ten minutes
//	f:key:ID               string  content of the submission with this idempotency key, for a day
//
// The braces keep a person's keys in one slot of a Redis Cluster.
func personKey(id contact.ID) string { return "f:{" + string(id) + "}" }
func logKey(id contact.ID) string    { return personKey(id) + ":log" }

func indexKey(kind, hash string) string             { return "f:by:" + kind + ":" + hash }
func suppressionKey(v contact.Via, h string) string { return "f:stop:" + string(v) + ":" + h }
func foldKey(hash string) string                    { return "f:fold:" + hash }
func idempotencyKey(submission string) string       { return "f:key:" + submission }

// Fields of a person's hash.
const (
	fieldCount   = "n"
	fieldUnread  = "unread"
	fieldStopped = "stopped"
)
