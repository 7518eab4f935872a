#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
#
# The programs on a real function, as on the emulated one, and the function unplugged while they
# are at work. In a virtual machine; SVA_TEST_DEVICE is the function, SVA_TEST_DEVICE2 another,
# INPUT a file of 1 MiB. test_guest.sh PAGE-FAULTS-OF-SVA-INFO STATUS-OF-A-PAGE-FAULT
set -u
. "${0%/*}/guest_case.sh"
address=${SVA_TEST_DEVICE#vfio:}

info()
{
	sva-info -a "$SVA_TEST_DEVICE" >/tmp/info || return
	sed -n "/^  vfio:$address/,/^  [^ ]/p" /tmp/info >/tmp/function
	for text in 'driver idxd' 'operations nop copy' 'queues 8' "$1" 'of 20 bits' \
		    'emulated: its speed'; do
		grep -q "$text" /tmp/function && continue
		echo "# no '$text':"
		sed 's/^/# /' /tmp/function
		return 1
	done
}

# Every operation, all of it verified: perf LINES-OF-RESULTS OPTION...
perf()
{
	lines=$1
	shift
	sva-perf -a "$SVA_TEST_DEVICE" -- -o all -t 0.02 --csv /tmp/csv "$@" >/tmp/perf 2>&1 ||
		show /tmp/perf || return
	[ "$(tail -n +2 /tmp/csv | wc -l)" = "$lines" ] || show /tmp/csv
}

# It finds what is wrong, here too.
corrupted()
{
	ends 1 sva-perf -a "$SVA_TEST_DEVICE" -- -o copy -s 4k -i 100 --corrupt 3 >/tmp/perf 2>&1 &&
		grep -q 'verification failed' /tmp/perf || show /tmp/perf
}

copy_example()
{
	ends 0 copy >/tmp/out 2>/tmp/err &&
		[ "$(cat /tmp/out)" = 'ok: 1048576 of 1048576 bytes, data equal' ] &&
		grep -q "auto: using vfio:" /tmp/err && return
	show /tmp/out
	show /tmp/err
}

# What opening costs, and pages that are not there: all checked as everything else is.
kinds()
{
	for options in '--open-cost --repeat 6' \
		       '-o copy,fill -s 4k --fault-rate 0,50 -i 64 --split' \
		       '-o crc32c -s 4k,64k --break-even -b 4 -i 64'; do
		# Unquoted: it is a list of words.
		sva-perf -a "$SVA_TEST_DEVICE" -- $options --json /tmp/json \
			>/tmp/perf 2>&1 && continue
		echo "# $options"
		sed 's/^/# /' /tmp/perf
		return 1
	done
}

# Descriptors written to the function's portal, right and wrong, its registers, forwarding:
# by_hand STATUS-OF-A-WRITE-TO-A-PAGE-THAT-MAY-NOT-BE-WRITTEN
by_hand()
{
	cat >/tmp/commands <<-END
	show info $SVA_TEST_DEVICE
	queue open $SVA_TEST_DEVICE
	mem alloc a 64k
	mem alloc b 64k
	mem fill a random:1
	mem fill b 1
	submit 0 copy src=a dst=b size=64k
	mem compare a b
	submit 0 crc32c src=a size=0 expect=transfer-size
	submit 0 0x55 expect=bad-opcode
	submit 0 nop compl=b+1 expect=record-alignment
	mem evict b
	run 0 copy src=a dst=b size=64k
	mem compare a b
	batch add fill dst=b pattern=5 size=4k
	batch add compare-pattern src=b pattern=5 size=4k flags=fence
	batch submit 0
	mem protect b read
	submit 0 fill dst=b pattern=5 size=4k expect=$1
	run 0 fill dst=b pattern=5 size=4k expect=fault
	show registers $SVA_TEST_DEVICE
	show wq $SVA_TEST_DEVICE all
	set fwd mixed
	set sizes 64,4k,64k
	set ops 600
	start
	wait
	set fwd faults
	start
	wait
	reset $SVA_TEST_DEVICE
	run 0 nop
	bind 1 $$
	show containers
	unbind 1 $$
	END
	if ! testsva -a "$SVA_TEST_DEVICE" -a "$SVA_TEST_DEVICE2,wqs=1" -- -f /tmp/commands \
			>/tmp/testsva 2>&1; then
		sed 's/^/# /' /tmp/testsva
		return 1
	fi
	for text in 'GENSTS .* state=1 (enabled)' 'dedicated=1' ' 0 failed, 0 wrong, 150 had to' \
		    "process $$, PASID"; do
		grep -q "$text" /tmp/testsva && continue
		echo "# no '$text':"
		sed 's/^/# /' /tmp/testsva
		return 1
	done
}

# Both programs come to an end, and the unplug does.
unplug()
{
	rm -f /tmp/perf
	sva-perf -a "$SVA_TEST_DEVICE" -- -o "$1" -s 4k -t 600 --no-cpu >/tmp/perf 2>&1 &
	perf=$!
	while ! grep -qs Device: /tmp/perf; do
		kill -0 "$perf" 2>/dev/null || { cat /tmp/perf; return 1; }
		usleep 10000
	done
	usleep "$2"
	echo 1 >"/sys/bus/pci/devices/$address/remove"
	[ ! -e "/sys/bus/pci/devices/$address" ] || { echo '# it is still there'; return 1; }
	# It notices, and comes to an end by itself.
	ends 1 wait "$perf" && grep -q 'being taken away: close it' /tmp/perf || show /tmp/perf ||
		return
	ends 1 sva-info -a "$SVA_TEST_DEVICE" >/tmp/info 2>&1 || show /tmp/info || return
	echo 1 >/sys/bus/pci/rescan
	info "$3"
}

check 'sva-info' info "$1"
# 14 operations of each size, and two that have none. Of a file, 10, each at four sizes: it is
# neither protected nor a delta record.
check 'sva-perf on a file' perf 42 --input "$INPUT"
check 'sva-perf on huge pages' perf 30 -s 1k,300k --huge
check 'sva-perf with two queues' perf 16 -s 16k --queues 2
check 'sva-perf finds a wrong byte' corrupted
check 'other kinds of measurements' kinds
check 'testsva' by_hand "$2"
check 'the example' copy_example
check 'unplugged while copying' unplug copy 0 "$1"
check 'unplugged while computing' unplug crc32c 100000 "$1"
check 'unplugged while doing nothing' unplug nop 300000 "$1"
finish
