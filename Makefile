# Every target says what it does: `make help`.
.DEFAULT_GOAL := help
PACKAGES := redis-server chromium
GO ?= go

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

deps: ## install what the tests need (Debian, as root); elsewhere say what is missing, and fail
	@./.ci/deps $(PACKAGES)
	@./.ci/npm internal/web/browser

test: deps ## everything that must hold: vet, then all tests with the race detector
	$(GO) vet ./...
	$(GO) test -race -timeout 12m ./...

quick: ## the tests without the race detector, as you work
	$(GO) test ./...

fuzz: ## let strangers type for 30 s at each fuzz target
	@./.ci/fuzz 30s

golden: ## rewrite the expected texts, then show what changed
	$(GO) test ./templates -update
	git diff --stat -- templates/testdata

bench: ## measure speed and memory, each next to its bare limit in the same run
	$(GO) test -run '^$$' -bench . -benchmem ./templates ./internal/seal ./internal/hours ./internal/channel/...
	$(GO) run ./internal/load

screenshots: ## photograph the form and the outbox for the README
	$(GO) run ./internal/shots docs

sniff: ## print what tends to turn ugly; a help in review, no gate
	@echo "asynq.NewTask outside tasks/kind.go:"; grep -rn "asynq\.NewTask" --include=*.go . | grep -v "^./tasks/kind.go" || true
	@echo "init and exported variables that are written to:"; grep -rnE "^func init\(" --include=*.go . || true
	@echo "files over 300 lines:"; git ls-files '*.go' | xargs wc -l | awk '$$1 > 300 && $$2 != "total"'
	@echo "errors without their cause, or asked with strings:"; grep -rnE 'Errorf\(.*%v.*err\)|strings\.Contains\(err\.Error' --include=*.go . | grep -v _test.go || true
	@echo "sleeping tests:"; grep -rn "time\.Sleep" --include=*_test.go . || true

.PHONY: help deps test quick fuzz golden bench screenshots sniff
