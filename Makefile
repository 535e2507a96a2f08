# Two commands: `make demo` runs a living demonstration, `make test` checks everything that is checked.
# Needed beforehand: Rust (rustup reads rust-toolchain.toml) and Node 20 or later with npm.
# A C compiler, for the SQLite that is built in, is installed here when it is missing; so is PostgreSQL for the tests.

# On a machine that builds once, what incremental builds keep for next time is only cost.
ifdef CI
export CARGO_INCREMENTAL := 0
endif

.PHONY: demo test tools postgresql

demo: tools
	cargo xtask definitions
	cargo xtask assets
	cargo run --release --package app -- demo $(ARGS)

test: tools postgresql
	cargo xtask ci

tools:
	@for tool in cargo npm; do command -v $$tool >/dev/null || \
		{ echo "$$tool is missing. README.md, 'Run it', says what to install." >&2; exit 1; }; done
	@command -v cc >/dev/null || { apt-get update -q && apt-get install -q -y gcc libc6-dev; } || \
		{ echo "A C compiler is missing. Run: apt-get install gcc libc6-dev" >&2; exit 1; }

# The tests start servers of their own: the one that Debian's package would set up and start is kept from it.
postgresql: own := /etc/postgresql-common/createcluster.d/carespine.conf
postgresql:
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || \
		{ mkdir -p $(dir $(own)) && echo "create_main_cluster = false" >$(own) && \
		apt-get update -q && apt-get install -q -y postgresql && rm $(own); } || \
		{ echo "PostgreSQL is missing. Run: apt-get install postgresql" >&2; exit 1; }
