package outbox_test

import (
	"net/http/httptest"
	"testing"

	"github.com/joydevie/followup/internal/channel"
	"github.com/joydevie/followup/internal/web/browser"
)

func TestThePageFillsItselfAndLeavesAloneWhatIsThere(t *testing.T) {
	t.Parallel()
	s, h := setup(t)
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	tab := browser.Open(t, browser.Start(t), srv.URL+"/outbox", 320, "light")
	tab.Wait(`!document.querySelector("#empty").hidden`)
	s.Sender("email").Send(t.Context(), email(1))
	tab.Wait(`document.querySelectorAll(".msg").length === 1 && document.querySelector("#empty").hidden`)
	browser.Ask[bool](tab, `document.querySelector("details").open = true`)
	browser.Ask[string](tab, `document.querySelector(".msg").id = "first"`)
	s.Sender("sms").Send(t.Context(), channel.Message{To: "+13035550142", Text: "Hello"})
	s.Sender("email").Send(t.Context(), email(2))
	tab.Wait(`document.querySelectorAll(".msg").length === 3 && document.querySelector("#count").textContent === "3"`)
	if !browser.Ask[bool](tab, `document.querySelector(".msg:last-child").id === "first" && document.querySelector("#first details").open`) {
		t.Error("the page was made anew")
	}
	tab.Axe()
}
