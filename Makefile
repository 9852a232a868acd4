# The front door. CMake builds (CMakePresets.json); this file only remembers
# which presets and scripts belong together. `make help` lists the targets.

JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60
# How often `make fault` kills at a random instant.
FAULT_ROUNDS ?= 400
# What `make test` builds and runs, in this order.
TEST_PRESETS ?= debug asan release cortex-m3 riscv32

.DEFAULT_GOAL := build
.PHONY: build test stage demo examples picture bench bench-batch bench-inventory \
    bench-large \
    bench-service fuzz fault powerloss-full skip-full mcu mcu-run mcu-test \
    mcu-cuts size check deps coverage help clean deb check-deb check-fresh \
    check-demo

build: configure-release ## build everything for users into build/bin
	cmake --build --preset release -j $(JOBS)

# Configuring again is quick and picks up what `make deps` brought.
configure-%:
	@command -v cmake > /dev/null || { echo "no cmake: run 'make deps'"; exit 1; }
	@cmake --preset $* > build/$*.configure.log 2>&1 || \
	    { cat build/$*.configure.log; exit 1; }

$(addprefix configure-,debug release asan coverage cortex-m3 riscv32): | build/

build/:
	mkdir -p $@

compile-%: configure-%
	cmake --build --preset $* -j $(JOBS)

# One more than there are processors: some tests mostly wait.
test-%: compile-%
	@tools/test.sh $* $$(( $(JOBS) + 1 ))

test: ## run every test: gcc, clang, sanitizers, two CPUs in QEMU
	@set -e; for preset in $(TEST_PRESETS); do \
	    $(MAKE) --no-print-directory test-$$preset; done

stage: configure-release mcu ## build what the demo plays with, and no more
	cmake --build --preset release -j $(JOBS) --target birthmark birthmarkd \
	    birthmark-agent first-gateway-peer tests_batch_orders

demo: stage ## play the whole life of a device, in three minutes
	@examples/whole-life/story.sh

DEMO_TESTS ?=
check-demo: stage ## play it on a terminal, kept and interrupted: nothing is left
	@python3 tests/demo/demo_test.py examples/whole-life/story.sh $(DEMO_TESTS)

examples: build compile-cortex-m3 ## play the small stories, one after another
	@examples/all.sh

picture: stage ## play it for the README: docs/pictures/demo.svg
	@tools/picture/record.py docs/pictures/demo.svg '$$ ./demo' \
	    examples/whole-life/story.sh

mcu: configure-cortex-m3 ## build the sensor node and its bootloader
	cmake --build --preset cortex-m3 -j $(JOBS) \
	    --target boot-swap sensor-node

mcu-run: build mcu ## run it in QEMU with a live log, until Ctrl-C
	@python3 examples/sensor-node/run.py build/bin/birthmark \
	    build/bin/birthmarkd build/cortex-m3 $(MCU_SECONDS)

bench: build ## measure, as ratios
	@if [ -x bench/run.sh ]; then bench/run.sh; fi

BENCH_ROWS ?= 10000000
BENCH_DIR ?= build/bench-large
bench-large: build ## measure a store of BENCH_ROWS certificates in BENCH_DIR
	@mkdir -p $(BENCH_DIR)
	@build/release/bench/bm_bench_large $(BENCH_ROWS) $(BENCH_DIR)

BENCH_DEVICES ?= 1000000
bench-inventory: build ## searches in an inventory of BENCH_DEVICES devices
	@mkdir -p $(BENCH_DIR)
	@TMPDIR=$(BENCH_DIR) python3 bench/inventory/measure.py build/bin/birthmark \
	    build/bin/birthmarkd build/release/bench/bm_bench_inventory $(BENCH_DEVICES)

BENCH_BATCH ?= 100000
bench-batch: build ## one batch of BENCH_BATCH rows through the running service
	@BENCH_BATCH=$(BENCH_BATCH) bench/run.sh service batch

BENCH_ISSUED ?= 1000000
bench-service: build ## the service with BENCH_ROWS stored, BENCH_ISSUED more issued
	@mkdir -p $(BENCH_DIR)
	@BENCH_ROWS=$(BENCH_ROWS) BENCH_ISSUED=$(BENCH_ISSUED) TMPDIR=$(BENCH_DIR) \
	    bench/run.sh service memory

fuzz: configure-asan ## fuzz each parser for FUZZ_SECONDS seconds
	cmake --build --preset asan -j $(JOBS) \
	    --target $$(cut -d ' ' -f 1 build/asan/fuzzers.txt)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tools/fuzz/fuzz.sh

fault: compile-release ## kill, fail and cut the power at every call, not at some
	@set -e; for kind in kill fail start power; do \
	    FAULT_FULL=1 FAULT_ROUNDS=$(FAULT_ROUNDS) \
	    build/release/tests/fault/tests_fault_$$kind; done
	@set -e; for test in device_identity_cut ports_mbedtls_keystore; do \
	    [ ! -x build/release/$${test}_test ] || \
	    FAULT_FULL=1 build/release/$${test}_test; done
	@FAULT_ROUNDS=$(FAULT_ROUNDS) python3 tests/fault/service_test.py \
	    build/bin/birthmark build/bin/birthmarkd

powerloss-full: configure-release ## cut the bootloader's power at every operation, many twice
	cmake --build --preset release -j $(JOBS) \
	    --target tests_powerloss tests_powerloss_mutants
	@build/release/tests/powerloss/tests_powerloss_mutants
	@build/release/tests/powerloss/tests_powerloss full

skip-full: configure-release compile-cortex-m3 ## skip each instruction of each bootloader, for hours
	cmake --build --preset release -j $(JOBS) --target skip_tool
	@python3 tests/skip/skip_test.py build/release/tests/skip/skip_tool \
	    build/cortex-m3/ports/mps2/boot full

# The services around the nodes are those of preset release.
MCU_TEST = python3 tests/mcu/mcu_test.py build/bin/birthmark \
    build/bin/birthmarkd build/cortex-m3
mcu-test: compile-release compile-cortex-m3 ## sensor nodes in QEMU among real services
	@$(MCU_TEST)

# In every window of commits; of an image's octets every sixteenth. Those of the
# swap itself are cut by `make powerloss-full`.
mcu-cuts: compile-release compile-cortex-m3 ## cut a node's power at each commit to its flash
	@MCU_CUTS=all $(MCU_TEST) power_cuts_in_enrolment \
	    power_cuts_in_renewal power_cuts_in_an_update \
	    power_cuts_before_a_refusal_is_told \
	    power_cuts_on_the_way_to_a_policy \
	    power_cuts_on_the_way_back_from_a_policy kills_at_any_instant

size: compile-cortex-m3 ## text, RAM and stack on Cortex-M3 against the budgets
	@tools/size/size.py

check: configure-asan compile-cortex-m3 ## style, layers, banned functions and so on
	@tools/check/check.sh

coverage: test-coverage ## lines that the tests execute, per folder
	@tools/coverage.py build/coverage

deb: ## Debian packages, in build/deb
	@tools/deb/deb.sh build/deb

check-deb: ## their whole life in a Debian of its own; root, minutes
	@tests/deb/check.sh build/deb

check-fresh: ## ./demo and ./test in a Debian that was just made; root, an hour
	@tests/fresh/check.sh build/fresh

deps: ## install the packages and fetch the sources that a build needs
	@tools/deps/deps.sh

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1: /p' Makefile | \
	    while IFS=: read -r name what; do \
	        printf 'make %-12s%s\n' "$$name" "$$what"; done

clean: ## remove what was built, but not what was fetched
	[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name deps \
	    -exec rm -rf {} +
