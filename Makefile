# What a developer of clp does, one target each. `make` alone lists them.
#
# The tests run against a real Apache Kafka, OpenSearch and Azurite, which they start and stop themselves on free ports.
# `make services` only fetches them, from the package registries: Java 17 and Maven, Node 20 and npm are needed.
# `make dev-up` starts them to try clp by hand.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

CARGO ?= cargo
MVN ?= mvn
PYTHON ?= python3
NPM ?= npm
FETCH = $(MVN) -q -B -ntp
# cargo reads CARGO_TARGET_DIR itself; this is where the files are that make looks at.
TARGET := $(or $(CARGO_TARGET_DIR),target)

SERVICES := tests/services
# A stamp is the copy of the file that says what to fetch, made after the fetch was complete: the same content means
# that nothing is to be done, whatever a clone or a checkout did to the files' times.
KAFKA_STAMP := $(SERVICES)/kafka/fetched.xml
OLD_KAFKA_STAMP := $(SERVICES)/kafka-3.9/libs/fetched.xml
OPENSEARCH_STAMP := $(SERVICES)/opensearch/libs/fetched.xml
NODE_STAMP := $(SERVICES)/node_modules/.fetched.json
TOOLS_STAMP := $(SERVICES)/tools/installed/requirements.txt

.PHONY: help build release install test test-tools services fetch-kafka fetch-kafka-3.9 fetch-opensearch fetch-azurite fetch-tools faults demo bench bench-worker bench-extract bench-monitor bench-tail bench-analyze fmt lint deny doc check completions man clean \
	dev-up dev-status dev-sample dev-down dev-clean run-monitor run-worker run-extract

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS=$$'\t' read -r target text; \
	do printf '  make %-14s %s\n' "$$target" "$$text"; done

build: ## Build the debug binary
	$(CARGO) build --locked

release: ## Build the binary to ship
	$(CARGO) build --locked --release
	@echo "built $(TARGET)/release/clp"

install: ## Install clp with cargo, into ~/.cargo/bin
	$(CARGO) install --locked --path .

test: services ## Run all tests, against a real Kafka and Azurite
	$(CARGO) test --locked

# What tests look at from outside: shells, a terminal, a browser, a keyring, and what reads deployments/. The packages of Debian and Ubuntu,
# each with the program, or the file, that tells whether it is there.
TEST_TOOLS := bash-completion:/usr/share/bash-completion/bash_completion zsh:zsh fish:fish groff:groff tmux:tmux jq:jq bsdutils:script \
	chromium:chromium openssl:openssl dbus-bin:dbus-send dbus-daemon:dbus-daemon gnome-keyring:gnome-keyring-daemon \
	libsecret-tools:secret-tool python3-venv:/usr/share/doc/python3-venv prometheus:promtool systemd:systemd-analyze kubernetes-client:kubectl

test-tools: ## Install the programs that tests use, by apt-get, if not there
	@missing=; for tool in $(TEST_TOOLS); do \
		command -v "$${tool#*:}" >/dev/null || [ -e "$${tool#*:}" ] || missing="$$missing $${tool%%:*}"; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	command -v apt-get >/dev/null || { echo "make test-tools: install these by your package manager:$$missing" >&2; exit 1; }; \
	echo "installing$$missing"; \
	if [ "$$(id -u)" = 0 ]; then run=; else run=sudo; fi; \
	$$run apt-get -qq update; $$run env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends $$missing >/dev/null

services: fetch-kafka fetch-kafka-3.9 fetch-opensearch fetch-azurite fetch-tools ## Fetch Kafka, OpenSearch and Azurite for the tests, if not there
	@:

fetch-kafka:
	@if ! cmp -s $(SERVICES)/pom.xml $(KAFKA_STAMP); then \
		command -v $(MVN) >/dev/null || { echo "make services: Maven (mvn) is needed to fetch Kafka, with Java 17 or newer" >&2; exit 1; }; \
		echo "fetching Apache Kafka by Maven into $(SERVICES)/kafka/libs (about 54 MB, once)"; \
		rm -rf $(SERVICES)/kafka; \
		(cd $(SERVICES) && $(FETCH) dependency:copy-dependencies -DoutputDirectory=kafka/libs); \
		$(SERVICES)/archive-classes.sh kafka || echo "make services: no class archive; the tests' Kafka starts slower, nothing else" >&2; \
		cp $(SERVICES)/pom.xml $(KAFKA_STAMP); \
	fi

fetch-kafka-3.9:
	@if ! cmp -s $(SERVICES)/kafka-3.9/pom.xml $(OLD_KAFKA_STAMP); then \
		command -v $(MVN) >/dev/null || { echo "make services: Maven (mvn) is needed to fetch Kafka, with Java 17 or newer" >&2; exit 1; }; \
		echo "fetching Apache Kafka 3.9 by Maven into $(SERVICES)/kafka-3.9/libs (about 56 MB, once)"; \
		rm -rf $(SERVICES)/kafka-3.9/libs $(SERVICES)/kafka-3.9/classes.jsa; \
		(cd $(SERVICES)/kafka-3.9 && $(FETCH) dependency:copy-dependencies -DoutputDirectory=libs); \
		$(SERVICES)/archive-classes.sh kafka-3.9 || echo "make services: no class archive; the tests' older Kafka starts slower, nothing else" >&2; \
		cp $(SERVICES)/kafka-3.9/pom.xml $(OLD_KAFKA_STAMP); \
	fi

fetch-opensearch:
	@if ! cmp -s $(SERVICES)/opensearch/pom.xml $(OPENSEARCH_STAMP); then \
		command -v $(MVN) >/dev/null || { echo "make services: Maven (mvn) is needed to fetch OpenSearch, with Java 17 or newer" >&2; exit 1; }; \
		echo "fetching OpenSearch by Maven into $(SERVICES)/opensearch/libs (about 48 MB, once)"; \
		rm -rf $(SERVICES)/opensearch/libs; \
		(cd $(SERVICES)/opensearch && $(FETCH) dependency:copy-dependencies -DoutputDirectory=libs); \
		cp $(SERVICES)/opensearch/pom.xml $(OPENSEARCH_STAMP); \
	fi

fetch-azurite:
	@if ! cmp -s $(SERVICES)/package-lock.json $(NODE_STAMP); then \
		command -v $(NPM) >/dev/null || { echo "make services: npm is needed to fetch Azurite, with Node 20 or newer" >&2; exit 1; }; \
		echo "fetching Azurite by npm into $(SERVICES)/node_modules (about 390 MB, once)"; \
		(cd $(SERVICES) && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error); \
		cp $(SERVICES)/package-lock.json $(NODE_STAMP); \
	fi

fetch-tools:
	@if ! cmp -s $(SERVICES)/tools/requirements.txt $(TOOLS_STAMP); then \
		rm -rf $(SERVICES)/tools/installed; \
		if $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
			echo "installing what looks at deployments/ by pip into $(SERVICES)/tools/installed (about 210 MB, once)"; \
			$(PYTHON) -m venv $(SERVICES)/tools/installed; \
			$(SERVICES)/tools/installed/bin/pip --quiet --disable-pip-version-check install --requirement $(SERVICES)/tools/requirements.txt; \
			cp $(SERVICES)/tools/requirements.txt $(TOOLS_STAMP); \
		else \
			echo "make services: no Python 3 with venv; some tests of deployments/ will say what they leave out" >&2; \
		fi; \
	fi

# How many seeds, and the first of them.
SEEDS ?= 200
SEED ?= 1
faults: services ## Break requests to Kafka at random; SEEDS=200 SEED=1
	CLP_TEST_SEEDS=$(SEEDS) CLP_TEST_SEED=$(SEED) $(CARGO) test --locked --test it late_frames_at_random -- --nocapture

demo: build ## See clp at work here, without any server
	@$(TARGET)/debug/clp demo

bench: services ## Time ingest side by side with kcat (needs kcat)
	$(CARGO) bench --locked --bench ingest

bench-worker: services ## Time the worker side by side with kcat (needs kcat)
	$(CARGO) bench --locked --bench worker

bench-extract: services ## Time extract side by side with jq and kcat (needs both)
	$(CARGO) bench --locked --bench extract --bench extract_service

bench-monitor: services ## Time a scan of the monitor over 50 000 blobs
	$(CARGO) bench --locked --bench monitor

bench-tail: services ## Time tail side by side with kcat (needs kcat)
	$(CARGO) bench --locked --bench tail

# Ports and directories to try clp by hand; the script says what they are.
DEV_DIR ?= .dev
export DEV_DIR KAFKA_PORT KAFKA_CONTROLLER_PORT AZURITE_PORT KAFDROP_PORT OPENSEARCH_PORT DEV_ENGINE OPENSEARCH CLP_SERVICES
DEV := CLP="$(TARGET)/debug/clp" MAKE="$(MAKE)" scripts/dev/dev.sh
# What is passed on: make run-worker ARGS="--lanes 2"
ARGS ?=

dev-up: build ## Start Kafka and Azurite to try clp with; OPENSEARCH=1
	@$(DEV) up

dev-status: ## Say what of them runs
	@$(DEV) status

dev-sample: build ## Write sample blobs there; again: they grow
	@$(DEV) sample

dev-down: ## Stop them and keep their data
	@$(DEV) down

dev-clean: ## Stop them and remove their data
	@$(DEV) clean

run-monitor: build $(DEV_DIR)/config.yaml ## Run the monitor there; ARGS=…
	@exec $(TARGET)/debug/clp --config $(DEV_DIR)/config.yaml monitor $(ARGS)

run-worker: build $(DEV_DIR)/config.yaml ## Run a worker there; ARGS=…
	@exec $(TARGET)/debug/clp --config $(DEV_DIR)/config.yaml ingest --worker $(ARGS)

run-extract: build $(DEV_DIR)/config.yaml ## Run the extraction there; ARGS=…
	@exec $(TARGET)/debug/clp --config $(DEV_DIR)/config.yaml extract $(ARGS)

$(DEV_DIR)/config.yaml:
	@echo "$@ is not there: make dev-up starts Kafka and Azurite and writes it" >&2; exit 1

bench-analyze: ## Time analyze-logs of 1 GB side by side with jq (needs jq)
	$(CARGO) bench --locked --bench analyze

fmt: ## Format the code
	$(CARGO) fmt

lint: ## Run clippy; warnings are errors
	$(CARGO) clippy --locked --all-targets -- -D warnings

deny: ## Check the dependencies' licences, sources and known flaws
	@$(CARGO) deny --version >/dev/null 2>&1 || { echo "make deny: cargo-deny is needed: cargo install --locked cargo-deny" >&2; exit 1; }
	$(CARGO) deny --locked check

doc: ## Build the documentation; broken links are errors
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps

check: fmt lint test ## Format, lint and test: do this before a push

completions: build ## Write the shell completions into completions/
	@mkdir -p completions
	$(TARGET)/debug/clp completions bash >completions/clp.bash
	$(TARGET)/debug/clp completions zsh >completions/_clp
	$(TARGET)/debug/clp completions fish >completions/clp.fish
	$(TARGET)/debug/clp completions elvish >completions/clp.elv
	$(TARGET)/debug/clp completions powershell >completions/_clp.ps1

man: build ## Write the manual pages into target/man
	$(TARGET)/debug/clp man $(TARGET)/man

clean: ## Remove what was built and fetched
	$(CARGO) clean
	rm -rf $(SERVICES)/kafka $(SERVICES)/kafka-3.9/libs $(SERVICES)/kafka-3.9/classes.jsa $(SERVICES)/opensearch/libs $(SERVICES)/tools/installed $(SERVICES)/node_modules $(SERVICES)/run
