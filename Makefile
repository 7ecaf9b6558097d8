# sseactor: `make` lists the targets.

GO        ?= go
BIN       := bin/sseactor
ADDR      ?= :8080
FUZZTIME  ?= 30s
STREAMS   ?= 10000
BENCH     ?= .
COUNT     ?= 6
BENCHTIME ?= 0.5s
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.DEFAULT_GOAL := help
.PHONY: help run build test test-go test-interop lint fuzz tools acceptance load-10k bench-bars bench-peers bench bench-million load-1m readme clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## start a development server with a page to try it on (ADDR=:8080)
	@exec $(BIN) serve --mode development --addr $(ADDR) --dev-key-file .dev-key

build: ## build bin/sseactor
	@$(GO) build -o $(BIN) ./cmd/sseactor

test: tools test-go test-interop ## run every test with the race detector; installs what they need where it can

test-go: ## run the Go tests of the product and its tools
	$(GO) test -race -timeout 10m ./...

test-interop: ## run others' SSE clients, a browser and nginx against the real server
	cd transport/interop && $(GO) test -race -timeout 10m ./...

tools: ## install what the tests drive (Debian packages as root; else say what is missing)
	@.ci/tools

lint: ## gofmt, go vet and staticcheck
	@test -z "$$(gofmt -l actor bench cmd transport | tee /dev/stderr)" || { echo 'run gofmt -w on these'; exit 1; }
	$(GO) vet ./...
	cd transport/interop && $(GO) vet ./...
	cd bench/peers && $(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	cd transport/interop && $(GO) run $(STATICCHECK) ./...
	cd bench/peers && $(GO) run $(STATICCHECK) ./...

fuzz: ## run every fuzz target for FUZZTIME (default 30s) each
	@.ci/fuzz $(FUZZTIME)

acceptance: build ## 10,000 real streams against the real server: print what was promised and what was seen
	$(GO) run ./bench/acceptance -bin $(BIN) -streams $(STREAMS)

load-10k: build ## the system's document held against 10,000 real streams, with default settings
	$(GO) run ./bench/acceptance -bin $(BIN) -run document

bench-bars: build ## idle memory, heartbeats, 1 % stalled clients, single events under fire: at 18,000 streams, against their bars
	$(GO) run ./bench/acceptance -bin $(BIN) -run idle,heartbeats,crossfire -streams 18000
	$(GO) run ./bench/acceptance -bin $(BIN) -run minority

bench-peers: ## the same work for sseactor and what people would pick instead, in turns (about 25 minutes); writes bench/results
	@.ci/tools peers
	cd bench/peers && $(GO) run . -out ../results $(PEERS)

bench: ## run the Go benchmarks (BENCH=. COUNT=6 BENCHTIME=0.5s) and keep them in bin/bench.txt for benchstat
	@.ci/bench '$(BENCH)' $(COUNT) $(BENCHTIME)

bench-million: ## 1,000,000 clients in one hub, with sinks that count: print what was promised and what was seen
	$(GO) run ./bench/million

load-1m: build ## 1,000,000 real streams, or as many as STREAMS says; refuses and says why if the machine does not allow it
	$(GO) run ./bench/sockets -bin $(BIN) -streams $(if $(filter file,$(origin STREAMS)),1000000,$(STREAMS))

readme: ## write the README's tables anew from the code
	$(GO) test ./cmd/sseactor -run TestReadme -update

clean: ## remove what was built
	rm -rf bin coverage.out
