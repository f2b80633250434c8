package gate

// Reason is why a message waits or does not go: a stable code in the ledger,
// with the sentence that staff read in Say.
type Reason string

// The reasons.
const (
	ReasonUnreadable   Reason = "unreadable"
	ReasonNoAddress    Reason = "no_address"
	ReasonSuppressed   Reason = "suppressed"
	ReasonUnsubscribed Reason = "unsubscribed"
	ReasonOptedOut     Reason = "opted_out"
	ReasonDead         Reason = "dead_address"
	ReasonWrongNumber  Reason = "wrong_number"
	ReasonNoConsent    Reason = "no_consent"
	ReasonUnknownKind  Reason = "unknown_kind"
	ReasonReplied      Reason = "replied"
	ReasonBooked       Reason = "booked"
	ReasonStaff        Reason = "staff"
	ReasonTooLate      Reason = "too_late"
	ReasonTrial        Reason = "trial"
	ReasonUnread       Reason = "unread"
	ReasonHours        Reason = "hours"
	ReasonNoHours      Reason = "no_hours"
	ReasonCap          Reason = "cap"
	ReasonSequence     Reason = "cap_sequence"
	ReasonSilent       Reason = "silent"
	ReasonToken        Reason = "form_token"
	ReasonYoung        Reason = "form_young"
	ReasonTrap         Reason = "form_trap"
	ReasonNetwork      Reason = "limit_network"
	ReasonFlood        Reason = "limit_flood"
	ReasonAddress      Reason = "limit_address"
	ReasonNumber       Reason = "limit_number"
	ReasonTextsOff     Reason = "texts_off"
	ReasonGathered     Reason = "gathered"
	ReasonProvider     Reason = "provider"
	ReasonRefused      Reason = "refused"
	ReasonWords        Reason = "words"
	ReasonLostAnswer   Reason = "lost_answer"
	ReasonPace         Reason = "pace"
	ReasonDaily        Reason = "daily"
	ReasonHold         Reason = "hold"
	ReasonPaused       Reason = "paused"
	ReasonFiltered     Reason = "filtered"
	ReasonCalled       Reason = "called"
	ReasonUninterested Reason = "not_interested"
	ReasonWithdrawn    Reason = "withdrawn"
	ReasonAppointment  Reason = "appointment_cancelled"
	ReasonMoved        Reason = "appointment_moved"
	ReasonList         Reason = "list"
)

var sentences = map[Reason]string{
	ReasonUnreadable:   "Its conditions could not be checked; it will be tried again.",
	ReasonNoAddress:    "There is no address, no number that may be texted, or the channel is switched off.",
	ReasonSuppressed:   "This address is blocked.",
	ReasonUnsubscribed: "The person unsubscribed from follow-ups.",
	ReasonOptedOut:     "The person opted out of texts.",
	ReasonDead:         "The provider says that nobody is at this address.",
	ReasonWrongNumber:  "Whoever has this number says that it is the wrong one.",
	ReasonUnknownKind:  "This version does not know this kind of message.",
	ReasonNoConsent:    "The person did not agree to messages of this kind.",
	ReasonReplied:      "The person was answered.",
	ReasonBooked:       "The person has booked.",
	ReasonStaff:        "Staff stopped the sequence.",
	ReasonTooLate:      "It would have come too late to say anything.",
	ReasonTrial:        "Trial: not live yet. Until then only staff get messages.",
	ReasonUnread:       "A person must read the submission first.",
	ReasonHours:        "It waits for hours in which messages may go where the person lives.",
	ReasonNoHours:      "No common hour within seven days in which it may go; please call.",
	ReasonCap:          "This number has had its automated texts for the day or the week.",
	ReasonSequence:     "This number has had all the automated texts that may follow from one form.",
	ReasonSilent:       "Texts go only to numbers that have texted the clinic first; this one has not.",
	ReasonToken:        "The form was not our page's, or its mark was used again and again: a program may have sent it. Nothing goes to them by itself; please look.",
	ReasonYoung:        "The form was filled in faster than a person can: a program may have sent it. Nothing goes to them by itself; please look.",
	ReasonTrap:         "A field that people do not see was filled in: a program may have sent it. Nothing goes to them by itself; please look.",
	ReasonNetwork:      "Many forms came from the same part of the network. Nothing goes to them by itself; please look.",
	ReasonFlood:        "Far more forms came in than usual. Nothing goes to them by itself; please look.",
	ReasonAddress:      "This address had its confirmation within the last day, or three within thirty days.",
	ReasonNumber:       "This number had a text after a form within the last day.",
	ReasonTextsOff:     "Texts after forms are switched off for an hour: too many forms, or numbers in a row.",
	ReasonGathered:     "Many forms came in at once: one note tells of all of them.",
	ReasonProvider:     "The provider could not take it now; it will be tried again.",
	ReasonRefused:      "The provider refused it.",
	ReasonWords:        "The message could not be written; its template needs a look.",
	ReasonLostAnswer:   "The provider's answer was lost; it may have been sent. Do not resend.",
	ReasonPace:         "It waits for its turn: the provider takes only so many a second.",
	ReasonDaily:        "The day's number of messages by this channel is reached; it goes on another day.",
	ReasonHold:         "Staff hold everything to this person back.",
	ReasonPaused:       "Staff have paused this channel.",
	ReasonFiltered:     "The provider refused it for what it says; its words need a look.",
	ReasonCalled:       "Staff have called the person.",
	ReasonUninterested: "The person is not interested.",
	ReasonWithdrawn:    "Staff took it back.",
	ReasonAppointment:  "The appointment was cancelled.",
	ReasonList:         "The list that it came with does not go yet.",
	ReasonMoved:        "The appointment was moved; another reminder covers it.",
}

// Say gives the sentence for staff; an unknown code is given as it is.
func (r Reason) Say() string {
	if s, ok := sentences[r]; ok {
		return s
	}
	return string(r)
}
