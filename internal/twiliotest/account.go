package twiliotest

import (
	"net/http"
	"strings"
	"time"
)

// Account is what the server says of its account.
type Account struct {
	Status string // active, suspended, closed
	Type   string // Full, Trial
}

// Number is a phone number of the account.
type Number struct {
	Phone     string
	NoSMS     bool
	SMSURL    string // where texts to it are told
	SMSMethod string // "" means POST, as Twilio has it by default
}

// MessagingService is a messaging service of the account.
type MessagingService struct {
	SID                       string
	InboundURL, InboundMethod string // where texts to it are told; method "" means POST
	UseNumberWebhook          bool   // "Defer to sender's webhook"
	Registered                bool   // for texts to US numbers
	Numbers                   []string
}

// SetAccount changes the account, which is active and full at first.
func (s *Server) SetAccount(a Account) { s.mu.Lock(); defer s.mu.Unlock(); s.account = a }

// SetNumbers gives the account its numbers; it has none at first.
func (s *Server) SetNumbers(n ...Number) { s.mu.Lock(); defer s.mu.Unlock(); s.numbers = n }

// SetServices gives the account its messaging services; it has none at first.
func (s *Server) SetServices(m ...MessagingService) { s.mu.Lock(); defer s.mu.Unlock(); s.services = m }

// fetchAccount answers api.v2010.account. An API key may not ask for it
// (https://www.twilio.com/docs/iam/api-keys: a standard key has no access to
// /Accounts).
func (s *Server) fetchAccount(w http.ResponseWriter, r *http.Request) {
	if user, _, _ := r.BasicAuth(); user != s.AccountSID {
		problem(w, 401, 20003, "Authenticate")
		return
	}
	if r.PathValue("file") != s.AccountSID+".json" {
		notFound(w, r)
		return
	}
	s.mu.Lock()
	a := s.account
	s.mu.Unlock()
	uri := "/2010-04-01/Accounts/" + s.AccountSID
	writeJSON(w, 200, map[string]any{
		"auth_token": s.AuthToken, "date_created": created.Format(time.RFC1123Z), "date_updated": created.Format(time.RFC1123Z),
		"friendly_name": "JoyDeVie", "owner_account_sid": s.AccountSID, "sid": s.AccountSID, "status": a.Status, "type": a.Type,
		"subresource_uris": map[string]string{"messages": uri + "/Messages.json"}, "uri": uri + ".json",
	})
}

var created = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// listNumbers answers api.v2010.account.incoming_phone_number. PhoneNumber
// filters, as Twilio does, by a part of the number.
func (s *Server) listNumbers(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	uri := "/2010-04-01/Accounts/" + s.AccountSID + "/IncomingPhoneNumbers"
	all := []map[string]any{}
	for i, n := range s.numbers {
		if !strings.Contains(n.Phone, r.URL.Query().Get("PhoneNumber")) {
			continue
		}
		sid := numberSID(i)
		all = append(all, map[string]any{
			"account_sid": s.AccountSID, "address_sid": nil, "address_requirements": "none", "api_version": "2010-04-01", "beta": false,
			"capabilities": map[string]bool{"mms": !n.NoSMS, "sms": !n.NoSMS, "voice": true, "fax": false},
			"date_created": created.Format(time.RFC1123Z), "date_updated": created.Format(time.RFC1123Z), "friendly_name": n.Phone,
			"phone_number": n.Phone, "origin": "twilio", "sid": sid, "sms_application_sid": "", "sms_fallback_method": "POST", "sms_fallback_url": "",
			"sms_method": orPost(n.SMSMethod), "sms_url": n.SMSURL, "status": "in-use", "status_callback": "", "status_callback_method": "POST",
			"uri": uri + "/" + sid + ".json",
		})
	}
	writeJSON(w, 200, map[string]any{
		"incoming_phone_numbers": all, "page": 0, "page_size": 50, "start": 0, "end": max(len(all)-1, 0), "uri": r.URL.RequestURI(),
		"first_page_uri": uri + ".json?PageSize=50&Page=0", "next_page_uri": nil, "previous_page_uri": nil,
	})
}

func numberSID(i int) string { return "PN" + strings.Repeat("0", 31) + string(rune('a'+i)) }

func orPost(method string) string {
	if method == "" {
		return "POST"
	}
	return method
}

// service finds a messaging service; otherwise it has answered.
func (s *Server) service(w http.ResponseWriter, r *http.Request) (MessagingService, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.services {
		if m.SID == r.PathValue("service") {
			return m, true
		}
	}
	notFound(w, r)
	return MessagingService{}, false
}

// fetchService answers messaging.v1.service, which lives on a host of its own
// at Twilio (https://www.twilio.com/docs/messaging/api/service-resource).
func (s *Server) fetchService(w http.ResponseWriter, r *http.Request) {
	m, ok := s.service(w, r)
	if !ok {
		return
	}
	address := "https://messaging.twilio.com/v1/Services/" + m.SID
	writeJSON(w, 200, map[string]any{
		"account_sid": s.AccountSID, "sid": m.SID, "friendly_name": "JoyDeVie", "date_created": created, "date_updated": created,
		"inbound_request_url": nullable(m.InboundURL), "inbound_method": orPost(m.InboundMethod), "fallback_url": nil, "fallback_method": "POST",
		"status_callback": nil, "sticky_sender": true, "mms_converter": true, "smart_encoding": false, "scan_message_content": "inherit",
		"fallback_to_long_code": false, "area_code_geomatch": true, "synchronous_validation": false, "validity_period": 36000,
		"usecase": "notifications", "us_app_to_person_registered": m.Registered, "use_inbound_webhook_on_number": m.UseNumberWebhook,
		"url": address, "links": map[string]string{"phone_numbers": address + "/PhoneNumbers"},
	})
}

func (s *Server) listServiceNumbers(w http.ResponseWriter, r *http.Request) {
	m, ok := s.service(w, r)
	if !ok {
		return
	}
	address := "https://messaging.twilio.com/v1/Services/" + m.SID + "/PhoneNumbers"
	all := []map[string]any{}
	for i, phone := range m.Numbers {
		all = append(all, map[string]any{
			"sid": numberSID(i), "account_sid": s.AccountSID, "service_sid": m.SID, "date_created": created, "date_updated": created,
			"phone_number": phone, "country_code": "US", "capabilities": []string{"SMS"}, "url": address + "/" + numberSID(i),
		})
	}
	writeJSON(w, 200, map[string]any{
		"meta": map[string]any{
			"page": 0, "page_size": 100, "first_page_url": address + "?PageSize=100&Page=0", "previous_page_url": nil,
			"next_page_url": nil, "key": "phone_numbers", "url": address + "?PageSize=100&Page=0",
		},
		"phone_numbers": all,
	})
}
