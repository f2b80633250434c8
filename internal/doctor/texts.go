package doctor

import (
	"context"
	"errors"
	"strings"

	"github.com/joydevie/followup/internal/channel/twilio"
)

// Twilio is what the checks ask of it.
type Twilio interface {
	Account(context.Context) (twilio.Account, error)
	Number(ctx context.Context, phone string) (n twilio.Number, found bool, err error)
	Service(context.Context) (s twilio.Service, found bool, err error)
}

// TwilioAccount asks whether the account is there, works, and has this token.
func TwilioAccount(t Twilio) Check {
	return Check{"twilio", "Twilio's account and its token", func(ctx context.Context) []Trouble {
		account, err := t.Account(ctx)
		switch {
		case errors.Is(err, twilio.ErrCredentials):
			return []Trouble{fault("Twilio refuses TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN", "copy both again from the first page of Twilio's console")}
		case err != nil:
			return []Trouble{silent(err)}
		case account.Status != "active":
			return []Trouble{fault("Twilio's account is "+account.Status, "ask Twilio's support what it misses")}
		case account.Trial:
			return []Trouble{warning("Twilio's account is one for trials: it writes to verified numbers alone", "upgrade it in Twilio's console before going live")}
		}
		return nil
	}}
}

func silent(err error) Trouble {
	return fault("Twilio does not answer: "+strings.TrimPrefix(err.Error(), "twilio: "), "check that this machine may reach Twilio over https, and try again")
}

// TwilioSender asks whether the number, or the messaging service, may send and
// tells us what people write back. inbound is our webhook, with the retries
// that Twilio makes only when asked (internal/webhook).
func TwilioSender(t Twilio, number, service, inbound string) Check {
	who := "the number " + number
	if number == "" {
		who = "the messaging service " + service
	}
	return Check{"twilio-sender", who + ": that it sends, and tells us what people write back", func(ctx context.Context) []Trouble {
		if number != "" {
			return byNumber(ctx, t, number, inbound)
		}
		s, found, err := t.Service(ctx)
		switch {
		case errors.Is(err, twilio.ErrCredentials):
			return []Trouble{refusedKey()}
		case err != nil:
			return []Trouble{silent(err)}
		case !found:
			return []Trouble{fault("the account has no messaging service "+service, "copy its SID again from Twilio's console, or create one there")}
		case len(s.Numbers) == 0:
			return []Trouble{fault("the messaging service has no number to send from", "add a number to its sender pool in Twilio's console")}
		}
		var all []Trouble
		if !s.Registered {
			all = append(all, warning("no campaign for texts to US numbers is registered with the messaging service, and carriers block them (error 30034)", "register brand and campaign (A2P 10DLC) in Twilio's console, unless the sender is toll-free or a short code"))
		}
		if !s.ByNumber {
			return append(all, hooked("the messaging service", s.Inbound, s.Method, inbound)...)
		}
		for _, n := range s.Numbers {
			all = append(all, byNumber(ctx, t, n, inbound)...)
		}
		return all
	}}
}

func refusedKey() Trouble {
	return fault("Twilio refuses the credentials that send", "copy TWILIO_API_KEY and TWILIO_API_SECRET again, or unset both to send with the token")
}

func byNumber(ctx context.Context, t Twilio, number, inbound string) []Trouble {
	n, found, err := t.Number(ctx, number)
	switch {
	case errors.Is(err, twilio.ErrCredentials):
		return []Trouble{refusedKey()}
	case err != nil:
		return []Trouble{silent(err)}
	case !found:
		return []Trouble{fault(number+" is no number of the account", "write one that Twilio's console lists, with its country, as TWILIO_FROM")}
	case !n.Texts:
		return []Trouble{fault(number+" cannot send texts", "buy a number that can, and write it as TWILIO_FROM")}
	}
	return hooked(number, n.Inbound, n.Method, inbound)
}

// hooked compares where a sender tells of texts with where we listen.
func hooked(who, have, method, want string) []Trouble {
	address, retries, _ := strings.Cut(have, "#")
	wanted, _, _ := strings.Cut(want, "#")
	cure := "set “a message comes in” to a webhook, " + want + ", by POST"
	switch {
	case address == "":
		return []Trouble{fault(who+" tells nobody what people write back, so a STOP is not heard", cure)}
	case address != wanted:
		return []Trouble{fault(who+" tells another address what people write back, so a STOP is not heard", cure)}
	case method != "POST":
		return []Trouble{fault(who+" tells us by "+method+", which is refused", cure)}
	case !strings.Contains(retries, "rp=5xx"):
		return []Trouble{warning(who+" tells us once and not again when we are away", cure)}
	}
	return nil
}
