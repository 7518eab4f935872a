#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
#
# Installs what is missing, builds SVADK, and runs its main job or its tests.
set -u
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
unset DESTDIR CMOCKA_MESSAGE_OUTPUT CMOCKA_XML_FILE CMOCKA_TEST_ABORT
exec </dev/null

top=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
cd "$top" || exit 1

usage()
{
	cat <<-END
	usage: ./setup.sh COMMAND

	  demo [OPTION...]  install what is missing, build, and run sva-perf on a file of
	                    this machine; options go to sva-perf, see --help there
	  test              install what is missing, build, and run every test; the last
	                    line is "N passed, N failed, N skipped"
	  vm-test [--long] [SUITE...]
	                    install what is missing, build QEMU and Linux with SVA, and run
	                    suites in virtual machines; see tests/vm/README.md; the last
	                    line is "N passed, N failed, N skipped"
	  build             install what is missing and build, in build/
	  deps, vm-deps     install what building and testing, or vm-test, need
	  help              print this

	Packages are installed with apt, as root or through sudo, and only where something
	is missing; all else runs as any user and without a network.
	END
}

say()
{
	printf '== %s\n' "$*"
}

die()
{
	printf 'setup.sh: %s\n' "$*" >&2
	exit 1
}

# --- What is needed: a check for each thing, and Debian's package of it ---------------

# Does a compiler make a program of a text? makes COMPILER LANGUAGE TEXT OPTION...
makes()
{
	local compiler
	read -ra compiler <<<"$1"
	printf '%s\n' "$3" |
		"${compiler[@]}" -x "$2" - -o "$scratch/program" "${@:4}" >/dev/null 2>&1
}

c_text=$'#include <stdio.h>\nint main(void) { return puts("") < 0; }'
cxx_text=$'#include <string>\nint main() { return std::string("").size(); }'
libelf_text=$'#include <gelf.h>\nint main(void) { return elf_version(EV_CURRENT) == EV_NONE; }'
numa_text=$'#include <numa.h>\nint main(void) { return numa_available() < 0; }'

has_cc() { makes "${CC:-cc}" c "$c_text"; }
has_gcc() { makes gcc c "$c_text"; }
has_gxx() { makes g++ c++ "$cxx_text"; }
has_clang() { makes clang c "$c_text"; }
has_sanitizers() { makes gcc c "$c_text" -fsanitize=address,undefined &&
	makes gcc c "$c_text" -fsanitize=thread; }
# The fuzzer's runtime, which brings a main(), is in the same package.
has_fuzzer() { makes clang c "$c_text" -fsanitize=address,fuzzer-no-link; }
has_meson() { meson_works meson || { PATH=/usr/bin:$PATH && meson_works meson; }; }
has_ninja() { find_ninja; }
has_make() { make --version >/dev/null 2>&1; }
has_pkg_config() { pkg-config --version >/dev/null 2>&1; }
has_dpdk() { pkg-config --exists 'libdpdk >= 22.11' 2>/dev/null; }
has_numa() { makes "${CC:-cc}" c "$numa_text" -lnuma; }
has_cmocka() { pkg-config --exists cmocka 2>/dev/null; }
has_isal() { pkg-config --exists libisal 2>/dev/null; }
has_valgrind() { valgrind --quiet /bin/true >/dev/null 2>&1; }
has_python() { /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))'; } 2>/dev/null
has_pyelftools() { /usr/bin/python3 -c 'import elftools'; } 2>/dev/null
has_dpdk_test() { command -v dpdk-test; } >/dev/null
has_dpdk_pmdinfo() { command -v dpdk-pmdinfo.py; } >/dev/null
has_dpdk_telemetry() { command -v dpdk-telemetry.py; } >/dev/null
has_matplotlib() { /usr/bin/python3 -c 'import matplotlib'; } 2>/dev/null
has_man() { man --version && groff --version; } >/dev/null 2>&1
has_doxygen() { doxygen --version >/dev/null 2>&1; }
has_sphinx() { sphinx-build --version >/dev/null 2>&1; }
has_flex() { flex --version >/dev/null 2>&1; }
has_bison() { bison --version >/dev/null 2>&1; }
has_bc() { bc --version >/dev/null 2>&1; }
has_xz() { xz --version >/dev/null 2>&1; }
has_patch() { patch --version >/dev/null 2>&1; }
has_dpkg_source() { dpkg-source --version >/dev/null 2>&1; }
has_libelf() { makes "${CC:-cc}" c "$libelf_text" -lelf; }
has_glib() { pkg-config --exists 'glib-2.0 >= 2.66' 2>/dev/null; }
has_venv() { /usr/bin/python3 -c 'import ensurepip, venv'; } 2>/dev/null
has_busybox() { [ -r /bin/busybox ] && ! ldd /bin/busybox; } >/dev/null 2>&1
has_seabios() { [ -r /usr/share/seabios/bios-256k.bin ]; }
has_roms() { [ -r /usr/share/qemu/linuxboot_dma.bin ]; }
has_perl() { perl -MEncode -MTerm::ANSIColor -e 1 >/dev/null 2>&1; }
has_keyring() { [ -r /usr/share/keyrings/debian-archive-keyring.gpg ]; }

# check|Debian's packages|what it is
build_needs='
has_cc|gcc libc6-dev|a C compiler
has_meson|meson|meson 1.0 or later
has_ninja|ninja-build|ninja
has_pkg_config|pkg-config|pkg-config
has_dpdk|libdpdk-dev|the headers and libraries of DPDK 22.11 or later
has_numa|libnuma-dev|the headers of libnuma
has_isal|libisal-dev|ISA-L'
test_needs='
has_gcc|gcc libc6-dev|gcc
has_gxx|g++|g++
has_sanitizers|gcc|the sanitizers of gcc
has_clang|clang|clang
has_fuzzer|libclang-rt-dev|the sanitizers and the fuzzer of clang
has_make|make|make
has_cmocka|libcmocka-dev|cmocka
has_valgrind|valgrind libc6-dbg|valgrind
has_python|python3|Python 3.9 or later as /usr/bin/python3
has_dpdk_test|dpdk-dev|dpdk-test
has_dpdk_telemetry|dpdk-dev|dpdk-telemetry.py
has_dpdk_pmdinfo|dpdk|dpdk-pmdinfo.py
has_pyelftools|python3-pyelftools|pyelftools
has_matplotlib|python3-matplotlib|matplotlib
has_man|man-db groff-base|man and groff
has_doxygen|doxygen|doxygen
has_sphinx|python3-sphinx|sphinx-build'
vm_needs='
has_gcc|gcc libc6-dev|gcc
has_make|make|make
has_cmocka|libcmocka-dev|cmocka
has_python|python3|Python 3.9 or later as /usr/bin/python3
has_venv|python3-venv|the venv module of Python
has_flex|flex|flex
has_bison|bison|bison
has_bc|bc|bc
has_xz|xz-utils|xz
has_patch|patch|patch
has_perl|perl|perl with its modules
has_dpkg_source|dpkg-dev|dpkg-source
has_libelf|libelf-dev|the headers of libelf
has_glib|libglib2.0-dev|the headers of GLib
has_busybox|busybox-static|a static /bin/busybox
has_seabios|seabios|the firmware SeaBIOS
has_roms|qemu-system-data|the boot ROMs of QEMU
has_keyring|debian-archive-keyring|the keys of the archive of Debian'

meson_works()
{
	local version
	version=$(meson --version 2>/dev/null) && [ "${version%%.*}" -ge 1 ] 2>/dev/null
}

find_ninja()
{
	for ninja in "${NINJA:-ninja}" ninja-build; do
		"$ninja" --version >/dev/null 2>&1 && return 0
	done
	return 1
}

# Sets `packages` and `things` to what of a list is missing.
look_for()
{
	local check package thing
	packages='' things=''
	while IFS='|' read -r check package thing; do
		if [ -n "$check" ] && ! "$check"; then
			packages+=" $package" things+="${things:+, }$thing"
		fi
	done <<<"$1"
	# Each package once.
	packages=$(tr ' ' '\n' <<<"$packages" | sed '/^$/d' | sort -u | tr '\n' ' ')
	packages=${packages% }
	[ -z "$things" ]
}

# Runs apt-get as root.
apt_get()
{
	local run=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 "$@")
	[ "$(id -u)" = 0 ] || run=(sudo -n "${run[@]}")
	"${run[@]}"
}

install_missing()
{
	look_for "$1" && return 0
	say "missing: $things"
	command -v apt-get >/dev/null ||
		die "there is no apt-get here; install with this system's own tools: $things" \
			"(Debian's packages of them: $packages)"
	if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
		die 'not root, and sudo does not work without a password; run as root:' \
			"apt-get install $packages"
	fi
	say "installing: $packages"
	# A list that cannot be fetched does not matter where the old one will do.
	apt_get update || say 'the package lists could not be updated; trying with the old ones'
	# shellcheck disable=SC2086  # a list of words
	apt_get install -y --no-install-recommends $packages ||
		die 'apt-get failed, see above; mend that, then run as root:' \
			"apt-get install $packages"
	look_for "$1" ||
		die "still missing with the packages installed: $things (packages: $packages)"
}

# --- Building -------------------------------------------------------------------------

# What a build folder is configured from, and how.
stamp()
{
	printf '%s\n' "$top" "$(meson --version)" "${CC:-}" "${CFLAGS:-}" "${LDFLAGS:-}" "$@"
}

# configured FOLDER OPTION...: is it configured so, and in order?
configured()
{
	[ -f "$1/build.ninja" ] &&
		[ "$(cat "$1/setup-stamp" 2>/dev/null)" = "$(stamp "${@:2}")" ] &&
		"$ninja" -C "$1" build.ninja >/dev/null 2>&1
}

# configure FOLDER OPTION...: what an interrupted or another configuration left goes.
configure()
{
	configured "$@" && return 0
	if [ -d "$1" ] && [ ! -d "$1/meson-private" ] && [ -n "$(ls -A "$1")" ]; then
		die "$top/$1 is in the way and is no build folder: move it away"
	fi
	rm -rf "$1" 2>/dev/null
	[ ! -e "$1" ] || die "$top/$1 cannot be replaced: remove it, as the user that it belongs to"
	mkdir "$1" 2>/dev/null || die "$top cannot be written to: work in a copy of your own"
	say "configuring $1"
	meson setup "$@" >"$1/setup.log" 2>&1 || { cat "$1/setup.log"; return 1; }
	stamp "${@:2}" >"$1/setup-stamp"
}

# compile FOLDER [TARGET...]: with progress on a terminal, else only what went wrong.
compile()
{
	say "building ${*:2}${2:+ in }$1"
	if [ -t 1 ]; then
		"$ninja" -C "$1" "${@:2}"
		return
	fi
	"$ninja" -C "$1" "${@:2}" >"$1/build.log" 2>&1 || {
		sed '/^\[[0-9]*\/[0-9]*\]/d' "$1/build.log"
		return 1
	}
}

# The programs, whatever the options of an earlier `test` or `demo` were.
build()
{
	install_missing "$build_needs"
	configured build "${test_options[@]}" || configure build -Dtests=false -Dwerror=false ||
		die 'the configuration failed, see above'
	compile build || die 'the build failed, see above'
}

# --- Commands -------------------------------------------------------------------------

test_options=(-Ddocs=auto)

# The largest of the libraries that a program is linked to.
largest_library()
{
	ldd "$1" | sed -n 's/.* => \(\/.*\) (.*/\1/p' | xargs -d '\n' ls -LS | head -n 1
}

demo()
{
	local file
	build
	file=$(largest_library build/app/sva-perf)
	say "sva-perf, its source the pages of $file ($(stat -Lc %s "$file") bytes)"
	say 'every result is checked against the CPU'
	build/app/sva-perf -- --input "$file" --time 0.1 "$@"
}

passed=0 failed=0 skipped=0
failures=() stages=()

# result STAGE PASSED FAILED SKIPPED [FAILURE...]
result()
{
	passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
	stages+=("$(printf '%-12s %5d passed %5d failed %5d skipped' "${@:1:4}")")
	local failure
	for failure in "${@:5}"; do
		failures+=("$1: $failure")
	done
}

# Whether something worked counts as one test: try STAGE COMMAND...
try()
{
	if "${@:2}"; then
		result "$1" 1 0 0
	else
		result "$1" 0 1 0 'see above'
		return 1
	fi
}

# make_all FOLDER OPTION...
make_all()
{
	configure "$@" && compile "$1"
}

# run_tests STAGE FOLDER OPTION...: with a log of its own, whose cases are counted.
run_tests()
{
	local log lines counts
	log=$2/meson-logs/testlog-$1
	rm -f "$log"*
	say "running the tests of $2 ($1)"
	"${layout[@]}" meson test -C "$2" --no-rebuild --print-errorlogs \
		--logbase "testlog-$1" "${@:3}"
	mapfile -t lines < <(cat "$log"*.json 2>/dev/null | buildtools/count-tests /dev/stdin)
	read -ra counts <<<"${lines[0]:-0 0 0}"
	if [ "${counts[*]}" = '0 0 0' ]; then
		result "$1" 0 1 0 'no test has run'
	else
		result "$1" "${counts[@]}" "${lines[@]:1}"
	fi
}

# Everything, in each way of building it; one that fails does not stop the others.
run_stages()
{
	local layout=(env)
	if try 'build gcc' make_all build "${test_options[@]}"; then
		run_tests gcc build --timeout-multiplier 3
		run_tests valgrind build --setup valgrind --suite valgrind
		try docs compile build doc
	fi
	if CC=clang try 'build clang' make_all build-clang -Dfuzz=true; then
		# The limits on instructions are for gcc's code; valgrind misreads clang's DWARF 5.
		run_tests clang build-clang --no-suite checks --no-suite bench \
			--timeout-multiplier 3
	fi

	# The runtimes of the sanitizers do not take every layout that newer kernels choose.
	setarch "$(uname -m)" -R true 2>/dev/null && layout=(setarch "$(uname -m)" -R)
	if CC=gcc try 'build asan' make_all build-asan -Db_sanitize=address,undefined; then
		ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
			run_tests asan build-asan --no-suite checks --timeout-multiplier 4
	fi
	if CC=gcc try 'build tsan' make_all build-tsan -Db_sanitize=thread; then
		TSAN_OPTIONS=halt_on_error=1 \
			run_tests tsan build-tsan --suite tsan --timeout-multiplier 4
	fi
}

run_test()
{
	install_missing "$build_needs$test_needs"
	run_stages
	say 'summary'
	printf '%s\n' "${stages[@]}"
	[ ${#failures[@]} -eq 0 ] || printf 'failed: %s\n' "${failures[@]}"
	printf 'took %d s\n' "$SECONDS"
	printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
	[ "$failed" -eq 0 ]
}

# What the suites run of our own is built as for `test`; the rest is up to the tool.
vm_test()
{
	install_missing "$build_needs$vm_needs"
	configure build "${test_options[@]}" || die 'the configuration failed, see above'
	compile build || die 'the build failed, see above'
	tests/vm/vm test "$@"
}

scratch=$(mktemp -d) || die 'no temporary folder can be made: set TMPDIR'
trap 'rm -rf "$scratch"' EXIT

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
demo) demo "$@" ;;
vm-test) vm_test "$@" ;;
test | build | deps | vm-deps)
	[ $# -eq 0 ] || die "$command takes no arguments; see ./setup.sh help"
	case $command in
	test) run_test ;;
	build) build && say 'built: build/app/sva-perf, build/app/sva-info' ;;
	deps) install_missing "$build_needs$test_needs" && say 'nothing is missing' ;;
	vm-deps) install_missing "$build_needs$vm_needs" && say 'nothing is missing' ;;
	esac
	;;
help | -h | --help) usage ;;
*) die "there is no command '$command'; see ./setup.sh help" ;;
esac
