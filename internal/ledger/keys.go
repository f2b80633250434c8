package ledger

import (
	"strconv"

	"github.com/joydevie/followup/internal/contact"
)

// Every key we own in Redis. asynq's own begin with "asynq:". One that names no
// time stays until something takes it away.
//
//	f:{ID}                 hash    a person
//	     n                         how many submissions there are
//	     s/N                       submission N, sealed
//	     m/N.TEMPLATE/VIA          a planned message, JSON, no person in it; without a state it waits
//	     xm/N.TEMPLATE/VIA         that message was taken back while a worker held it; until staff send it once more
//	     unread                    N of the newest submission that a person must read first
//	     stopped                   N of the newest submission whose sequence was ended, and why
//	     rn                        how many replies there are
//	     r/N                       reply N, sealed
//	     rs/SID                    number of the reply with this id of the provider
//	     heard                     N of the newest reply that a person must read first
//	     hold                      staff keep everything automated back, and who said so
//	     an                        how many appointments there are
//	     a/K                       appointment K, sealed
//	     pn                        how many reminders there are that stand alone
//	     erasing                   who has the person removed, until that is done
//	f:{ID}:log             list    what happened to the person, JSON, no person in it
//	f:by:email:HASH        string  ID of the person with this address
//	f:by:phone:HASH        string  ID of the person with this number
//	f:stop:VIA:{HASH}      string  why this address gets nothing, the strongest reason first (outlives the person); for ten years unless the clinic says otherwise
//	f:texts:{HASH}         string  the automated texts to this number, a line each, for 61 days; those of who was erased without a name
//	f:limit:{form}:OF:HASH zset    what counts under a limit of the form, by when; for as long as the limit looks back
//	f:limit:{form}:NAME    string  the submission that tripped a breaker, or began a gathering, while it lasts
//	f:limit:{form}:gathered:ID  set  submissions that one note tells of together, for a day
//	f:in:{HASH}            hash    texts from this number by the provider's id, and how far each came; as long as its evidence
//	f:erased:KIND:HASH     string  when it was asked to remove who had this address or number, for a week
//	f:proof:{HASH}         list    evidence of consent by this address, sealed (outlives the person); for six years after its newest entry unless the clinic says otherwise
//	f:words                hash    the words beside the form's boxes by their hash, no person in it
//	f:helped:HASH          string  this number was answered within a minute
//	f:event:HASH           string  this event of a provider was taken in, for a week
//	f:fold:HASH            string  submission with this content, for ten minutes
//	f:key:ID               string  content of the submission with this idempotency key, for a day
//	f:due                  zset    ID of each person with something planned, by when to look after it
//	f:word:X               list    by which words people are found: 3 bytes of the word's hash, 10 of an ID
//	f:tray:NAME            zset    what waits for a person at the clinic, by since when; calls and failures for 60 days
//	f:listed               string  there when everybody is in the lists above
//	f:sweep                string  the worker that looked last, until it is time to look again
//	f:swept                string  what the last look found, and when it ended
//	f:canary               hash    submissions of our own
//	     sent                      when the last was handed to the form
//	     done                      when the last came through
//	     took                      how long it took
//	f:canary:turn          string  the process that sent it, until it is time to send another
//	f:pause:VIA            string  why the provider of a channel is not asked, until it is asked again
//	f:pace:VIA             hash    the slots of a channel's provider: the last that were given, and the day's count
//	f:batch:{ID}           hash    a list that staff sent, no person in it; for a year
//	     made                      what was asked for, when and by whom, JSON
//	     stage                     planning, going or aborted
//	     start                     nothing of it goes before
//	     rung                      every alarm is set
//	     by                        who aborted it
//	     ended                     when every row was seen in a final state
//	f:batch:{ID}:rows      zset    its rows, a person's ID and the number of the reminder, by their lines; for a year
//	f:batches              zset    ID of each batch, by when it was made
//	f:list:HASH            string  the batch that this list and template had, for a day
//	f:servers              hash    when each server last vouched that no opt-out waits with it
//	f:mark                 string  there since the first start: gone when Redis was flushed
//	f:schema               string  version of the ledger: an older followup than that does not start
//	f:live                 string  who ended the trial, and when, JSON; until then only staff get messages
//
// The braces keep the keys of a person, and those of a number, in one slot of a
// Redis Cluster.
func personKey(id contact.ID) string { return "f:{" + string(id) + "}" }
func logKey(id contact.ID) string    { return personKey(id) + ":log" }

func indexKey(kind, hash string) string             { return "f:by:" + kind + ":" + hash }
func suppressionKey(v contact.Via, h string) string { return "f:stop:" + string(v) + ":{" + h + "}" }
func erasedKey(kind, hash string) string            { return "f:erased:" + kind + ":" + hash }
func foldKey(hash string) string                    { return "f:fold:" + hash }
func idempotencyKey(submission string) string       { return "f:key:" + submission }
func textsKey(hash string) string                   { return "f:texts:{" + hash + "}" }
func limitKey(name string) string                   { return "f:limit:{form}:" + name }
func inboundKey(hash string) string                 { return "f:in:{" + hash + "}" }
func proofKey(hash string) string                   { return "f:proof:{" + hash + "}" }
func helpedKey(hash string) string                  { return "f:helped:" + hash }
func eventKey(hash string) string                   { return "f:event:" + hash }
func replyField(k int) string                       { return "r/" + strconv.Itoa(k) }
func wordKey(bucket string) string                  { return "f:word:" + bucket }
func trayKey(t Tray) string                         { return "f:tray:" + string(t) }
func pauseKey(v contact.Via) string                 { return "f:pause:" + string(v) }
func paceKey(v contact.Via) string                  { return "f:pace:" + string(v) }

func batchKey(id string) string     { return "f:batch:{" + id + "}" }
func batchRowsKey(id string) string { return batchKey(id) + ":rows" }
func listKey(hash string) string    { return "f:list:" + hash }

const (
	keyDue    = "f:due"
	keySweep  = "f:sweep"
	keyMark   = "f:mark"
	keySchema = "f:schema"
	keyLive   = "f:live"
	keySwept  = "f:swept"

	keyCanary     = "f:canary"
	keyCanaryTurn = "f:canary:turn"

	keyListed  = "f:listed"
	keyServers = "f:servers"
	keyWords   = "f:words"
	keyBatches = "f:batches"
)

// Fields of a person's hash.
const (
	fieldCount   = "n"
	fieldUnread  = "unread"
	fieldStopped = "stopped"
	fieldHeard   = "heard"
	fieldReplies = "rn"
	fieldHold    = "hold"
	fieldBooked  = "an"
	fieldAlone   = "pn"
	fieldErasing = "erasing"
)
