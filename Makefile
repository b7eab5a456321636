# A thin front on meson and ninja: what each target does is in tools/.
.PHONY: all install build run test test-postgres check bench bench-cabinet bench-growth bench-postgres fuzz torture cluster format clean

all: build

# What building and running needs; `make test` and `make check` install the rest by themselves.
install:
	@tools/install

build:
	@tools/build release

# Names what it needs: ninja alone would build the tests' programs too, where cmocka is there.
run: install
	@tools/build release kassad kassa kassa-walletsim
	@exec tools/sandbox

test:
	@tools/install --test
	@tools/run-tests

# Whatever has a store beneath it, wholly on PostgreSQL; ends with what is not there, and why.
test-postgres:
	@tools/install --test
	@tools/run-tests --postgres

check:
	@tools/install --test
	@tools/check-source
	@tools/check-sql

bench: build
	@tools/install --test
	@exec tests/bench/run

# With 1 and 10 million payments stored: an hour or more, and some 30 GB under build/.
bench-growth: build
	@tools/install --test
	@exec tests/bench/run --growth

# The cabinet's pages with a million payments stored: some minutes, and 4 GB under build/.
bench-cabinet: build
	@tools/install --test
	@exec tests/bench/run-cabinet

# On a PostgreSQL server of its own that waits for the disk; a minute.
bench-postgres: build
	@tools/install --test
	@tools/with-postgres --durable tests/bench/run-postgres

# FUZZ_SECONDS: how long each target runs, 60 unless told. KASSA_SEEDS: how many stories of money, 2000 unless told.
fuzz: build
	@tools/install --test
	@tools/fuzz
	@KASSA_SEED=$${KASSA_SEED:-$$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')} KASSA_SEEDS=$${KASSA_SEEDS:-2000} \
		node --test tests/torture/seeds.test.mjs

# KASSA_KILLS: how often kassad is killed, 500 unless told.
torture:
	@tools/install --test
	@KASSA_KILLS=$${KASSA_KILLS:-500} tools/run-tests --only torture

# Each machine of a cluster is killed, hangs and comes back, under load; ends with the report. KASSA_CLUSTER=TEXT: those faults alone.
cluster: build
	@tools/install --test
	@KASSA_CLUSTER=$${KASSA_CLUSTER:-all} tests/cluster/run

format:
	@tools/check-source --format

clean:
	rm -rf build build-asan build-tsan build-fuzz build-web
