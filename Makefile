# Everything here works on a fresh clone; each target installs what it needs.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
OLDEST ?= python3.10
JSON ?=
# Beside the tools, for all checkouts: a clean one need not check all of Pulumi's packages again.
export MYPY_CACHE_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/bluegreen/mypy

.PHONY: demo demo-aws demo-azure demo-google demo-kubernetes test check exhaustive bench bench-kubernetes matrix interleavings schema-proof scenarios scenarios-kubernetes-plugin
.PHONY: conformance witness setup lint lint-workflows format wheel plugin dist site site-look coverage check-oldest clean help

help: ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed here: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(PY) dev/install.py
	@touch $@

# The first show needs a part of it: with everything there, that is taken.
$(VENV)/.shows: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed here: make PYTHON=python3.11 ...")'
	@[ -e $(VENV)/.installed ] || { $(PYTHON) -m venv $(VENV) && $(PY) dev/install.py demo; }
	@touch $@

# What is wanted of the tools: a show on AWS needs no Kubernetes, and the other way round.
NEEDS := all
demo-aws bench matrix: NEEDS := aws
demo-azure: NEEDS := azure
demo-google: NEEDS := google
demo-kubernetes bench-kubernetes witness: NEEDS := kubernetes

setup: $(VENV)/.installed ## the Python environment and the tools
	@$(PY) -m localcloud bootstrap $(NEEDS)

demo: $(VENV)/.shows ## two processes behind Envoy, promoted and rolled back under load; a broken release is refused
	$(PY) -m demo $(if $(JSON),--json $(JSON))

demo-aws: setup ## the same with ECS behind a load balancer, on an AWS emulator
	$(PY) -m demo --on aws $(if $(JSON),--json $(JSON))

demo-azure: setup ## the same with a Container App, on what stands in for Azure
	$(PY) -m demo --on azure $(if $(JSON),--json $(JSON))

demo-google: setup ## the same with a Cloud Run service, on what stands in for Google Cloud
	$(PY) -m demo --on google $(if $(JSON),--json $(JSON))

demo-kubernetes: setup ## the same on a real Kubernetes node, behind a Gateway API route
	$(PY) -m demo --on kubernetes $(if $(JSON),--json $(JSON))

test: setup ## linter, type checker and every test, with some fifth of what is generated
	$(MAKE) --no-print-directory lint
	$(PY) -m pytest

check: $(VENV)/.installed ## linter, type checker and the tests that need no cloud, without the sweeps over every call: for between two changes
	$(MAKE) --no-print-directory lint
	TESTS_IN_PART=1 $(PY) -m pytest -m "not tools and not sweep" -n 4

exhaustive: $(VENV)/.installed ## the tests that need no cloud, with every generated case and every call of a swap: `make test` tries some fifth of these
	TESTS_IN_FULL=1 $(PY) -m pytest -m "not tools"

bench: setup ## promotion and rollback against a no-op `pulumi up`, and of many services at once
	$(PY) -m dev.benchmarks $(if $(JSON),--json $(JSON))

bench-kubernetes: setup ## swaps on Kubernetes beside Argo Rollouts and `kubectl patch`
	$(PY) -m dev.benchmarks.kubernetes $(if $(JSON),--json $(JSON))

interleavings: setup ## two swaps of one object, one call at a time: every interleaving with up to three changes of turns
	$(PY) -m tests.swap.two_at_once --docs docs/safety.md

matrix: setup ## every call of a swap killed and failed in every way, somebody else between any two, and what came of it
	$(PY) -m dev.matrix $(if $(ONLY),--only $(ONLY)) $(if $(ADAPTER),--adapter $(ADAPTER),--docs docs/safety.md) $(if $(JSON),--json $(JSON)) $(if $(KEEP),--keep $(KEEP)) $(if $(IN_MEMORY),--in-memory) $(if $(MOST),--most $(MOST))

schema-proof: setup ## the schema gate against real servers, 2,000 migrations each; its figures go into docs/gates.md
	$(PY) -m tests.schema.differential --cases 2000 --docs docs/gates.md

scenarios: setup ## every scenario of every platform, and every test of the engine, over both adapters, which take turns in `make test`
	BLUEGREEN_SCENARIOS=full $(PY) -m pytest tests/scenarios tests/e2e tests/examples tests/routers/test_hosts_over_ssh.py

scenarios-kubernetes-plugin: setup ## those on Kubernetes with Pulumi's own plugin, which it builds
	$(PY) -m localcloud bootstrap kubernetes-plugin
	BLUEGREEN_SCENARIOS=kubernetes-plugin $(PY) -m pytest tests/scenarios/test_scenarios.py

conformance: setup ## every test of the Kubernetes stand-in over Pulumi's own plugin, too; its figures go into docs/stand-ins.md
	$(PY) -m tests.localcloud.conformance --docs docs/stand-ins.md

witness: setup ## what stands in for Cloud Run beside Knative Serving on the node, which it builds; its figures go into docs/stand-ins.md
	$(PY) -m tests.localcloud.witness --docs docs/stand-ins.md

lint: $(VENV)/.installed ## ruff and mypy
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

format: $(VENV)/.installed ## write the code as ruff has it
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

wheel: $(VENV)/.installed ## dist/
	$(PY) -m build

dist: $(VENV)/.installed ## all that a release hands out, checked: wheel, sources, plugin archives, schema, bill of materials; REPOSITORY=URL is named in them
	rm -rf dist
	$(PY) -m dev.release build dist $(if $(REPOSITORY),--repository $(REPOSITORY))

site: $(VENV)/.installed ## the docs as a site, dist/site; a link or an anchor that leads nowhere fails it
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build

site-look: site ## each of its pages in a browser, narrow and wide: none scrolls sideways or lacks a picture
	$(PY) -m dev.site_look

# The tests of those two packages, and those of others that try one of their parts with what calls it.
COVERING := tests/rollout tests/swap tests/test_calls.py tests/routers/test_going_elsewhere.py tests/cli/test_looking.py

coverage: $(VENV)/.installed ## lines and branches of rollout/ and swap/ that tests without a cloud run, with no sweep over every call; less than all of them fails
	$(PY) -m coverage erase
	TESTS_IN_PART=1 $(PY) -m coverage run -m pytest -q -n 4 -m "not tools and not sweep" $(COVERING)
	$(PY) -m coverage combine -q
	$(PY) -m coverage report

lint-workflows: ## the workflow files, by actionlint, which Go builds
	go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 .github/workflows/*.yml ci/github/*.yml

check-oldest: ## the core and the swap on the oldest Python that the package allows, in an environment of its own
	$(OLDEST) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet ".[aws,kubernetes,azure,analysis,flags,schema]" -r dev/oldest.txt
	TESTS_IN_PART=1 .venv-oldest/bin/python -m pytest -q -n0 -m "not tools" tests/rollout tests/swap tests/test_calls.py

plugin: ## dist/pulumi-resource-bluegreen-v*.tar.gz, for `pulumi plugin install --file`
	@$(PYTHON) dev/plugin_archive.py dist

clean: ## end the local cloud, remove what was made here
	-@[ -x $(PY) ] && $(PY) -m localcloud down
	rm -rf $(VENV) .venv-oldest components/.venv dist build demo.html
