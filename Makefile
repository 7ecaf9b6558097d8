# sseactor: `make` lists the targets.

GO        ?= go
BIN       := bin/sseactor
ADDR      ?= :8080
FUZZTIME  ?= 30s
STREAMS   ?= 10000
CUTS      ?= 100000
KILLS     ?= 200
BENCH     ?= .
COUNT     ?= 6
BENCHTIME ?= 0.5s
# What needs other people's code is a module of its own.
MODULES     := . transport/interop bench/peers bench/journal loadtest/k6
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.DEFAULT_GOAL := help
.PHONY: help run build test test-go test-interop test-k6 test-web web client-package screenshots lint fuzz tools readme clean \
	acceptance bench-resume load-10k load-1m bench bench-bars bench-dashboard bench-peers bench-growth bench-million \
	k6 k6-run k6-check k6-smoke k6-10k k6-spike k6-soak k6-slow k6-publish

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## start a development server with a page to try it on and a dashboard (ADDR=:8080)
	@exec $(BIN) serve --mode development --addr $(ADDR) --dev-key-file .dev-key

build: ## build bin/sseactor
	@$(GO) build -o $(BIN) ./cmd/sseactor

test: tools test-go test-interop test-k6 test-web ## run every test, Go's with the race detector; installs what they need where it can

test-go: ## run the Go tests of the product and its tools
	$(GO) test -race -timeout 10m ./...

test-interop: ## run others' SSE clients, a browser, nginx and sign-in packages against the real server
	cd transport/interop && $(GO) test -race -timeout 10m ./...

test-k6: k6-check ## run the tests of the k6 extension, and every load test small
	cd loadtest/k6 && $(GO) test -timeout 10m ./sse

test-web: ## run the tests of the npm package and the pages, in a real browser against the real server
	@.ci/web

tools: ## install what the tests drive (Debian packages as root; else say what is missing)
	@.ci/tools

web: ## build the pages that the server carries, from their sources (transport/web/dist)
	cd transport/web && npm ci && npm run build

screenshots: build ## make the README's screenshots anew, from a real server (about 6 minutes)
	cd transport/web && npm ci && SSEACTOR_BIN=$(CURDIR)/$(BIN) node e2e/screenshots.mjs

client-package: ## pack the npm package: bin/sseactor-<version>.tgz
	@mkdir -p bin
	cd transport/web && npm ci && npm run build -w client && npm pack -w client --pack-destination $(CURDIR)/bin

lint: ## gofmt, go vet and staticcheck
	@test -z "$$(gofmt -l actor bench cmd loadtest transport | tee /dev/stderr)" || { echo 'run gofmt -w on these'; exit 1; }
	@for module in $(MODULES); do ( \
		cd $$module && $(GO) mod tidy -diff && echo "vet and staticcheck in $$module" && $(GO) vet ./... && $(GO) run $(STATICCHECK) ./... \
	) || exit 1; done

fuzz: ## run every fuzz target for FUZZTIME (default 30s) each
	@.ci/fuzz $(FUZZTIME)

acceptance: build ## 10,000 real streams against the real server: print what was promised and what was seen
	$(GO) run ./bench/acceptance -bin $(BIN) -streams $(STREAMS)

bench-resume: build ## that nothing is lost: 100,000 cuts, 200 kill -9, deployments, a damaged journal, a full disk (as root); and what it costs (about 10 minutes)
	$(GO) run ./bench/acceptance -bin $(BIN) -run settings,mailbox,deploys,damage,diskfull,recovery,kills,cuts -cuts $(CUTS) -kills $(KILLS)
	$(GO) run ./bench/acceptance -bin $(BIN) -run resumecost,persistrate,comeback -streams $(STREAMS)

load-10k: build ## the system's document held against 10,000 real streams, with default settings
	$(GO) run ./bench/acceptance -bin $(BIN) -run document

bench-bars: build ## idle memory, heartbeats, 1 % stalled clients, single events under fire: at 18,000 streams, against their bars
	$(GO) run ./bench/acceptance -bin $(BIN) -run idle,heartbeats,crossfire -streams 18000
	$(GO) run ./bench/acceptance -bin $(BIN) -run minority

bench-dashboard: build ## with 10,000 streams: how soon the dashboard is there in a browser, what an operator who looks on costs, how long a search takes (about 5 minutes)
	cd transport/web && npm ci && SSEACTOR_BIN=$(CURDIR)/$(BIN) node e2e/opening.mjs $(STREAMS)
	$(GO) run ./bench/acceptance -bin $(BIN) -run dashboard -streams $(STREAMS)

bench-peers: ## the same work for sseactor and what people would pick instead, in turns (about 20 minutes); writes bench/results and bench/README.md
	@.ci/tools peers
	cd bench/peers && $(GO) run . -out ../results -readme ../README.md $(PEERS)

bench-growth: ## how costs grow from 1,000 to 18,000 streams, beside the floor's; writes bench/README.md
	@.ci/tools peers
	cd bench/peers && $(GO) run . -growth -readme ../README.md

bench: ## run the Go benchmarks (BENCH=. COUNT=6 BENCHTIME=0.5s) and keep them in bin/bench.txt for benchstat
	@.ci/bench '$(BENCH)' $(COUNT) $(BENCHTIME)

bench-million: ## 1,000,000 clients in one hub, with sinks that count: print what was promised and what was seen
	$(GO) run ./bench/million

load-1m: build ## 1,000,000 real streams, or as many as STREAMS says; refuses and says why if the machine does not allow it
	$(GO) run ./bench/sockets -bin $(BIN) -streams $(if $(filter file,$(origin STREAMS)),1000000,$(STREAMS))

k6: bin/k6 ## build bin/k6: k6 with k6/x/sse, from Go modules (some minutes the first time)

bin/k6: $(filter-out %_test.go,$(wildcard loadtest/k6/*.go loadtest/k6/sse/*.go)) loadtest/k6/go.mod loadtest/k6/go.sum
	cd loadtest/k6 && $(GO) build -o ../../bin/k6 .

# What a script needs, and a server for it unless BASE_URL names one.
k6-run: k6 build
	@cd loadtest/k6 && $(GO) build -o ../../bin/loadtest ./run

k6-check: k6-run ## run every load test small, and see each threshold fail
	cd loadtest/k6 && K6=$(CURDIR)/bin/k6 SSEACTOR_BIN=$(CURDIR)/$(BIN) $(GO) test -count=1 -parallel 4 -timeout 10m ./run

k6-smoke: k6-run ## load test: a few streams and events (BASE_URL= API_KEY= for your own server; see loadtest)
	@bin/loadtest loadtest/smoke.js

k6-10k: k6-run ## load test: 10,000 streams; ramp, hold, broadcast, targeted, drain
	@bin/loadtest loadtest/connections-10k.js

k6-spike: k6-run ## load test: reconnect storms
	@bin/loadtest loadtest/spike.js

k6-soak: k6-run ## load test: an hour of ordinary work
	@bin/loadtest loadtest/soak.js

k6-slow: k6-run ## load test: clients that stop reading
	@bin/loadtest loadtest/slow-consumers.js

k6-publish: k6-run ## load test: events at a fixed rate
	@bin/loadtest loadtest/publish-rate.js

readme: ## write the README's tables anew from the code
	$(GO) test ./cmd/sseactor -run TestReadme -update

clean: ## remove what was built
	rm -rf bin coverage.out
