# `make demo` and `make test` work on a bare Debian 12 with Python 3.11, git and make:
# tools/bootstrap.sh installs what is missing.  ARGS goes to pytest: make test ARGS="-k session".

.DEFAULT_GOAL := help
.PHONY: help demo test check docs bench bench-convert fmt clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\): ## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

demo: ## run the project's own tutorials in bubblewrap, under two minutes from nothing
	@bash tools/bootstrap.sh demo $(ARGS)

test: ## run all tests, those with containers included
	@bash tools/bootstrap.sh test $(ARGS)

check: ## the gate: format, lint, types, documentation, tests with coverage
	@bash tools/bootstrap.sh check

docs: ## build the documentation, warnings being errors
	@bash tools/bootstrap.sh docs

bench: ## measure the run of tutorials
	@bash tools/bootstrap.sh bench $(ARGS)

bench-convert: ## measure the conversion of RST sites
	@bash tools/bootstrap.sh bench-convert $(ARGS)

fmt: ## format the code
	@bash tools/bootstrap.sh fmt

clean: ## remove what these targets made, the virtual environment included
	@bash tools/bootstrap.sh clean
