package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/joydevie/followup/internal/contact"
	"github.com/joydevie/followup/internal/desk"
	"github.com/joydevie/followup/internal/gate"
	"github.com/joydevie/followup/internal/ledger"
	"github.com/joydevie/followup/templates"
)

func proofCommand(sys system) *cli.Command {
	return &cli.Command{
		Name: "proof", Usage: "print what was agreed to, with the words shown, each message sent under it, and every revocation", ArgsUsage: "PERSON",
		Description: "Example:  followup proof 7F3K\n" +
			"          followup proof +13035550142\n" +
			"By an address or a number, the proof of that one, also after the person was erased;\n" +
			"else of each that the person gave.\n" + whomHelp,
		Flags: []cli.Flag{jsonFlag()},
		Action: atDesk(sys, func(ctx context.Context, c *cli.Command, f *frontDesk) error {
			proofs, err := f.proofs(ctx, c)
			if err != nil {
				return err
			}
			for _, p := range proofs {
				f.quote(p)
			}
			if c.Bool("json") {
				return printProofJSON(sys.stdout, proofs)
			}
			for i, p := range proofs {
				if i > 0 {
					fmt.Fprintln(sys.stdout)
				}
				printProof(sys.stdout, p, f.clock.Now())
			}
			return nil
		}),
	}
}

// proofs reads what a command asks for. Evidence outlives the person: of an
// address or a number it is read whether somebody is found by it or not.
func (f *frontDesk) proofs(ctx context.Context, c *cli.Command) ([]ledger.Proof, error) {
	whom, err := whomArg(c, 0)
	if err != nil {
		return nil, err
	}
	if at, ok := desk.Address(whom); ok {
		p, err := f.ledger.Proof(ctx, at.Via, at.Address)
		return []ledger.Proof{p}, err
	}
	p, _, err := f.view().One(ctx, whom)
	if err != nil {
		return nil, err
	}
	all, err := f.desk.Proofs(ctx, p.ID)
	return all, f.wish(err)
}

// quote fills in words that were not kept when they were shown, where the ones
// of that version, with the clinic's present name, are the same.
func (h *house) quote(p ledger.Proof) {
	for _, e := range p.Evidence {
		if e.Grant == nil || e.Grant.Words != "" {
			continue
		}
		words := templates.ConsentByVersion(e.Grant.Wording, e.Grant.Language, h.clinic.Name)
		if words.Hash == "" || words.Hash != e.Grant.Hash {
			continue
		}
		if e.Grant.Words = words.SMS; p.Via == contact.ViaEmail {
			e.Grant.Words = words.Email
		}
	}
}

func printProofJSON(w io.Writer, proofs []ledger.Proof) error {
	type proof struct {
		Via      contact.Via        `json:"via"`
		Address  string             `json:"address"`
		Blocked  []gate.Suppression `json:"blocked"`
		People   []contact.ID       `json:"people"`
		Evidence []ledger.Evidence  `json:"evidence"`
	}
	all := []proof{}
	for _, p := range proofs {
		all = append(all, proof{p.Via, p.Address,
			append([]gate.Suppression{}, p.Blocked...), append([]contact.ID{}, p.People...), append([]ledger.Evidence{}, p.Evidence...)})
	}
	return printJSON(w, all)
}

const proofTime = "2006-01-02 15:04:05"

// printProof writes it for somebody who knows nothing of this program.
func printProof(w io.Writer, p ledger.Proof, now time.Time) {
	what := map[contact.Via]string{contact.ViaEmail: "emails to", contact.ViaSMS: "automated texts to"}[p.Via]
	fmt.Fprintf(w, "Proof of consent: %s %s\nAs of %s. Every time is UTC unless a zone stands beside it.\n\n", what, p.Address, now.UTC().Format(proofTime))
	for i, e := range p.Evidence {
		fmt.Fprintf(w, "%3d. %s  %s\n", i+1, e.At.UTC().Format(proofTime), sentence(p.Via, e))
		if e.Grant != nil {
			printGrant(w, *e.Grant, e.At)
		}
		if e.Text != "" {
			fmt.Fprintf(w, "       Its words: %q (provider's id %s; read by rule %q of %s)\n", string(e.Text), e.SID, e.Rule, e.Of)
		}
	}
	if len(p.Evidence) == 0 {
		fmt.Fprintln(w, "  Nothing is on record: nothing was agreed to, nothing was sent, nothing was revoked.")
	}
	fmt.Fprintln(w)
	if len(p.Blocked) == 0 {
		fmt.Fprintln(w, "At present: not blocked.")
	} else {
		fmt.Fprintln(w, "At present "+blocks(p.Blocked)+" A later tick on a form does not lift it.")
	}
	if len(p.People) > 0 {
		var ids []string
		for _, id := range p.People {
			ids = append(ids, string(id))
		}
		fmt.Fprintln(w, "Stored with: "+strings.Join(ids, ", "))
	} else {
		fmt.Fprintln(w, "Stored with: nobody any more.")
	}
}

// sentence says what happened.
func sentence(v contact.Via, e ledger.Evidence) string {
	switch e.What {
	case ledger.Agreed:
		return map[contact.Via]string{
			contact.ViaEmail: "AGREED to follow-up emails, on the form", contact.ViaSMS: "AGREED to automated texts, on the form",
		}[v]
	case ledger.Went:
		m := e.Message
		name := m.Entry
		if entry, err := ledger.ParseEntry(m.Entry); err == nil {
			name = fmt.Sprintf("%s (to form %d)", entry.Template, entry.N)
		}
		said := fmt.Sprintf("MESSAGE %s, words of version %s: %s", name, cmp.Or(m.Words, "not recorded"), m.State)
		if m.Code != "" {
			said += " (" + m.Code + ")"
		}
		if m.Provider != "" {
			said += ", provider's id " + m.Provider
		}
		return said
	case ledger.OptedIn:
		return "OPTED IN AGAIN, by text"
	case ledger.Lifted:
		return fmt.Sprintf("BLOCK LIFTED (%s) by %s: %s", e.Code, e.By, e.Note)
	case ledger.Erased:
		return "PERSON REMOVED by " + e.By + "; this evidence was kept"
	}
	said := map[string]string{
		string(gate.OptedOut): "OPTED OUT", string(gate.Unsubscribed): "UNSUBSCRIBED from follow-ups",
		string(gate.Dead): "BLOCKED: nobody is at this address", string(gate.WrongNumber): "BLOCKED: whoever reads there is somebody else",
	}[e.What]
	said = cmp.Or(said, e.What)
	switch {
	case e.SID != "":
		said += ", by text"
	case e.By == "provider":
		said += ", as the provider reports"
	case e.By == "recipient":
		said += ", by the link or the button of an email"
	default:
		said += ", noted by " + e.By
	}
	if e.Code != "" {
		said += " (" + e.Code + ")"
	}
	if e.Note != "" {
		said += ": " + e.Note
	}
	return said
}

// printGrant writes what was shown and to whom.
func printGrant(w io.Writer, g ledger.Grant, at time.Time) {
	fmt.Fprintf(w, "       Box %q, ticked by the person; it is unticked until then. Language %s.\n", g.Box, g.Language)
	switch {
	case g.Hash == "":
		fmt.Fprintln(w, "       The words beside it are not on record: the form was not ours.")
	case g.Words == "":
		fmt.Fprintf(w, "       Words of version %s, hash %s; their text is not on record.\n", g.Wording, g.Hash)
	default:
		fmt.Fprintf(w, "       Words beside it, version %s, hash %s:\n         %q\n", g.Wording, g.Hash, g.Words)
	}
	where := cmp.Or(g.Page, "not told")
	if zone, err := time.LoadLocation(g.Zone); err == nil && g.Zone != "" {
		where += fmt.Sprintf("; by the browser's clock %s (%s)", at.In(zone).Format("2006-01-02 15:04 MST"), g.Zone)
	}
	fmt.Fprintf(w, "       Page %s.\n       From address %s, browser %q. Form %s.\n", where, cmp.Or(string(g.IP), "not told"), string(g.UserAgent), g.Submission)
}
