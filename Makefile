# SPDX-License-Identifier: GPL-3.0-or-later
#
# nightshift - what is built from what.  `make help` lists the targets.
#
# The layers.  A folder is compiled with -I for itself and for what stands to its left, so that an
# include against the arrows does not compile:
#
#     base <- search <- experiments <- reports <- harness      =>  build/nightshift, -serve
#     base <- trainer                                          =>  build/nightshift-lm

sees_base        := harness/base
sees_search      := $(sees_base) search
sees_experiments := $(sees_search) experiments
sees_reports     := $(sees_experiments) reports
sees_harness     := $(sees_reports) harness
sees_trainer     := $(sees_base) trainer

uses_nightshift    := sqlite3 gsl libgit2 libfyaml jansson libcrypto md4c-html libzstd zlib ncursesw libmicrohttpd
uses_nightshift-lm := openblas libpcre2-8 jansson libcrypto

# --- settings that a user may change on the command line -----------------------------------------

CC         ?= cc
CFLAGS     ?= -O2 -g
PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
DATADIR    ?= $(PREFIX)/share
MANDIR     ?= $(DATADIR)/man
BASHDIR    ?= $(DATADIR)/bash-completion/completions
ZSHDIR     ?= $(DATADIR)/zsh/site-functions
FISHDIR    ?= $(DATADIR)/fish/vendor_completions.d
UNITDIR    ?= $(DATADIR)/systemd/user
DESTDIR    ?=
SAN        ?= 0
MINUTES    ?= 10
NIGHTS     ?= 600
V          ?= 0
PKG_CONFIG ?= pkg-config

# --- flags ---------------------------------------------------------------------------------------

VERSION  := 0.1.0
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes \
            -Wwrite-strings -Wcast-qual -Wformat=2 -Wundef -Wdouble-promotion
HARDEN   := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDHARDEN := -pie -Wl,-z,relro,-z,now -Wl,--as-needed
B        := build

ifeq ($(SAN),1)
B        := build/san
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
HARDEN   := -fPIE
CFLAGS   := -O1 -g
export ASAN_OPTIONS  := handle_segv=2:detect_leaks=1:exitcode=99
export UBSAN_OPTIONS := print_stacktrace=1:exitcode=99
endif
# `make fuzz` builds everything once more: for libFuzzer, and to count which lines it reaches.  Clang
# takes NAN and INFINITY for numbers of single precision that we promote.
ifneq ($(FUZZ),)
CC       := clang
WARNINGS += -Wno-double-promotion
endif
ifeq ($(FUZZ),1)
B        := build/fuzz
SANITIZE := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
HARDEN   := -fPIE
CFLAGS   := -O1 -g
endif
ifeq ($(FUZZ),coverage)
B        := build/coverage
SANITIZE := -fprofile-instr-generate -fcoverage-mapping
HARDEN   := -fPIE
CFLAGS   := -O1 -g
endif

# The folder of the build is kept out of the programs: two builds of one commit are the same bytes.
BASE_FLAGS := -std=c11 -D_GNU_SOURCE -DNIGHTSHIFT_VERSION='"$(VERSION)"' $(WARNINGS) $(HARDEN) \
              $(SANITIZE) -ffile-prefix-map=$(CURDIR)=. -ffp-contract=off -MMD -MP
# Kernels: vectorised; errno and the flags of exceptions left alone, and no path of its own for each
# end of e^x's range (no loop over it would be a vector below AVX-512, and each would divide three
# times); NAN and the order of sums kept.  Clang knows the last flag by its own means.
trainer_FLAGS := -O3 -fno-math-errno -fno-trapping-math \
                 $(if $(findstring clang,$(CC)),,-fno-thread-jumps)

# One short line for each thing built; `make V=1` shows the commands.
short = $(if $(filter 1,$(V)),,@printf '  %-4s  %s\n' $(1) $@; )

# Looked up when first used, so that `make deps` and `make help` work on a bare machine.
cflags_of = $(shell $(PKG_CONFIG) --cflags $(1))
libs_of   = $(shell $(PKG_CONFIG) --libs $(1))
LIB_CFLAGS  = $(eval LIB_CFLAGS := $(call cflags_of,$(uses_nightshift) $(uses_nightshift-lm)))$(LIB_CFLAGS)
LIBS_MAIN   = $(eval LIBS_MAIN := $(call libs_of,$(uses_nightshift)))$(LIBS_MAIN)
LIBS_LM     = $(eval LIBS_LM := $(call libs_of,$(uses_nightshift-lm)))$(LIBS_LM)
LIBS_TEST   = $(eval LIBS_TEST := $(call libs_of,$(uses_nightshift) $(uses_nightshift-lm) cmocka))$(LIBS_TEST)

# --- programs ------------------------------------------------------------------------------------

sources_base        := $(wildcard harness/base/*.c)
sources_search      := $(wildcard search/*.c)
sources_experiments := $(wildcard experiments/*.c)
sources_reports     := $(wildcard reports/*.c)
sources_harness     := $(wildcard harness/*.c)
sources_trainer     := $(wildcard trainer/*.c)
sources_beside      := $(wildcard harness/shim/*.c harness/serve/*.c)

objects = $(patsubst %.c,$(B)/obj/%.o,$(1))
nightshift_sources    := $(foreach l,base search experiments reports harness,$(sources_$(l)))
nightshift-lm_sources := $(sources_base) $(sources_trainer)

.PHONY: all deps deps-cluster demo e44 check check-slow simulate bench bench-search lint format install uninstall clean help
all: $(B)/nightshift $(B)/nightshift-serve $(B)/nightshift-lm

# The shim is a program of its own, small and quick to start, and a part of `nightshift` as bytes.
# The linker takes what it calls and no more: keep what it calls in files that call little.
$(B)/libparts.a: $(filter-out %harness/main.o,$(call objects,$(nightshift_sources)))
	$(call short,ar)rm -f $@ && ar rcs $@ $^
$(B)/shim: $(B)/obj/harness/shim/main.o $(B)/libparts.a
	$(call short,link)$(CC) $(CFLAGS) $(SANITIZE) $(LDHARDEN) $(LDFLAGS) -s -o $@ $^ $(LIBS_MAIN) -lm
$(B)/obj/harness/shim_image.o: harness/shim_image.S $(B)/shim
	$(call short,as)$(CC) -DSHIM_PROGRAM='"$(B)/shim"' -c -o $@ $<

# The script of the report's charts: Vega from its package and share/charts/, as bytes.  Without the
# package it is empty, and reports have their drawn figures alone.
VEGA := /usr/share/javascript/vega
$(B)/chart_script.js: $(wildcard share/charts/*.js share/charts/*.sh $(VEGA))
	$(call short,js)mkdir -p $(@D) && sh share/charts/script.sh $(VEGA) >$@.part && mv $@.part $@
$(B)/obj/reports/chart_script.o: reports/chart_script.S $(B)/chart_script.js
	$(call short,as)mkdir -p $(@D) && $(CC) -DCHART_SCRIPT='"$(B)/chart_script.js"' -c -o $@ $<

# Pages of docs/ that `nightshift help TOPIC` shows.
$(B)/obj/harness/topics.o: harness/topics.S $(wildcard docs/*.md)
	$(call short,as)mkdir -p $(@D) && $(CC) -c -o $@ $<

# HTTP is the business of a program of its own, which `nightshift serve` becomes (harness/serve/main.c).
$(B)/nightshift-serve: $(call objects,$(wildcard harness/serve/*.c)) $(B)/obj/reports/chart_script.o $(B)/libparts.a
	$(call short,link)$(CC) $(CFLAGS) $(SANITIZE) $(LDHARDEN) $(LDFLAGS) -o $@ $^ $(LIBS_MAIN) -lm

# What is no C.
carried := $(B)/obj/harness/shim_image.o $(B)/obj/reports/chart_script.o $(B)/obj/harness/topics.o

$(B)/nightshift: $(call objects,$(nightshift_sources)) $(carried)
	$(call short,link)$(CC) $(CFLAGS) $(SANITIZE) $(LDHARDEN) $(LDFLAGS) -o $@ $^ $(LIBS_MAIN) -lm
$(B)/nightshift-lm: $(call objects,$(nightshift-lm_sources))
	$(call short,link)$(CC) $(CFLAGS) $(SANITIZE) $(LDHARDEN) $(LDFLAGS) -pthread -o $@ $^ $(LIBS_LM) -lm

# One rule per layer; $(1) is the layer, $(2) its folder.
define layer
$(B)/obj/$(2)/%.o: $(2)/%.c
	@mkdir -p $$(@D)
	$$(call short,cc)$$(CC) $$(CFLAGS) $$(BASE_FLAGS) $$($(1)_FLAGS) $(addprefix -I,$(sees_$(1))) $$(LIB_CFLAGS) -c -o $$@ $$<
endef
$(eval $(call layer,base,harness/base))
$(eval $(call layer,search,search))
$(eval $(call layer,experiments,experiments))
$(eval $(call layer,reports,reports))
$(eval $(call layer,harness,harness))
$(eval $(call layer,harness,harness/shim))
$(eval $(call layer,harness,harness/serve))
$(eval $(call layer,trainer,trainer))

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

# --- tests ---------------------------------------------------------------------------------------
# tests/test_*.c: cmocka, linked with everything but the two main files.
# tests/cli_*.t:  the programs from outside, plain TAP.  tests/slow_*: `make check-slow`.

$(B)/libnightshift.a: $(B)/libparts.a $(carried)
	$(call short,ar)cp $< $@ && ar rs $@ $(filter %.o,$^) 2>/dev/null
$(B)/libnightshift-lm.a: $(filter-out %trainer/main.o,$(call objects,$(sources_trainer)))
	$(call short,ar)rm -f $@ && ar rcs $@ $^

test_programs := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/test_*.c))
slow_programs := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/slow_*.c))
fake_trainers := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/fake_*.c))
all_layers    := $(sort $(sees_harness) $(sees_trainer) tests)

$(B)/tests/%: tests/%.c $(B)/libnightshift.a $(B)/libnightshift-lm.a
	@mkdir -p $(@D)
	$(call short,link)$(CC) $(CFLAGS) $(BASE_FLAGS) $(addprefix -I,$(all_layers)) $(LIB_CFLAGS) $(LDHARDEN) -pthread -o $@ $< $(filter %.o,$^) \
	    $(B)/libnightshift-lm.a $(B)/libnightshift.a $(LIBS_TEST) -lm
$(B)/tests/fake_%: tests/fake_%.c
	@mkdir -p $(@D)
	$(call short,link)$(CC) $(CFLAGS) $(BASE_FLAGS) -o $@ $< -lm

# Simulated nights: a night-driver for test programs and for `make simulate`.
sees_tests := $(all_layers)
$(eval $(call layer,tests,tests))
$(B)/tests/test_nights $(B)/tests/test_early $(B)/tests/test_record_past $(B)/tests/slow_referee $(B)/tests/simulate $(B)/tests/big_record: \
    $(call objects,tests/simulated_night.c tests/landscapes.c)
bench_parts := simulated_night landscapes bench_problems bench_instance bench_serve bench_cost
$(B)/tests/search_bench $(B)/tests/test_bench: $(call objects,$(bench_parts:%=tests/%.c))

# Misfortunes brought upon whole studies (tests/torture/fault.h), the long study, and readers fed
# with what no program would write (tests/fuzz/target.h).
$(eval $(call layer,tests,tests/torture))
$(eval $(call layer,tests,tests/fuzz))
torture_mains := tests/torture/main.c tests/torture/soak.c
fuzz_mains    := tests/fuzz/fuzz.c tests/fuzz/replay_main.c
torture_parts := $(call objects,$(filter-out $(torture_mains),$(wildcard tests/torture/*.c)))
fuzz_parts    := $(call objects,$(filter-out $(fuzz_mains),$(wildcard tests/fuzz/*.c)))
link_test = $(call short,link)mkdir -p $(@D) && $(CC) $(CFLAGS) $(SANITIZE) $(LDHARDEN) -pthread -o $@ $(filter %.o,$^) \
            $(B)/libnightshift-lm.a $(B)/libnightshift.a $(LIBS_TEST) -lm
$(B)/tests/torture: $(B)/obj/tests/torture/main.o $(torture_parts) $(B)/libnightshift.a $(B)/libnightshift-lm.a
	$(link_test)
$(B)/tests/soak: $(B)/obj/tests/torture/soak.o $(torture_parts) $(B)/libnightshift.a $(B)/libnightshift-lm.a
	$(link_test)
$(B)/tests/replay: $(B)/obj/tests/fuzz/replay_main.o $(fuzz_parts) $(B)/libnightshift.a $(B)/libnightshift-lm.a
	$(link_test)
$(B)/tests/fuzz: $(B)/obj/tests/fuzz/fuzz.o $(fuzz_parts) $(B)/libnightshift.a $(B)/libnightshift-lm.a
	$(link_test) -fsanitize=fuzzer
$(B)/tests/test_fuzz: $(fuzz_parts)

PROVE := BUILD=$(B) CMOCKA_MESSAGE_OUTPUT=TAP prove -j 3 --timer

# The longest first, most of which wait rather than compute: at the end two cores would idle.
longest_tests := $(patsubst %,tests/cli_%.t,queue torture slurm run adopt)

check: deps
	@$(MAKE) --no-print-directory check-only
check-only: all $(test_programs) $(fake_trainers) $(B)/tests/torture
	@$(PROVE) -e 'sh tests/run.sh 240' $(longest_tests) $(test_programs) \
	    $(filter-out $(longest_tests),$(wildcard tests/cli_*.t))
check-slow: deps
	@$(MAKE) --no-print-directory check-slow-only
check-slow-only: all $(slow_programs) $(fake_trainers) $(B)/tests/torture $(B)/tests/soak
	@$(PROVE) -e 'sh tests/run.sh 1800' $(slow_programs) $(wildcard tests/slow_*.t)
.PHONY: check-only check-slow-only

# The trainer's tests under valgrind, an hour or less; OpenBLAS is held to kernels that it knows.
VALGRIND := OPENBLAS_CORETYPE=Haswell OPENBLAS_NUM_THREADS=1 valgrind -q --fair-sched=yes \
            --error-exitcode=99 --leak-check=full --show-leak-kinds=definite \
            --errors-for-leak-kinds=definite --suppressions=tests/valgrind.supp
valgrind_tests := $(addprefix $(B)/tests/test_,ops config memory data checkpoint model \
                    tokenizer mutation)
valgrind: all $(valgrind_tests)
	@B=$(B) VALGRIND='$(VALGRIND)' sh tests/valgrind.sh $(valgrind_tests)
.PHONY: valgrind

# The whole of what docs/reliability.md tells of.  COUNT=200 and FAULTS=random for less; stopped by
# Ctrl-C, the same call goes on.
torture: deps all $(fake_trainers) $(B)/tests/torture
	@BUILD=$(B) $(B)/tests/torture -j $(or $(JOBS),$(shell nproc)) -p $(B)/torture.progress \
	    $(if $(COUNT),-n $(COUNT)) $(FAULTS)
soak: deps all $(fake_trainers) $(B)/tests/soak
	@BUILD=$(B) $(B)/tests/soak -n $(or $(COUNT),10000)
	@BUILD=$(B) $(B)/tests/soak -i
SECONDS ?= 300
fuzz: deps
	@$(MAKE) --no-print-directory FUZZ=1 build/fuzz/tests/fuzz build/fuzz/tests/replay
	@sh tests/fuzz/fuzz.sh build/fuzz $(SECONDS) $(TARGETS)
coverage: deps
	@$(MAKE) --no-print-directory FUZZ=coverage build/coverage/tests/replay
	@sh tests/fuzz/coverage.sh build/coverage build/fuzz/corpus
# Each patch takes one protection away; the torture must notice.
mutate: deps
	@sh tests/torture/mutate.sh
.PHONY: torture soak fuzz coverage mutate

# --- manual pages --------------------------------------------------------------------------------
# Of the two programs by hand (share/man/*.scd); of each command and topic from the program itself,
# which carries its help and the pages of docs/.  Dated by the commit, so that they come out equal.

names_of       = $(shell sed -n 's/^    {"\([a-z-]*\)", .*, \($(1)\),$$/\1/p' harness/topic.c)
man_commands  := $(filter-out complete,$(patsubst harness/command_%.c,%,$(wildcard harness/command_*.c)))
man_pages     := nightshift.1 nightshift-lm.1 $(man_commands:%=nightshift-%.1) \
                 $(patsubst %,nightshift-%.5,$(call names_of,5)) \
                 $(patsubst %,nightshift-%.7,$(call names_of,7))
man_time       = $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null),0)

man: $(man_pages:%=$(B)/man/%)
$(B)/man/nightshift.1: share/man/nightshift.1.scd $(B)/nightshift
	@mkdir -p $(@D)
	$(call short,man)$(B)/nightshift help --scdoc > $@.commands && \
	    sed -e '/^@commands@$$/{r $@.commands' -e 'd}' $< > $@.scd && \
	    SOURCE_DATE_EPOCH=$(man_time) scdoc < $@.scd > $@.part && mv $@.part $@ && rm $@.scd $@.commands
$(B)/man/nightshift-lm.1: share/man/nightshift-lm.1.scd
	@mkdir -p $(@D)
	$(call short,man)SOURCE_DATE_EPOCH=$(man_time) scdoc < $< > $@.part && mv $@.part $@
$(B)/man/nightshift-%: $(B)/nightshift
	@mkdir -p $(@D)
	$(call short,man)$(B)/nightshift help --scdoc $(basename $*) > $@.scd && \
	    SOURCE_DATE_EPOCH=$(man_time) scdoc < $@.scd > $@.part && mv $@.part $@ && rm $@.scd
.PHONY: man

# --- everything else -----------------------------------------------------------------------------

deps:
	@sh share/deps.sh
# Slurm, for the test of the executor: not what a user of one machine needs.
deps-cluster: deps
	@sh share/deps.sh cluster
demo: deps
	@$(MAKE) --no-print-directory all
	@sh share/demo.sh $(MINUTES)
e44: MINUTES = 30
e44: deps
	@$(MAKE) --no-print-directory all
	@python3 experiments/e44/run.py --minutes $(MINUTES)
# Nine nights of 60 runs of 20 s by three strategies: two hours of two cores.  NIGHTS_FLAGS="--runs 40".
nights: deps
	@$(MAKE) --no-print-directory all
	@python3 experiments/nights/run.py $(NIGHTS_FLAGS)
.PHONY: nights
simulate: deps $(B)/tests/simulate
	@$(B)/tests/simulate --nights $(NIGHTS)
# One orchestrator and a simulated cluster: COUNT=10000 experiments on SLOTS=1,4,16,64,256,1024.
simulate-cluster: deps $(B)/tests/simulate_cluster
	@$(B)/tests/simulate_cluster $(if $(COUNT),--experiments $(COUNT)) $(if $(SLOTS),--slots $(SLOTS))
.PHONY: simulate-cluster
bench: deps
	@$(MAKE) --no-print-directory all $(fake_trainers)
	@sh share/bench.sh
bench-search: deps
	@$(MAKE) --no-print-directory $(B)/tests/search_bench
	@sh share/bench-search.sh
# One file at a time: clang-tidy 14 carries what it knows of va_start into the next file, wrongly.
lint:
	@printf '%s\n' $(nightshift_sources) $(sources_beside) $(sources_trainer) | xargs -P "$$(nproc)" -I '{}' \
	    clang-tidy --quiet '{}' -- -std=c11 -D_GNU_SOURCE -DNIGHTSHIFT_VERSION='"$(VERSION)"' \
	    $(addprefix -I,$(all_layers)) $(LIB_CFLAGS)
	@cppcheck --quiet --enable=warning,portability --inline-suppr --error-exitcode=1 \
	    --library=share/cppcheck.cfg \
	    $(addprefix -I,$(filter-out tests,$(all_layers))) $(nightshift_sources) $(sources_beside) $(sources_trainer)
format:
	clang-format -i $(nightshift_sources) $(sources_beside) $(sources_trainer) $(wildcard */*.h harness/base/*.h tests/*.c)

# Writes below DESTDIR alone.  Packagers set PREFIX, or any of the folders.
studies := $(DESTDIR)$(DATADIR)/nightshift/experiments
install: all man
	install -Dm755 $(B)/nightshift $(DESTDIR)$(BINDIR)/nightshift
	install -Dm755 $(B)/nightshift-serve $(DESTDIR)$(BINDIR)/nightshift-serve
	install -Dm755 $(B)/nightshift-lm $(DESTDIR)$(BINDIR)/nightshift-lm
	for page in $(man_pages); do \
	    install -Dm644 $(B)/man/$$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$$page || exit 1; done
	for file in $(wildcard $(addprefix experiments/,*.yaml *.sh *.py */*.py */*.md */*.yaml)); do \
	    case "$$(head -c 2 $$file)" in '#!') mode=755 ;; *) mode=644 ;; esac; \
	    install -Dm$$mode $$file $(studies)/$${file#experiments/} || exit 1; done
	install -Dm644 share/schema/study.json $(DESTDIR)$(DATADIR)/nightshift/schema/study.json
	for unit in share/systemd/*; do \
	    install -Dm644 $$unit $(DESTDIR)$(UNITDIR)/$${unit##*/} || exit 1; done
	sed -i 's|/usr/local/bin|$(BINDIR)|' '$(DESTDIR)$(UNITDIR)/nightshift@.service'
	for name in nightshift nightshift-lm; do \
	    install -Dm644 share/completion/$$name.bash $(DESTDIR)$(BASHDIR)/$$name && \
	    install -Dm644 share/completion/_$$name $(DESTDIR)$(ZSHDIR)/_$$name && \
	    install -Dm644 share/completion/$$name.fish $(DESTDIR)$(FISHDIR)/$$name.fish || exit 1; done
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/nightshift $(DESTDIR)$(BINDIR)/nightshift-serve $(DESTDIR)$(BINDIR)/nightshift-lm
	rm -f $(DESTDIR)$(MANDIR)/man[157]/nightshift.1 $(DESTDIR)$(MANDIR)/man[157]/nightshift-*.[157]
	rm -rf $(DESTDIR)$(DATADIR)/nightshift
	rm -f $(DESTDIR)$(UNITDIR)/nightshift@.*
	for name in nightshift nightshift-lm; do \
	    rm -f $(DESTDIR)$(BASHDIR)/$$name $(DESTDIR)$(ZSHDIR)/_$$name $(DESTDIR)$(FISHDIR)/$$name.fish; done

# A Debian package of what git tracks, in build/deb; CHECK=1 runs the tests while it is built.
deb_tree := build/deb/nightshift-$(VERSION)
deb:
	rm -rf build/deb && mkdir -p $(deb_tree)
	git ls-files -z | tar --null --files-from=- -cf - | tar -xf - -C $(deb_tree)
	cd $(deb_tree) && DEB_BUILD_OPTIONS='$(if $(CHECK),,nocheck) parallel=$(or $(shell nproc),1)' \
	    dpkg-buildpackage -us -uc
	lintian --fail-on error,warning build/deb/nightshift_$(VERSION)_*.changes
.PHONY: deb

clean:
	rm -rf build

help:
	@echo 'make            build/nightshift and build/nightshift-lm; V=1 shows the commands'
	@echo 'make deps       install the Debian packages that are missing'
	@echo 'make deps-cluster  and those of a small Slurm, with which the cluster is tested'
	@echo 'make demo       a small night on real text (MINUTES=10)'
	@echo 'make nights     nights of a real trainer: auto beside random and the forerunner'\''s rule (two hours)'
	@echo 'make e44        the forerunner'\''s experiment 44 and its repair (MINUTES=30)'
	@echo 'make check      the test suite; SAN=1 with address and undefined sanitizers'
	@echo 'make check-slow the longer tests'
	@echo 'make torture    kills, power cuts, errors, rivals: an hour or two (COUNT=200 FAULTS=random JOBS=2)'
	@echo 'make soak       a study of 10,000 experiments (COUNT=), and what an idle harness costs'
	@echo 'make fuzz       readers of foreign data under libFuzzer, 5 minutes each (SECONDS= TARGETS=)'
	@echo 'make coverage   lines of those readers that the fuzzer has reached'
	@echo 'make mutate     take one protection away at a time: the torture must notice'
	@echo 'make valgrind   the trainer and its tests under memcheck'
	@echo 'make simulate   whole nights on landscapes with known truth (NIGHTS=600)'
	@echo 'make simulate-cluster  one orchestrator beside a simulated cluster of 1 to 1,024 slots (COUNT= SLOTS=)'
	@echo 'make bench      speed beside the peers that are installed; ROUNDS=1 for a quick look, ROWS="small memory", LLAMA=DIR'
	@echo 'make bench-search  what is found in so many runs, beside Optuna (REPETITIONS=30 PROBLEMS="sphere-5 lm-8")'
	@echo 'make lint       clang-tidy and cppcheck'
	@echo 'make man        the manual pages, in build/man'
	@echo 'make deb        a Debian package in build/deb, read by lintian (CHECK=1 runs the tests)'
	@echo 'make install    PREFIX=/usr/local DESTDIR= BINDIR= DATADIR= MANDIR='
