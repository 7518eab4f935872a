#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
#
# Other people's drivers on the DSA at 0000:01:00.0 of a guest: Linux's idxd, Debian's
# accel-config and dsa_test (below /debian), and the kernel's dmatest. Prints TAP. With
# "quick" without the long runner of accel-config-test, which has larger sizes.
quick=$1

bdf=0000:01:00.0
function=/sys/bus/pci/devices/$bdf
driver=/sys/bus/pci/drivers/idxd
bus=/sys/bus/dsa
device=$bus/devices/dsa0
wq=$bus/devices/wq0.0
libexec=/usr/libexec/accel-config/test
dmatest=/sys/module/dmatest/parameters
log=/tmp/case
# In the guest and below /debian.
export PATH=/test:/bin:/usr/local/bin

# --- Cases ----------------------------------------------------------------------------

count=0 failed=0

# check NAME COMMAND...: a case, which fails at the first command that does.
check()
{
	title=$1 count=$((count + 1))
	shift
	(set -e; "$@") >$log 2>&1
	code=$?
	if [ $code = 0 ]; then
		echo "ok $count $title"
	else
		failed=$((failed + 1))
		# The last line may have no end.
		(tail -n 25 $log; echo) | sed 's/^/# /'
		echo "not ok $count $title (exit code $code)"
	fi
}

die()
{
	echo "$*"
	exit 1
}

is()
{
	[ "$1" = "$2" ] || die "$3: $1, not $2"
}

refused()
{
	if "$@"; then
		die "was not refused: $*"
	fi
}

accel()
{
	chroot /debian accel-config "$@"
}

# The program has a limit of its own, in milliseconds or so, which nothing here goes by.
dsa_test()
{
	chroot /debian $libexec/dsa_test -t 100000 "$@"
}

state()
{
	is "$(cat $device/state)" "$1" dsa0
	is "$(cat $wq/state)" "$2" wq0.0
}

# Interrupts so far of the lines of /proc/interrupts with a name at their end.
interrupts()
{
	awk -v name="$1" '$NF == name { n += $2 + $3 } END { print n + 0 }' /proc/interrupts
}

# --- Configurations -------------------------------------------------------------------

engines()
{
	for e in 0 1 2 3; do
		accel config-engine dsa0/engine0.$e --group-id=$1
	done
}

# user_wq [N [GROUP]]: for /dev/dsa.
user_wq()
{
	accel config-wq dsa0/wq0.${1:-0} --group-id=${2:-0} --mode=dedicated --wq-size=16 \
		--type=user --name=test --driver-name=user --priority=10 --block-on-fault=1 \
		--max-transfer-size=2097152 --max-batch-size=32
}

kernel_wq()
{
	accel config-wq dsa0/wq0.${1:-0} --group-id=0 --mode=dedicated --wq-size=16 \
		--type=kernel --name=dmaengine --driver-name=dmaengine --priority=10 \
		--max-transfer-size=2097152
}

# up user_wq|kernel_wq: a WQ of all engines.
up()
{
	engines 0
	$1
	accel enable-device dsa0
	accel enable-wq dsa0/wq0.0
	state enabled enabled
}

down()
{
	accel disable-wq dsa0/wq0.0
	accel disable-device dsa0
	state disabled disabled
}

# Whatever a case has left: the cases after it start anew.
clean()
{
	[ ! -e /tmp/load ] || kill -KILL "$(cat /tmp/load)"
	rm -f /tmp/load
	echo 0 >$dmatest/run
	for d in user dmaengine idxd; do
		for b in $bus/drivers/$d/*[0-9]; do
			[ ! -e "$b" ] || echo "${b##*/}" >$bus/drivers/$d/unbind
		done
	done
	for e in $bus/devices/engine0.*; do
		echo -1 >"$e/group_id"
	done
	for w in $bus/devices/wq0.*; do
		echo -1 >"$w/group_id"
		echo 0 >"$w/size"
	done
	for g in $bus/devices/group0.*; do
		echo 0 >"$g/read_buffers_reserved"
		cat $device/max_read_buffers >"$g/read_buffers_allowed"
	done
} >/dev/null 2>&1

# --- The device as the driver sees it -------------------------------------------------

probed()
{
	is "$(basename "$(readlink $function/driver)")" idxd driver
	state disabled disabled
}

# All warnings about the function, and of the driver; its word on ENQCMD is no defect.
no_warning()
{
	dmesg -r | sed -n 's/^<[0-4]>//p' >/tmp/warnings
	! grep -E "idxd|$bdf|dsa0" /tmp/warnings
}

capabilities()
{
	is "$(cat $device/version)" 0x100 version
	is "$(cat $device/max_groups)" 4 groups
	is "$(cat $device/max_engines)" 4 engines
	is "$(cat $device/max_work_queues)" 8 WQs
	is "$(cat $device/max_work_queues_size)" 128 'entries of all WQs'
	is "$(cat $device/max_read_buffers)" 96 'read buffers'
	is "$(cat $device/max_batch_size)" 1024 'most of a batch'
	is "$(cat $device/max_transfer_size)" 2147483648 'largest transfer'
	is "$(cat $device/configurable)" 1 configurable
	is "$(cat $device/pasid_enabled)" 1 PASID
	# All of version 1: 0, 2 to 9, 16 to 21, 32, and 1, the batch, which has no bit.
	is "$(sed 's/.*,\(.*,.*\)/\1/' $device/op_cap)" 00000001,003f03fd operations
	is "$(ls $function/msi_irqs | wc -l)" 9 'MSI-X vectors'
}

listed()
{
	accel list -i >/tmp/list
	is "$(grep -c '"dev":"wq0\.' /tmp/list)" 8 WQs
	is "$(grep -c '"dev":"engine0\.' /tmp/list)" 4 engines
	is "$(grep -c '"dev":"group0\.' /tmp/list)" 4 groups
}

accel_config_test()
{
	accel test
	state disabled disabled
}

config_runner()
{
	chroot /debian $libexec/dsa_config_test_runner.sh
	state disabled disabled
}

# --- Configurations that are wrong ----------------------------------------------------

refused_settings()
{
	engines 0
	for setting in --wq-size=129 --group-id=4 --group-id=-2 --mode=both --priority=16 \
			--type=other --max-batch-size=2048 --max-transfer-size=4294967296; do
		refused accel config-wq dsa0/wq0.0 $setting
	done
	refused accel config-engine dsa0/engine0.0 --group-id=4
	refused accel config-group dsa0/group0.0 --read-buffers-reserved=97
	refused accel config-group dsa0/group0.0 --read-buffers-allowed=97
	refused accel enable-device dsa1
	refused accel enable-wq dsa0/wq0.0
	refused accel enable-device dsa0	# no WQ
	state disabled disabled
}

# What only the device finds wrong: the driver asks it, and shows the code that it gave.
refused_by_device()
{
	user_wq
	engines 1
	refused accel enable-device dsa0
	is "$(cat $device/cmd_status)" 0x15 'a group with a WQ and no engine'
	engines 0
	accel config-wq dsa0/wq0.0 --priority=0
	accel enable-device dsa0
	refused accel enable-wq dsa0/wq0.0
	is "$(cat $device/cmd_status)" 0x23 'a priority of 0'
	state enabled disabled
	accel config-wq dsa0/wq0.0 --priority=1
	accel enable-wq dsa0/wq0.0
	dsa_test -w 0 -o 0x3 -l 4096
}

refused_while_enabled()
{
	up user_wq
	for setting in --wq-size=8 --mode=shared --type=kernel --priority=2; do
		refused accel config-wq dsa0/wq0.0 $setting
	done
	refused accel enable-wq dsa0/wq0.0
	refused accel enable-device dsa0
	dsa_test -w 0 -o 0x3 -l 4096
	down
	refused accel disable-device dsa0
}

# There is no ENQCMD, so Linux has no use for a shared WQ, and says that at once.
shared_wq()
{
	engines 0
	accel config-wq dsa0/wq0.0 --group-id=0 --mode=shared --wq-size=16 --threshold=15 \
		--type=user --name=test --driver-name=user --priority=10
	is "$(cat $wq/mode)" shared mode
	is "$(cat $wq/threshold)" 15 threshold
	refused accel enable-device dsa0
	state disabled disabled
	dmesg | grep 'No shared wq support'
}

# --- Up and down ----------------------------------------------------------------------

cycles()
{
	for i in 1 2 3 4 5 6 7 8 9 10; do
		up user_wq
		dsa_test -w 0 -o 0x3 -l 4096
		# The driver forgets all of a WQ that is disabled but for its size and group.
		accel disable-wq dsa0/wq0.0
		accel config-wq dsa0/wq0.0 --mode=dedicated --type=user --name=again \
			--driver-name=user --priority=1
		accel enable-wq dsa0/wq0.0
		dsa_test -w 0 -o 0x1 -b 0x3 -c 16 -l 4096
		if [ $((i % 2)) = 0 ]; then
			down
		else	# the device with its WQ
			echo dsa0 >$bus/drivers/idxd/unbind
			state disabled disabled
		fi
	done
}

# Eight WQs in four groups of an engine each, a process on each WQ.
all_wqs()
{
	for g in 0 1 2 3; do
		accel config-engine dsa0/engine0.$g --group-id=$g
		user_wq $g $g
		user_wq $((g + 4)) $g
	done
	accel enable-device dsa0
	for q in 0 1 2 3 4 5 6 7; do
		accel enable-wq dsa0/wq0.$q
	done
	for q in 0 1 2 3 4 5 6 7; do
		dsa_test -d dsa0/wq0.$q -o 0x1 -b 0x11 -c 16 -l 65536 -n 20 >/tmp/wq.$q 2>&1 &
		pids="$pids $!"
	done
	bad=
	for pid in $pids; do
		wait "$pid" || bad="$bad $pid"
	done
	is "$bad" '' 'processes that failed'
	for q in 0 1 2 3 4 5 6 7; do
		accel disable-wq dsa0/wq0.$q
	done
}

# --- Operations -----------------------------------------------------------------------

# operation FLAGS OPCODE SIZE...: alone, one after the other, and as batches.
operation()
{
	flags=$1 opcode=$2
	shift 2
	for size in "$@"; do
		dsa_test -w 0 -f $flags -o $opcode -l $size
		dsa_test -w 0 -f $flags -o $opcode -l $size -n 20
		# "no drain inside a batch"
		[ $opcode = 0x2 ] ||
			dsa_test -w 0 -f $flags -o 0x1 -b $opcode -l $size -c 16
	done
}

operations()
{
	while read -r opcode name; do
		case $opcode in
		0x7 | 0x8) s='80 4000 65520 524280' ;;
		0x12 | 0x13 | 0x14 | 0x15) s='512 1024 1560 4096 8208 65536' ;;
		*) s='1 4096 65537' ;;
		esac
		# shellcheck disable=SC2086  # a list of words
		check "$name, block on fault" operation 0x1 $opcode $s
		# dsa_test goes on with a record that it applied in part by adding the bytes of
		# the record to both addresses; what is on pages of its own need not go on.
		[ $opcode != 0x8 ] || s='80 4000'
		# shellcheck disable=SC2086
		check "$name, faults reported" operation 0x0 $opcode $s
	done <<-END
	0x0 no-op
	0x2 drain
	0x3 memory move
	0x4 memory fill
	0x5 compare
	0x6 compare pattern
	0x7 create delta
	0x8 apply delta
	0x9 dualcast
	0x10 CRC
	0x11 copy with CRC
	0x12 DIF check
	0x13 DIF insert
	0x14 DIF strip
	0x15 DIF update
	0x20 cache flush
	END
}

# The destination of these has not been touched by anybody.
faults_blocked()
{
	before=$(interrupts dmar0-prq)
	for opcode in 0x13 0x14 0x15; do
		dsa_test -w 0 -f 0x1 -o $opcode -l 262144 >/tmp/out
		refused grep 'PF addr' /tmp/out
	done
	[ "$(interrupts dmar0-prq)" -gt "$before" ]
}

faults_reported()
{
	before=$(interrupts dmar0-prq)
	for opcode in 0x13 0x14 0x15; do
		dsa_test -w 0 -f 0x0 -o $opcode -l 262144 >/tmp/out
		grep -q 'PF addr' /tmp/out
	done
	is "$(interrupts dmar0-prq)" "$before" 'requests for pages'
}

# code STATUS ARGUMENT...: the operation ends with a status, which dsa_test exits with.
code()
{
	status=$1
	shift
	set +e
	dsa_test -w 0 "$@"
	is $? "$status" "$*"
	set -e
}

refused_operations()
{
	code 16 -o 0xa -l 4096			# of version 2
	code 16 -o 0x17 -l 4096
	code 19 -o 0x3 -l 4194304		# the WQ takes 2 MiB
	dsa_test -w 0 -o 0x1 -b 0x3 -c 32 -l 64
	code 2 -o 0x1 -b 0x3 -c 33 -l 64	# and batches of 32
	grep 'failed with status 20' $log
}

# descriptor BYTES: what is written to the WQ's file, the driver gives to the device.
descriptor()
{
	printf "$1" | dd of=/tmp/descriptor bs=64 conv=sync 2>/dev/null
	dd if=/tmp/descriptor of=/dev/dsa/wq0.0 bs=64
}

written()
{
	none=$(cat $device/errors)
	is "$(echo "$none" | tr -d 0,)" '' errors
	descriptor '\0'
	is "$(cat $device/errors)" "$none" 'errors after a no-op'
	# Neither a batch nor an unaligned record: the driver takes neither that way.
	refused descriptor '\0\0\0\0\0\0\0\001'
	refused descriptor '\0\0\0\0\0\0\0\0\010'
	is "$(cat $device/errors)" "$none" 'errors of descriptors that the driver refused'
	# There is no operation 0x3e, and no record to say so in: status 0x10, operation 0x3e.
	descriptor '\0\0\0\0\0\0\0\076'
	is "$(cut -d, -f 8 $device/errors)" 0000100d 'the software error'
	cut -d, -f 7 $device/errors | grep '3e$'
}

runner()
{
	chroot /debian $libexec/dsa_user_test_runner.sh --skip-config >/tmp/runner 2>&1 ||
		{ tail -n 15 /tmp/runner; return 1; }
	is "$(grep -c '^Testing .* bytes' /tmp/runner)" 476 'runs of dsa_test'
}

# --- dmatest --------------------------------------------------------------------------

# copies ITERATIONS THREADS CHANNEL...
copies()
{
	echo "$1" >$dmatest/iterations
	echo "$2" >$dmatest/threads_per_chan
	echo 60000 >$dmatest/timeout
	echo 65536 >$dmatest/test_buf_size
	shift 2
	for channel in "$@"; do
		echo "$channel" >$dmatest/channel
	done
	echo 1 >$dmatest/run
}

# Waits for the end, and ends it: only then may the WQ go.
copied()
{
	cat $dmatest/wait
	echo 0 >$dmatest/run
	dmesg | grep 'dmatest:.*summary' | tail -n "$1" >/tmp/summary
	cat /tmp/summary
	is "$(grep -c ' 0 failures' /tmp/summary)" "$1" 'threads without a failure'
}

dmatest_interrupts()
{
	up kernel_wq
	before=$(interrupts idxd-portal)
	copies 100 4 dma0chan0
	copied 4
	[ "$(interrupts idxd-portal)" -gt "$before" ]
	down
}

dmatest_two_wqs()
{
	engines 0
	kernel_wq 0
	kernel_wq 1
	accel enable-device dsa0
	accel enable-wq dsa0/wq0.0
	accel enable-wq dsa0/wq0.1
	copies 50 4 dma0chan0 dma0chan1
	copied 8
	accel disable-wq dsa0/wq0.1
	down
}

# --- Taken away while it works --------------------------------------------------------

# A process whose WQ stays full. That it has begun is seen in its output, and none of the
# device's commands is in progress then.
load()
{
	rm -f /tmp/load.out
	mkfifo /tmp/load.out
	chroot /debian $libexec/dsa_test -w 0 -t 10000000 -o 0x1 -b 0x3 -c 16 -l 262144 \
		-n 1000000 >/tmp/load.out 2>&1 &
	echo $! >/tmp/load
	exec 8</tmp/load.out
	sed -n '/verifying/q' <&8
	cat <&8 >/dev/null &
	exec 8<&-
	is "$(cat $device/clients)" 1 clients
}

unload()
{
	pid=$(cat /tmp/load)
	rm -f /tmp/load
	kill -KILL "$pid"
	wait "$pid" || true
}

disabled_under_load()
{
	up user_wq
	load
	refused accel disable-device dsa0
	refused accel disable-wq dsa0/wq0.0
	echo wq0.0 >$bus/drivers/user/unbind
	state enabled disabled
	echo dsa0 >$bus/drivers/idxd/unbind
	state disabled disabled
	unload
	up user_wq
	dsa_test -w 0 -o 0x1 -b 0x3 -c 16 -l 65536
	down
}

# Linux would go on with a channel that it has freed, so nobody forces it here.
dmatest_kept()
{
	up kernel_wq
	copies 100 4 dma0chan0
	refused accel disable-device dsa0
	refused accel disable-wq dsa0/wq0.0
	state enabled enabled
	copied 4
	down
}

# The driver puts its WQs back after a reset.
reset_idle()
{
	up user_wq
	dsa_test -w 0 -o 0x3 -l 4096
	echo 1 >$function/reset
	state enabled enabled
	dsa_test -w 0 -o 0x3 -l 4096
	down
	echo 1 >$function/reset
	state disabled disabled
	up user_wq
	dsa_test -w 0 -o 0x1 -b 0x3 -c 16 -l 65536
	down
}

reset_under_load()
{
	up user_wq
	load
	echo 1 >$function/reset
	state enabled enabled
	unload
	dsa_test -w 0 -o 0x1 -b 0x3 -c 16 -l 65536
	down
}

# The driver does not put back kernel WQs, and says so; they can be configured again.
reset_kernel_wq()
{
	up kernel_wq
	copies 50 1 dma0chan0
	copied 1
	echo 1 >$function/reset
	state enabled disabled
	accel disable-device dsa0
	dmatest_interrupts
}

rebound()
{
	for i in 1 2 3 4 5; do
		echo $bdf >$driver/unbind
		[ ! -e $device ]
		echo $bdf >$driver/bind
		probed
		up user_wq
		dsa_test -w 0 -o 0x3 -l 4096
		down
	done
}

removed()
{
	echo 1 >$function/remove
	[ ! -e $device ]
	echo 1 >/sys/bus/pci/rescan
	probed
	up user_wq
	dsa_test -w 0 -o 0x3 -l 4096
	down
	dmatest_interrupts
}

# --------------------------------------------------------------------------------------

echo 'TAP version 13'
check 'idxd has the function' probed
check 'and has nothing to complain about' no_warning
check 'its capabilities are those of the model' capabilities
check 'accel-config lists it' listed
check 'accel-config test' accel_config_test
check 'dsa_config_test_runner.sh of accel-config-test' config_runner
for case in 'refused_settings settings that are out of range' \
		'refused_by_device configurations that the device refuses' \
		'refused_while_enabled settings of what is enabled' \
		'shared_wq a shared WQ without ENQCMD' \
		'cycles enabled and disabled ten times' \
		'all_wqs eight WQs at once'; do
	clean
	check "${case#* }" "${case%% *}"
done

clean
check 'a WQ of all engines' up user_wq
operations
check 'faults are blocked on' faults_blocked
check 'faults are reported' faults_reported
check 'operations that are refused' refused_operations
check 'descriptors by write()' written
[ "$quick" ] || check 'dsa_user_test_runner.sh of accel-config-test' runner

for case in 'dmatest_interrupts dmatest' 'dmatest_two_wqs dmatest on two WQs' \
		'disabled_under_load disabled while a process uses it' \
		'dmatest_kept not disabled during dmatest' \
		'reset_idle reset' 'reset_under_load reset while a process uses it' \
		'reset_kernel_wq reset with a kernel WQ' \
		'rebound unbound and bound again' 'removed removed and found again'; do
	clean
	check "${case#* }" "${case%% *}"
done
echo "1..$count"
[ $failed = 0 ]
