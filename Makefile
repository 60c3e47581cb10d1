# Thin: every line calls a public tool. `make demo` and `make test` need nothing but Swift 6.3, a C/C++ compiler,
# Python with pip, and root or sudo; what they set up once is reused (see .ci/setup).
cache := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/fkv
export PKG_CONFIG_PATH := $(PKG_CONFIG_PATH):$(cache)/llama/current/lib/pkgconfig
fkv := .build/release/fkv

.PHONY: demo test build conformance fuzz interop bench-main setup browser gemma lint format clean

demo: build
	@.ci/demo $(fkv)

test: setup browser gemma lint
	swift build --build-tests
	@nvrtc="$${FKV_NVRTC:-$$(.ci/setup nvrtc)}" || echo "setup: no NVRTC; no CUDA kernels are compiled" >&2; \
	if [ -n "$$nvrtc" ]; then export FKV_NVRTC="$$nvrtc"; fi; \
	echo swift test --skip-build; swift test --skip-build

build: setup
	swift build -c release --product fkv --static-swift-stdlib

# Both decoders on the vectors and on FILES generated files, and SALVAGE damaged ones, with each set of instructions.
FILES := 320
SALVAGE := 1000
conformance: setup
	swift build --build-tests
	@for level in reference portable avx2 avx512; do \
	  echo "FKV_SIMD=$$level"; \
	  FKV_SIMD=$$level FKV_CONFORMANCE_FILES=$(FILES) FKV_SALVAGE_FILES=$(SALVAGE) \
	    swift test --skip-build --filter 'ConformanceTests|SameBitsTests' || exit 1; \
	done

# Every decoder against hostile bytes under libFuzzer and the address sanitiser, MINUTES in all: docs/reliability.md.
MINUTES ?= 5
fuzz: setup
	@.ci/fuzz $(MINUTES)

# The tables of docs/benchmarks.md.
bench-main: build
	@.ci/bench-main $(fkv)

# Other programs go on from fkv's files and fkv from theirs: docs/interop.md.
interop: build
	@.ci/interop $(fkv)

setup:
	@.ci/setup

# For tests alone: the browser that loads the pages of fkv report.
browser:
	@.ci/setup browser || echo "setup: no browser; the tests that need one are skipped" >&2

gemma:
	@.ci/setup gemma || echo "setup: no Gemma-3-270M; the tests of its sliding windows are skipped" >&2

lint:
	swift format lint --strict --recursive --parallel Package.swift Sources Tests

format:
	swift format --in-place --recursive --parallel Package.swift Sources Tests

clean:
	rm -rf .build
