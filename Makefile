# Every target says what it does: `make help`.
.DEFAULT_GOAL := help
PACKAGES := redis-server chromium npm spamassassin tidy prometheus slowhttptest systemd
CYCLONEDX := github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
MAILPIT := github.com/axllent/mailpit@v1.27.11
GO ?= go

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install what the tests need (Debian, as root); elsewhere say what is missing, and fail
	@./.ci/deps $(PACKAGES)
	@./.ci/npm internal/web/browser
	@./.ci/npm internal/manifests
	@test -x bin/mailpit || GOBIN="$(CURDIR)/bin" $(GO) install $(MAILPIT)

test: deps ## everything that must hold: vet, then all tests with the race detector
	$(GO) vet ./...
	$(GO) test -race -timeout 12m ./...

quick: ## the tests without the race detector, as you work
	$(GO) test ./...

faults: ## stage every fault with real processes and print what became of each message: up to 20 minutes
	$(GO) test ./cmd/followup -count 1 -run 'TestFaults$$|TestAThousand|TestABurst|TestAFlood|OnACluster' -faults long -parallel 12 -timeout 25m -v

fuzz: ## let strangers type for 30 s at each fuzz target
	@./.ci/fuzz 30s

manifests: ## put the Kubernetes overlays together (with kubectl) and check the whole
	@mkdir -p tmp && for o in base ha; do kubectl kustomize deploy/kubernetes/$$o > tmp/$$o.yaml || exit 1; done
	node internal/manifests/check.mjs kubernetes tmp/base.yaml tmp/ha.yaml

golden: ## rewrite the expected texts, then show what changed
	$(GO) test ./templates -update
	git --no-pager diff -- templates/testdata/golden
	@git status --short -- templates/testdata/golden

bench: ## measure speed and memory, each next to its bare limit in the same run
	$(GO) test -run '^$$' -bench . -benchmem ./templates ./internal/seal ./internal/hours ./internal/channel/smtp ./internal/channel/twilio
	$(GO) test -run '^$$' -bench . -benchtime 1x ./cmd/followup

figures: ## time each look of the front desk, and a list of 10,000, with 100,000 people and 300,000 planned messages: some minutes
	$(GO) test ./internal/desk -count 1 -v -run "TestTheDeskLooksQuickly|TestALargeList" -people 100000 -timeout 20m

screenshots: ## photograph the form and the outbox for the README
	$(GO) test ./cmd/followup -count 1 -run TestAFormInABrowser -shots "$(CURDIR)/docs"

session: ## record a day at the front desk into docs/session.txt
	$(GO) test ./cmd/followup -count 1 -run TestADayAtTheDesk -session "$(CURDIR)/docs/session.txt"

shots: ## photograph every email at 320 and 600 pixels, by day and by night, and the page of previews, into tmp/shots
	$(GO) test ./internal/preview -count 1 -timeout 20m -run TestEveryLetterFitsItsScreen -shots "$(CURDIR)/tmp/shots"

htmlcheck: ## ask Mailpit, SpamAssassin and tidy about every email; print the figures
	$(GO) test ./internal/preview -count 1 -v -run "TestMailPrograms|TestNoLetter|TestAValidator"

release: bin/cyclonedx-gomod ## make archives, checksums, bill of materials and licences of this commit in dist/, which must not be there
	./.ci/release dist

release-twice: bin/cyclonedx-gomod ## prove that a release has the same bytes when it is made again elsewhere: some minutes
	./.ci/release-twice

bin/cyclonedx-gomod:
	GOBIN="$(CURDIR)/bin" $(GO) install $(CYCLONEDX)

lint: ## let golangci-lint look at everything, as .golangci.yaml says; its first build takes some minutes
	$(GO) run $(GOLANGCI) run

sniff: ## print what tends to turn ugly; a help in review, no gate
	@echo "asynq.NewTask outside tasks/kind.go:"; grep -rn "asynq\.NewTask" --include=*.go . | grep -v "^./tasks/kind.go" || true
	@echo "init and exported variables that are written to:"; grep -rnE "^func init\(" --include=*.go . || true
	@echo "files over 300 lines:"; git ls-files '*.go' | xargs wc -l | awk '$$1 > 300 && $$2 != "total"'
	@echo "errors without their cause, or asked with strings:"; grep -rnE 'Errorf\(.*%v.*err\)|strings\.Contains\(err\.Error' --include=*.go . | grep -v _test.go || true
	@echo "sleeping tests:"; grep -rn "time\.Sleep" --include=*_test.go . || true

.PHONY: help deps test quick faults figures fuzz golden bench screenshots shots htmlcheck release release-twice lint sniff manifests session
