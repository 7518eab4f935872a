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

# try NAME [make arguments]: build a copy of the example and run it.
try() {
	name=$1
	shift
	mkdir "$dir/$name"
	cp "$src/examples/copy/main.c" "$src/examples/copy/Makefile" "$dir/$name"
	make --no-print-directory -C "$dir/$name" CFLAGS="-O2 -Wall -Wextra -Werror" "$@"
	LD_LIBRARY_PATH="$libdir" timeout 60 "$dir/$name/copy" | tee "$dir/$name.out"
	grep -q '^ok: 1048576 of 1048576 bytes, data equal$' "$dir/$name.out"
}

needs_libsvadk() {
	readelf -d "$1" | grep -q 'NEEDED.*libsvadk'
}

try shared
needs_libsvadk "$dir/shared/copy" || { echo "not ok: not linked to libsvadk.so" >&2; exit 1; }
try static STATIC=1
if needs_libsvadk "$dir/static/copy"; then
	echo "not ok: linked to libsvadk.so in spite of STATIC=1" >&2
	exit 1
fi
echo "ok: shared and static"
