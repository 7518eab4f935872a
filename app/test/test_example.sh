#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
#
# Install into a folder of its own and build the examples against it as a project that
# knows nothing but pkg-config: test_example.sh SOURCE_DIR BUILD_DIR
set -eu

[ $# -eq 2 ] || { echo "usage: test_example.sh SOURCE_DIR BUILD_DIR" >&2; exit 2; }
src=$1
build=$2
for tool in meson pkg-config make readelf; do
	command -v $tool >/dev/null || { echo "skipped: there is no $tool"; exit 77; }
done
sanitizer=$(meson introspect --buildoptions "$build" | /usr/bin/python3 -c '
import json, sys
print(*(o["value"] for o in json.load(sys.stdin) if o["name"] == "b_sanitize"))')
if [ "$sanitizer" != none ]; then
	echo "skipped: an outside project does not link a library with a sanitizer in it"
	exit 77
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/svadk-example.XXXXXX")
trap 'rm -rf "$dir"' EXIT
meson install --no-rebuild --quiet -C "$build" --destdir "$dir/root"
pc=$(find "$dir/root" -name libsvadk.pc)
[ -n "$pc" ] || { echo "not ok: libsvadk.pc is not installed" >&2; exit 1; }
export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$dir/root"
libdir=$(dirname "${pc%/*}")

cp "$src/examples/copy/main.c" "$src/examples/copy/Makefile" "$dir"

build() {
	make --no-print-directory -C "$dir" CFLAGS="-O2 -Wall -Wextra -Werror" "$@"
}

# try [make arguments]: build the example, in the folder where it was built before, and run it.
try() {
	build "$@"
	LD_LIBRARY_PATH="$libdir" timeout 60 "$dir/copy" >"$dir/out" || {
		echo "not ok: copy ended with $?" >&2
		exit 1
	}
	grep -q '^ok: 1048576 of 1048576 bytes, data equal$' "$dir/out"
	if build "$@" | grep -q -e '-o copy'; then
		echo "not ok: make builds it again with nothing changed" >&2
		exit 1
	fi
}

needs_libsvadk() {
	readelf -d "$dir/copy" | grep -q 'NEEDED.*libsvadk'
}

try
needs_libsvadk || { echo "not ok: not linked to libsvadk.so" >&2; exit 1; }
try STATIC=1
if needs_libsvadk; then
	echo "not ok: linked to libsvadk.so in spite of STATIC=1" >&2
	exit 1
fi
try
needs_libsvadk || { echo "not ok: still linked statically" >&2; exit 1; }
build clean
[ ! -e "$dir/copy" ] || { echo "not ok: make clean leaves the program" >&2; exit 1; }
echo "ok: shared and static"
