# Baize. What the targets promise is in docs/architecture.md; versions of the
# tools are pinned in scripts/versions.mk, Debian packages in scripts/packages.
include scripts/versions.mk

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build

ROOT    := $(CURDIR)
TOOLS   := $(ROOT)/.tools
RESULTS := $(ROOT)/test-results
comma   := ,
export PATH := $(TOOLS):$(PATH)
export CGO_ENABLED := 0
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X baize/internal/version.Version=$(VERSION)

# The only reasons for which a test may be skipped: test data that is not part
# of the project, a user who is not root, and a host that has cgroup v2 alone. What
# else a test needs is named in scripts/packages.
SKIPS   := BAIZE_TEST_DATA|needs root|no freezer of cgroup v1 is mounted

# Packages whose tests take the whole machine, one after the other. Those of the
# sensor stop a sensor for a while, and with it every umount of what it watches.
ALONE   := /(test/lab|test/whole|internal/agent/sensor)$$

.PHONY: build run demo bench intrusions fleet test test-go test-web test-long test-jvm lint generate generated clean prerequisites-run prerequisites-demo prerequisites-test prerequisites-test-long prerequisites-bench prerequisites-intrusions

## build: bin/baize-agent, bin/baize-server, bin/baize, bin/baize-probe-jvm.jar
build: internal/server/console/dist/index.html bin/baize-probe-jvm.jar
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

## run: server and agent on this host, in the foreground
run: prerequisites-run build
	go build -o $(TOOLS)/ ./scripts/run
	exec $(TOOLS)/run

## demo: the intrusion of the report, for real; KEEP=1 leaves it up
demo: prerequisites-demo build
	go build -o $(TOOLS)/ ./test/demo
	exec $(TOOLS)/demo $(if $(KEEP),-keep)

## test: everything that is checked, within 20 minutes on two cores
test: prerequisites-test build
	rm -rf $(RESULTS) && mkdir -p $(RESULTS)
	$(MAKE) --no-print-directory lint test-web test-jvm test-go
	@echo && cat $(RESULTS)/*.txt

test-go:
	@mkdir -p $(RESULTS)
	go run ./scripts/gotest -summary $(RESULTS)/go.txt -skips '$(SKIPS)' -- -timeout 15m $$(go list ./... | grep -vE '$(ALONE)')
	go run ./scripts/gotest -summary $(RESULTS)/go-alone.txt -skips '$(SKIPS)' -- -timeout 15m -p 1 $$(go list ./... | grep -E '$(ALONE)')

## test-long: what takes longer: ten million events, a minute's outage, 200 triggers, other kernels, an hour of churn, a thousand attaches of the probe, fuzzed rules
test-long: prerequisites-test-long build
	mkdir -p test/results
	BAIZE_REPLAY_EVENTS=10000000 BAIZE_OUTAGE=60 BAIZE_TRIGGERS=200 BAIZE_GUESTS=all \
	go run ./scripts/gotest -results test/results/long.json -skips '$(SKIPS)' -- -count=1 -timeout 150m -p 1 ./test/replay ./test/whole ./test/guest
	cd rasp/jvm && BAIZE_PROBE_CYCLES=1000 mvn -B -ntp -Dtest=CyclesTest verify
	BAIZE_SOAK=1h BAIZE_FORKS=100000 \
	go run ./scripts/gotest -results test/results/soak.json -skips '$(SKIPS)' -- -count=1 -timeout 90m -run 'DoesNotGrow|AFloodOfForks' ./internal/agent
	go run ./scripts/gotest -results test/results/fuzz-sigma.json -- -run '^$$' -fuzz '^FuzzLoad$$' -fuzztime 1h -timeout 0 ./internal/sigma
	go run ./scripts/gotest -results test/results/fuzz-pipeline.json -- -run '^$$' -fuzz '^FuzzPipeline$$' -fuzztime 10m -timeout 0 ./internal/sigma

## bench: what was promised, against what is measured, on a quiet machine; LINES=1,4 selects, SCALE=0.1 tries it out
bench: prerequisites-bench
	go test -run '^$$' -bench '^BenchmarkLine($(if $(LINES),$(subst $(comma),|,$(LINES)),[0-9]+))$$' -benchtime 1x -timeout 120m ./test/bench

## intrusions: the labelled set recorded anew, 15 minutes; ONLY=curl,cron selects
intrusions: prerequisites-intrusions
	go build -o $(TOOLS)/ ./test/intrusions/record
	$(TOOLS)/record $(if $(ONLY),-only $(ONLY)) test/intrusions/recordings

## fleet: the laboratory of incidents recorded anew, 15 minutes; SEEDS=3 FROM=5 selects, INTO=DIR keeps the others
fleet: prerequisites-intrusions
	mkdir -p $(or $(INTO),test/lab/fleet/recordings)
	go build -o $(TOOLS)/record-fleet ./test/lab/fleet/record
	$(TOOLS)/record-fleet $(if $(SEEDS),-seeds $(SEEDS)) $(if $(FROM),-from $(FROM)) $(or $(INTO),test/lab/fleet/recordings)

test-web: web/node_modules/.stamp
	@mkdir -p $(RESULTS)
	cd web && (npm test && npm run browser) 2>&1 | tee $(RESULTS)/web.log
	@sed 's/\x1b\[[0-9;]*m//g' $(RESULTS)/web.log | sed -nE 's/^ +(Test Files|Tests) +/web: \1 /p' > $(RESULTS)/web.txt

test-jvm:
	@mkdir -p $(RESULTS)
	cd rasp/jvm && mvn -B -ntp -Drevision=$(VERSION) verify 2>&1 | tee $(RESULTS)/jvm.log
	@sed -nE 's/^\[[A-Z]+\] (Tests run: [0-9]+, Failures: [0-9]+, Errors: [0-9]+, Skipped: [0-9]+)$$/jvm: \1/p' $(RESULTS)/jvm.log > $(RESULTS)/jvm.txt

## lint: Go, protobuf, TypeScript, tidy modules, generated code as committed
lint: generated web/node_modules/.stamp $(TOOLS)/golangci-lint.$(GOLANGCI_LINT_VERSION)
	go mod tidy -diff
	golangci-lint run --allow-parallel-runners ./...
	cd web && npm run lint

## generate: code from the protobuf contract
generate: $(TOOLS)/buf.$(BUF_VERSION) $(TOOLS)/protoc-gen-go.$(PROTOC_GEN_GO_VERSION) $(TOOLS)/protoc-gen-go-grpc.$(PROTOC_GEN_GO_GRPC_VERSION)
	buf generate

## generated: the committed code is what the contract generates
generated: $(TOOLS)/buf.$(BUF_VERSION) $(TOOLS)/protoc-gen-go.$(PROTOC_GEN_GO_VERSION) $(TOOLS)/protoc-gen-go-grpc.$(PROTOC_GEN_GO_GRPC_VERSION)
	buf lint
	buf format --diff --exit-code
	fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && buf generate -o "$$fresh" && diff -r -x '*.proto' -x doc.go "$$fresh/proto" proto

clean:
	rm -rf rasp/jvm/target bin internal/server/console/dist/* $(RESULTS)

# Tools are built once for each version. A stamp carries the version.
define tool
$(TOOLS)/$(1).$(2):
	@mkdir -p $(TOOLS)
	GOBIN=$(TOOLS) go install $(3)@$(2)
	rm -f $(TOOLS)/$(1).v* && touch $$@
endef
$(eval $(call tool,golangci-lint,$(GOLANGCI_LINT_VERSION),github.com/golangci/golangci-lint/v2/cmd/golangci-lint))
$(eval $(call tool,buf,$(BUF_VERSION),github.com/bufbuild/buf/cmd/buf))
$(eval $(call tool,protoc-gen-go,$(PROTOC_GEN_GO_VERSION),google.golang.org/protobuf/cmd/protoc-gen-go))
$(eval $(call tool,protoc-gen-go-grpc,$(PROTOC_GEN_GO_GRPC_VERSION),google.golang.org/grpc/cmd/protoc-gen-go-grpc))

web/node_modules/.stamp: web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	touch $@

# The console is embedded into the server from where the build puts it.
internal/server/console/dist/index.html: web/node_modules/.stamp $(shell find web -path web/node_modules -prune -o -path web/test -prune -o -type f -print 2>/dev/null)
	cd web && npm run build

# The probe is one jar. Its tests come with test-jvm, so they are not even compiled here.
bin/baize-probe-jvm.jar: rasp/jvm/pom.xml $(shell find rasp/jvm/src/main -type f)
	cd rasp/jvm && mvn -q -B -ntp -Drevision=$(VERSION) -Dmaven.test.skip=true -Dprotobuf.skip=true package
	install -D -m 644 rasp/jvm/target/baize-probe.jar $@

# What a newcomer's machine must have is checked first, with one clear line.
prerequisites-run: ; @scripts/prerequisites.sh run
prerequisites-demo: ; @scripts/prerequisites.sh demo
prerequisites-test: ; @scripts/prerequisites.sh test
prerequisites-bench: ; @scripts/prerequisites.sh bench
prerequisites-intrusions: ; @scripts/prerequisites.sh intrusions
prerequisites-test-long: ; @scripts/prerequisites.sh test-long
