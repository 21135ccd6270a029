# Everything one does with logmond's source. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help run test soak lint types imports check bench docs install uninstall \
        install-test service-test image-test clean

# Which Python: the first of 3.11 or newer with venv, or PYTHON=/path/to/one.
PYTHON ?=
# What `make test` and `make run` pass on: make test ARGS="tests/alerts -k peak",
# make run ARGS="--scenario errors --set admin.listen=tcp://localhost:9001"
ARGS ?=

# Extras that `make install` installs too: EXTRAS=notify (Apprise), EXTRAS=tls, EXTRAS=notify,tls
EXTRAS ?=

# Where `make install` puts things; DESTDIR stands before all of it.
DESTDIR ?=
PREFIX ?= /usr/local
LIBDIR = $(PREFIX)/lib/logmond
BINDIR = $(PREFIX)/bin
UNITDIR = $(PREFIX)/lib/systemd/system
SYSUSERSDIR = $(PREFIX)/lib/sysusers.d
DOCDIR = $(PREFIX)/share/doc/logmond
SYSCONFDIR = /etc

UNITS = logmond.service logmond.socket logmond-syslog.socket
BIN = .venv/bin

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/.run ## run the demo: traffic, alerts, and the admin port on localhost:9000
	@$(BIN)/logmond demo $(ARGS)

test: .venv/.test ## run the tests (ARGS="..." is passed to pytest)
	@$(BIN)/python -m pytest $(ARGS)

soak: .venv/.test ## run the long tests, of faults and of the demo (about an hour)
	@LOGMOND_SOAK=1 $(BIN)/python -m pytest tests/faults tests/e2e/test_demo_verb.py \
	  tests/alerts/test_calm_month.py $(ARGS)

lint: .venv/.lint ## check the style (ruff, flake8)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/flake8

types: .venv/.lint ## check the types (mypy, strict)
	@$(BIN)/mypy

imports: .venv/.lint ## check that imports only point down
	@$(BIN)/lint-imports

check: lint types imports test ## all of the above

bench: .venv/.run ## measure the kernel (ARGS=lines) and UDP, each beside a bare loop (five minutes)
	@$(BIN)/python -m bench.kernel $(ARGS)
	@$(BIN)/python -m bench.backtest $(ARGS)
	@$(BIN)/python -m bench.udp
	@$(BIN)/python -m bench.hostile
	@$(BIN)/python -m bench.rules
	@$(BIN)/python -m bench.storm
	@$(BIN)/python -m bench.baselines

docs: .venv/.run ## write docs/config.md from the models
	@$(BIN)/python -m logmond.config.reference > docs/config.md

install-test: ## install into a folder and run it from there (as root)
	@packaging/install-test

service-test: ## boot a small Debian with the service and use it (as root)
	@packaging/service-test

image-test: ## build the container image and try it (as root)
	@packaging/image-test

clean: ## remove the environment and what tools left behind
	@rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment, made once and brought up to date when the dependencies change.
.venv/bin/python:
	@python=$$(packaging/find-python $(PYTHON)) && echo "Making .venv with $$python" && \
	  "$$python" -m venv .venv

.venv/.run: pyproject.toml | .venv/bin/python
	@echo "Installing logmond into .venv"
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

.venv/.test: pyproject.toml | .venv/bin/python
	@echo "Installing logmond and what its tests need into .venv"
	@$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@ .venv/.run

.venv/.lint: pyproject.toml | .venv/bin/python
	@echo "Installing logmond and the checkers into .venv"
	@$(BIN)/python -m pip install --quiet --editable '.[test,lint]'
	@touch $@ .venv/.run .venv/.test

# The service's user cannot read a Python below /root or /home: the system's own goes first.
install: ## install the service (DESTDIR=, PREFIX=/usr/local; keeps an existing configuration)
	@python=$$(packaging/find-python $(PYTHON) /usr/bin/python3) && \
	case "$$python" in /root/*|/home/*) \
	  echo "warning: $$python lies in a home directory, which the service cannot read;" \
	       "name another: make install PYTHON=/usr/bin/python3" >&2;; esac && \
	rm -rf '$(DESTDIR)$(LIBDIR)' && \
	"$$python" -m venv '$(DESTDIR)$(LIBDIR)' && \
	'$(DESTDIR)$(LIBDIR)/bin/python' -m pip install --quiet '.$(if $(EXTRAS),[$(EXTRAS)])'
	@packaging/move-venv '$(DESTDIR)' '$(LIBDIR)'
	@install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(UNITDIR)' '$(DESTDIR)$(SYSUSERSDIR)' \
	  '$(DESTDIR)$(DOCDIR)/docs' '$(DESTDIR)$(DOCDIR)/etc' '$(DESTDIR)$(SYSCONFDIR)/logmond' \
	  '$(DESTDIR)$(SYSCONFDIR)/logrotate.d'
	@ln -sf '$(LIBDIR)/bin/logmond' '$(DESTDIR)$(BINDIR)/logmond'
	@for unit in $(UNITS); do \
	  sed 's|/usr/local/bin/|$(BINDIR)/|' systemd/$$unit > '$(DESTDIR)$(UNITDIR)'/$$unit && \
	  chmod 0644 '$(DESTDIR)$(UNITDIR)'/$$unit || exit 1; done
	@install -m 0644 systemd/logmond.sysusers '$(DESTDIR)$(SYSUSERSDIR)/logmond.conf'
	@install -m 0644 etc/logrotate.d/logmond '$(DESTDIR)$(SYSCONFDIR)/logrotate.d/logmond'
	@install -m 0644 README.md LICENSE '$(DESTDIR)$(DOCDIR)'
	@install -m 0644 docs/*.md '$(DESTDIR)$(DOCDIR)/docs'
	@install -m 0644 etc/logmond.yaml '$(DESTDIR)$(DOCDIR)/etc'
	@if [ -e '$(DESTDIR)$(SYSCONFDIR)/logmond/logmond.yaml' ]; then \
	  echo "kept $(DESTDIR)$(SYSCONFDIR)/logmond/logmond.yaml"; else \
	  install -m 0644 etc/logmond.yaml '$(DESTDIR)$(SYSCONFDIR)/logmond/logmond.yaml'; fi
	@echo "Installed. Next: systemd-sysusers && systemctl daemon-reload &&" \
	  "systemctl enable --now logmond.socket logmond"

uninstall: ## remove what install put there (configuration, state and logs stay)
	@rm -rf '$(DESTDIR)$(LIBDIR)' '$(DESTDIR)$(DOCDIR)'
	@rm -f '$(DESTDIR)$(BINDIR)/logmond' '$(DESTDIR)$(SYSUSERSDIR)/logmond.conf' \
	  '$(DESTDIR)$(SYSCONFDIR)/logrotate.d/logmond'
	@for unit in $(UNITS); do rm -f '$(DESTDIR)$(UNITDIR)'/$$unit; done
