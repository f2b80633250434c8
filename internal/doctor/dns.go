package doctor

import (
	"context"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
)

// Resolver asks the DNS; *net.Resolver is one.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
}

// texts gives the TXT records of a name, none when it has none.
func texts(ctx context.Context, r Resolver, name string) ([]string, error) {
	found, err := r.LookupTXT(ctx, name)
	if e, ok := errors.AsType[*net.DNSError](err); ok && e.IsNotFound {
		return nil, nil
	}
	return found, err
}

func unanswered(name string) []Trouble {
	return []Trouble{warning("the DNS does not tell about "+name+", so this was not checked", "try again, or from a machine whose DNS works")}
}

// SPF asks whether the sender's domain says who may send for it (RFC 7208).
// Whether the relay is among them it does not ask: which address the relay
// sends from only the relay knows.
func SPF(r Resolver, domain string) Check {
	return Check{"spf", "SPF of " + domain, func(ctx context.Context) []Trouble {
		record, n, err := spf(ctx, r, domain)
		switch {
		case err != nil:
			return unanswered(domain)
		case n == 0:
			return []Trouble{fault(domain+" has no SPF record, and mailboxes distrust its emails", `add the TXT record that your relay's pages name, such as "v=spf1 include:… -all"`)}
		case n > 1:
			return []Trouble{fault(fmt.Sprintf("%s has %d SPF records, which count as none (RFC 7208 section 4.5)", domain, n), "merge them into one")}
		}
		terms := strings.Fields(strings.ToLower(record))
		var found []Trouble
		switch {
		case has(terms, "+all", "all"):
			found = append(found, fault("the SPF record lets the whole world send as "+domain, "end it with -all or ~all"))
		case has(terms, "?all"), !has(terms, "-all", "~all") && !strings.Contains(record, "redirect="):
			found = append(found, warning("the SPF record says nothing about everybody else", "end it with -all or ~all"))
		}
		switch asked, err := spfLookups(ctx, r, domain, 0); {
		case err != nil:
			found = append(found, unanswered("what the SPF record includes")...)
		case asked > mostLookups:
			found = append(found, fault(fmt.Sprintf("the SPF record takes more than %d questions to the DNS and counts as broken (RFC 7208 section 4.6.4)", mostLookups), "remove what no longer sends for you, or put addresses in place of include"))
		}
		return found
	}}
}

// mostLookups is the limit of RFC 7208 section 4.6.4.
const mostLookups = 10

// spf gives the record of a domain and how many there are.
func spf(ctx context.Context, r Resolver, domain string) (record string, n int, err error) {
	all, err := texts(ctx, r, domain)
	for _, t := range all {
		if lower := strings.ToLower(t); lower == "v=spf1" || strings.HasPrefix(lower, "v=spf1 ") {
			record, n = t, n+1
		}
	}
	return record, n, err
}

// spfLookups counts the questions that whoever checks the record has to ask,
// up to one more than allowed.
func spfLookups(ctx context.Context, r Resolver, domain string, depth int) (int, error) {
	record, _, err := spf(ctx, r, domain)
	if err != nil || depth > mostLookups {
		return depth, err
	}
	n := 0
	for _, term := range strings.Fields(strings.ToLower(record)) {
		term = strings.TrimLeft(term, "+-~?")
		target, follow := "", false
		for _, prefix := range []string{"include:", "redirect="} {
			if rest, ok := strings.CutPrefix(term, prefix); ok {
				target, follow = rest, true
			}
		}
		name, _, _ := strings.Cut(strings.ReplaceAll(term, "/", ":"), ":")
		if !follow && name != "a" && name != "mx" && name != "ptr" && name != "exists" {
			continue
		}
		if n++; n > mostLookups {
			return n, nil
		}
		if follow && !strings.Contains(target, "%") {
			below, err := spfLookups(ctx, r, target, depth+1)
			if err != nil {
				return n, err
			}
			n += below
		}
	}
	return n, nil
}

func has(terms []string, any ...string) bool {
	for _, t := range terms {
		for _, a := range any {
			if t == a {
				return true
			}
		}
	}
	return false
}

// DKIM asks whether the key is published with which the relay signs (RFC 6376
// section 3.6.1). Whether the relay does sign with it shows only in a message.
func DKIM(r Resolver, domain, selector string) Check {
	return Check{"dkim", "DKIM of " + domain, func(ctx context.Context) []Trouble {
		if selector == "" {
			return []Trouble{warning("not checked: nobody has said with which selector the relay signs", "write dkim_selector into the clinic's file, as your relay's pages name it")}
		}
		name := selector + "._domainkey." + domain
		records, err := texts(ctx, r, name)
		switch {
		case err != nil:
			return unanswered(name)
		case len(records) == 0:
			return []Trouble{fault(name+" is not there, so no signature can be verified", "add the record that your relay's pages name, or correct dkim_selector")}
		}
		key, tagged := tags(records[0])["p"]
		switch der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(key), "")); {
		case !tagged || err != nil:
			return []Trouble{fault(name+" holds no key that can be read", "copy the record again, whole, from your relay's pages")}
		case key == "":
			return []Trouble{fault(name+" is revoked: its key is empty", "write the selector of the present key as dkim_selector, or ask your relay for one")}
		default:
			return dkimKey(name, der)
		}
	}}
}

func dkimKey(name string, der []byte) []Trouble {
	if len(der) == ed25519.PublicKeySize {
		return nil // RFC 8463
	}
	public, err := x509.ParsePKIXPublicKey(der)
	key, ok := public.(*rsa.PublicKey)
	switch {
	case err != nil || !ok:
		return []Trouble{fault(name+" holds no key that can be read", "copy the record again, whole, from your relay's pages")}
	case key.N.BitLen() < 1024: // RFC 8301 section 3.2
		return []Trouble{fault(fmt.Sprintf("the key of %s has %d bits, which nobody accepts", name, key.N.BitLen()), "ask your relay for a key of 2048 bits")}
	case key.N.BitLen() < 2048:
		return []Trouble{warning(fmt.Sprintf("the key of %s has %d bits only", name, key.N.BitLen()), "ask your relay for a key of 2048 bits")}
	}
	return nil
}

// DMARC asks whether the domain, or one above it, says what becomes of emails
// that only pretend to be its own (RFC 7489 section 6.6.3).
func DMARC(r Resolver, domain string) Check {
	return Check{"dmarc", "DMARC of " + domain, func(ctx context.Context) []Trouble {
		for at := domain; strings.Contains(at, "."); _, at, _ = strings.Cut(at, ".") {
			all, err := texts(ctx, r, "_dmarc."+at)
			if err != nil {
				return unanswered("_dmarc." + at)
			}
			var records []string
			for _, t := range all {
				if strings.HasPrefix(strings.ToLower(strings.TrimSpace(t)), "v=dmarc1") {
					records = append(records, t)
				}
			}
			if len(records) == 0 {
				continue
			}
			policy := strings.ToLower(tags(records[0])["p"])
			switch {
			case len(records) > 1:
				return []Trouble{fault("_dmarc."+at+" has several records, which count as none", "keep one of them")}
			case policy == "none":
				return []Trouble{warning("DMARC of "+at+" only watches: p=none lets others write in the clinic's name", "set p=quarantine once its reports show nothing of yours that fails")}
			case policy != "quarantine" && policy != "reject":
				return []Trouble{fault("_dmarc."+at+" has no policy that can be read", "write p=none, p=quarantine or p=reject into it")}
			}
			return nil
		}
		return []Trouble{fault(domain+" has no DMARC record, which large mailboxes ask for", `add the TXT record _dmarc.`+domain+` with "v=DMARC1; p=none" to begin with`)}
	}}
}

// tags reads "a=b; c=d" (RFC 6376 section 3.2).
func tags(record string) map[string]string {
	all := map[string]string{}
	for part := range strings.SplitSeq(record, ";") {
		if name, value, ok := strings.Cut(part, "="); ok {
			all[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
		}
	}
	return all
}
