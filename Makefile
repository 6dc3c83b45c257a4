# The commands of this repository. go.work is the list of its modules; everything
# that goes through the modules takes them from there.

GOLANGCI_LINT := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK   := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0

.PHONY: help test quick rehearse lint modules vuln cover mutants residue settings crash bench stores fuzz tidy

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile

test: ## pass every test of every module, installing what they need
	scripts/install-tools
	go test -race -timeout 60m work
	cd conformance && go test ./adversary # with the race detector it runs a tenth
	go test -count=1 ./conformance/security ./examples/readme # go's cache sees no file of another folder
	scripts/rehearse

# The package conformance is left out: it runs the suite on every store, which needs
# servers and a C compiler.
quick: ## test every module with no server, no browser and nothing installed, in about a minute
	CGO_ENABLED=0 go test -short $$(go list work | grep -v '/conformance$$')

rehearse: ## use the modules from outside, as a release would publish them
	scripts/rehearse -v

lint: ## check formatting, vet and lint every module
	scripts/check-format
	go vet work
	scripts/each-module $(GOLANGCI_LINT) run --config "$(CURDIR)/.golangci.yml" ./...

modules: ## check that every module stands alone and core on the standard library
	scripts/each-module env GOWORK=off go build ./...
	scripts/each-module env GOWORK=off go vet ./...
	scripts/each-module env GOWORK=off go mod tidy -diff
	scripts/check-core

vuln: ## look for known vulnerabilities, where their database can be reached
	scripts/check-vulnerabilities $(GOVULNCHECK)

cover: ## print the statement coverage of core and token/jwt
	cd core && go test -cover ./...
	cd token/jwt && go test -cover ./...

mutants: ## list the faults in core, token/jwt and the stores that no test notices
	scripts/install-tools
	cd conformance && go run ./mutants -every $(or $(EVERY),1) $(PACKAGES)

residue: ## measure for how long a thief inside the grace window stays unseen
	cd conformance && go test -count=1 -timeout 60m -run TestResidue -v ./adversary -residue 400

settings: ## run the suite under the settings that the packages of the stores document
	scripts/install-tools
	cd conformance && go test -count=1 -timeout 60m -run Settings . -settings

crash: ## kill the process of every durable store CRASHES times (default 50)
	scripts/install-tools
	cd conformance && go test -count=1 -timeout 60m -run '/Crash|/.*/Crash' -v . -crashes $(or $(CRASHES),50)

bench: ## run the benchmarks, each beside its floor
	scripts/install-tools
	cd bench && for run in 1 2 3 4 5 6; do go test -timeout 30m -run '^$$' -bench . -skip '^BenchmarkStore$$' || exit; done

stores: ## measure every method of every store
	scripts/install-tools
	cd bench && go test -timeout 60m -run '^$$' -bench '^BenchmarkStore$$'

fuzz: ## fuzz everything that parses, FUZZTIME each (default 10m)
	scripts/fuzz $(or $(FUZZTIME),10m)

tidy: ## tidy every go.mod
	scripts/each-module env GOWORK=off go mod tidy
