package twiliotest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// resource is a message as the API shows it; the names and kinds of its fields
// are those of api.v2010.account.message.
type resource struct {
	AccountSid          string            `json:"account_sid"`
	APIVersion          string            `json:"api_version"`
	Body                string            `json:"body"`
	DateCreated         string            `json:"date_created"`
	DateSent            *string           `json:"date_sent"`
	DateUpdated         string            `json:"date_updated"`
	Direction           string            `json:"direction"`
	ErrorCode           *int              `json:"error_code"`
	ErrorMessage        *string           `json:"error_message"`
	From                *string           `json:"from"`
	MessagingServiceSid *string           `json:"messaging_service_sid"`
	NumMedia            string            `json:"num_media"`
	NumSegments         string            `json:"num_segments"`
	Price               *string           `json:"price"`
	PriceUnit           *string           `json:"price_unit"`
	Sid                 string            `json:"sid"`
	Status              string            `json:"status"`
	SubresourceURIs     map[string]string `json:"subresource_uris"`
	To                  string            `json:"to"`
	URI                 string            `json:"uri"`
}

func (s *Server) resource(m Message) resource {
	uri := "/2010-04-01/Accounts/" + s.AccountSID + "/Messages/" + m.SID
	usd := "USD"
	r := resource{
		AccountSid: s.AccountSID, APIVersion: "2010-04-01", Body: m.Body, Direction: "outbound-api",
		DateCreated: m.Created.Format(time.RFC1123Z), DateUpdated: m.Updated.Format(time.RFC1123Z),
		From: nullable(m.From), MessagingServiceSid: nullable(m.ServiceSID), NumMedia: "0",
		NumSegments: strconv.Itoa(segments(m.Body)), PriceUnit: &usd, Sid: m.SID, Status: m.Status, To: m.To,
		SubresourceURIs: map[string]string{"media": uri + "/Media.json"}, URI: uri + ".json",
	}
	if m.Status == "received" {
		r.Direction = "inbound"
	}
	if m.Status == "accepted" {
		r.NumSegments = "0" // no sender is chosen yet
	}
	if !m.SentAt.IsZero() {
		sent := m.SentAt.Format(time.RFC1123Z)
		r.DateSent = &sent
	}
	if m.ErrorCode != 0 {
		text := "Message could not be delivered"
		r.ErrorCode, r.ErrorMessage = &m.ErrorCode, &text
	}
	return r
}

func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// gsm7 is the basic character set of GSM 03.38; the extended ones count twice.
const (
	gsm7     = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	extended = "^{}\\[~]|€\f"
)

// segments counts the parts in which a text travels.
func segments(text string) int {
	units, one, many := 0, 160, 153
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsm7, r):
			units++
		case strings.ContainsRune(extended, r):
			units += 2
		default:
			units, one, many = len(utf16.Encode([]rune(text))), 70, 67
			return parts(units, one, many)
		}
	}
	return parts(units, one, many)
}

func parts(units, one, many int) int {
	if units <= one {
		return 1
	}
	return (units + many - 1) / many
}

func (s *Server) fetch(w http.ResponseWriter, r *http.Request) {
	sid, ok := strings.CutSuffix(r.PathValue("file"), ".json")
	s.mu.Lock()
	m := s.find(sid)
	var copied Message
	if m != nil {
		copied = *m
	}
	s.mu.Unlock()
	if !ok || m == nil {
		notFound(w, r)
		return
	}
	writeJSON(w, 200, s.resource(copied))
}

// list answers one page, newest first. To and From filter.
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if f, struck := s.strike(listing, query.Get("To")); struck {
		s.misbehave(w, r, f, nil)
		return
	}
	size := bounded(query.Get("PageSize"), 50, 1, 1000)
	page := bounded(query.Get("Page"), 0, 0, 1<<20)
	var matching []resource
	for _, m := range slices.Backward(s.Messages()) {
		if (query.Get("To") == "" || query.Get("To") == m.To) && (query.Get("From") == "" || query.Get("From") == m.From) {
			matching = append(matching, s.resource(m))
		}
	}
	first := min(page*size, len(matching))
	last := min(first+size, len(matching))
	uri := func(page int, token string) *string {
		q := url.Values{"PageSize": {strconv.Itoa(size)}, "Page": {strconv.Itoa(page)}}
		for _, name := range []string{"To", "From"} {
			if v := query.Get(name); v != "" {
				q.Set(name, v)
			}
		}
		if token != "" {
			q.Set("PageToken", token)
		}
		u := fmt.Sprintf("/2010-04-01/Accounts/%s/Messages.json?%s", s.AccountSID, q.Encode())
		return &u
	}
	answer := struct {
		FirstPageURI    string     `json:"first_page_uri"`
		End             int        `json:"end"`
		PreviousPageURI *string    `json:"previous_page_uri"`
		Messages        []resource `json:"messages"`
		URI             string     `json:"uri"`
		PageSize        int        `json:"page_size"`
		Start           int        `json:"start"`
		NextPageURI     *string    `json:"next_page_uri"`
		Page            int        `json:"page"`
	}{
		FirstPageURI: *uri(0, ""), URI: r.URL.RequestURI(), PageSize: size, Page: page,
		Start: first, End: max(last-1, 0), Messages: append([]resource{}, matching[first:last]...),
	}
	if last < len(matching) {
		answer.NextPageURI = uri(page+1, "PA"+matching[last-1].Sid)
	}
	if page > 0 {
		answer.PreviousPageURI = uri(page-1, "PB"+query.Get("PageToken"))
	}
	writeJSON(w, 200, answer)
}

// bounded reads a number; otherwise stands for what is none or out of bounds.
func bounded(s string, otherwise, low, high int) int {
	if n, err := strconv.Atoi(s); err == nil && n >= low && n <= high {
		return n
	}
	return otherwise
}
