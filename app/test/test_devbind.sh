#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
#
# sva-devbind with a real kernel, in a virtual machine: test_devbind.sh CASE...
# DSA, NO_PASID, NO_ATS and PAIR are addresses of functions: a DSA that Linux's idxd has, one
# without the capability PASID, one without ATS, and the first of two in one IOMMU group.
set -u
. "${0%/*}/guest_case.sh"

driver_of()
{
	basename "$(readlink "/sys/bus/pci/devices/$1/driver")" 2>/dev/null
}

has_driver()
{
	[ "$(driver_of "$1")" = "$2" ] && return
	echo "# the driver of $1 is '$(driver_of "$1")', not '$2'"
	return 1
}

# Fails with one line in which the text is: refused TEXT ARGUMENT...
refused()
{
	text=$1
	shift
	out=$(sva-devbind "$@" 2>&1) && { echo "# it was not refused: $out"; return 1; }
	[ "$(echo "$out" | wc -l)" = 1 ] || { echo "# not one line: $out"; return 1; }
	case $out in
	"sva-devbind: "*"$text"*) ;;
	*) echo "# '$text' is not in: $out"; return 1 ;;
	esac
}

says()
{
	text=$1
	shift
	out=$("$@" 2>&1) || { echo "# failed: $out"; return 1; }
	case $out in
	*"$text"*) ;;
	*) echo "# '$text' is not in: $out"; return 1 ;;
	esac
}

works()
{
	out=$(sva-perf -a "vfio:$1" -- -o copy -s 4k -i 1000 2>&1) && return
	echo "# $out"
	return 1
}

# What sva-info says is wrong with a function, or nothing.
problem()
{
	sva-info -- -n | sed -n "/vfio:$1 /{n;s/^    not usable: //p;}"
}

bind()
{
	check 'the kernel has its own driver for it' has_driver "$DSA" idxd
	check 'status' says "$DSA 8086:0b25 drv=idxd" sva-devbind
	check 'bind' says "$DSA: bound to vfio-pci, IOMMU group" sva-devbind -b vfio-pci "$DSA"
	check 'it is bound' has_driver "$DSA" vfio-pci
	check 'again' says "bound to vfio-pci already" sva-devbind -b vfio-pci "${DSA#0000:}"
	check 'it works' works "$DSA"
	check 'sva-info finds nothing wrong' [ -z "$(problem "$DSA")" ]
	check 'give it back' says "$DSA: bound to idxd" sva-devbind -u "$DSA"
	check 'the kernel has it' has_driver "$DSA" idxd
	check 'sva-info says how' says "sva-devbind -b vfio-pci $DSA" problem "$DSA"
	check 'as it says' sh -c "$(problem "$DSA" | sed 's/.*vfio-pci: //') >/dev/null"
	check 'it works again' works "$DSA"
	check 'to a driver by name' says "$DSA: bound to idxd" sva-devbind -b idxd "$DSA"
	check 'no such function' refused 'no PCI function "7f:1f.7"' -b vfio-pci 7f:1f.7
	check 'no such driver' refused 'there is no driver nothing' -b nothing "$DSA"
	check 'a driver that does not take it' refused \
		'pcieport does not take it, and idxd has it' --force -b pcieport "$DSA"
	check 'no PASID' refused 'the PASID capability' -b vfio-pci "$NO_PASID"
	check 'no ATS' refused 'it needs ATS as well as PASID' -b vfio-pci "$NO_ATS"
	# Its driver knows it by its id, and would have it again.
	echo "$PAIR" >"/sys/bus/pci/devices/$PAIR/driver/unbind"
	check 'not alone in its group' refused "has 2 functions, and processes are bound to groups \
of one only: use a slot whose bridges have ACS, and a function that is alone in its group; the \
others are ${PAIR%.0}.1 (driver vfio-pci)" -b vfio-pci "$PAIR"
}

in_use()
{
	sva-devbind -b vfio-pci "$DSA" >/dev/null || return
	rm -f /tmp/perf
	sva-perf -a "vfio:$DSA" -- -o copy -s 4k -t 600 >/tmp/perf 2>&1 &
	perf=$!
	# Until it says that it has the device.
	while ! grep -qs Device: /tmp/perf; do
		kill -0 "$perf" 2>/dev/null || { cat /tmp/perf; return 1; }
		usleep 10000
	done
	refused "in use: process $perf (sva-perf): end that, or ask for it back" -u "$DSA"
}

let_go()
{
	says "$DSA: bound to idxd" sva-devbind --force --wait 100 -u "$DSA" || return
	ends 1 wait "$perf" || show /tmp/perf || return
	says 'being taken away: close it' cat /tmp/perf
}

# A program that does not care: the kernel waits for it, and this does not.
held()
{
	sva-devbind -b vfio-pci "$DSA" >/dev/null || return
	rm -f /tmp/perf
	sva-perf -a "vfio:$DSA" -- -o copy -s 4k -t 600 >/tmp/perf 2>&1 &
	perf=$!
	while ! grep -qs Device: /tmp/perf; do
		kill -0 "$perf" 2>/dev/null || { cat /tmp/perf; return 1; }
		usleep 10000
	done
	kill -STOP "$perf"
	refused "vfio-pci does not let go within 1 s, in use: process $perf (sva-perf)" \
		--force --wait 1 -u "$DSA" || return
	kill -CONT "$perf"
	ends 1 wait "$perf" || show /tmp/perf || return
	# What has been waiting goes on, and after it the kernel's driver may have it.
	while ! sva-devbind -u "$DSA" | grep -q 'bound to idxd'; do
		usleep 10000
	done
	has_driver "$DSA" idxd
}

use()
{
	check 'a function in use' in_use
	check 'asked for, it is let go' let_go
	check 'a user who does not listen' held
}

denylist()
{
	check 'the denylist' refused 'vfio-pci refuses 8086:0b25 unless it was loaded with '\
'disable_denylist=1: see "Denylist" in the guide of the VFIO bus' -b vfio-pci "$DSA"
	check 'so does the kernel' refused 'vfio-pci does not take it, and idxd has it now' \
		--force -b vfio-pci "$DSA"
	check 'nothing is left of it' has_driver "$DSA" idxd
	check 'sva-info says so, too' says 'vfio-pci refuses 8086:0b25' problem "$DSA"
}

no_iommu()
{
	text='it is in no IOMMU group: switch the IOMMU on in the firmware and with intel_iommu=on'
	check 'no IOMMU' refused "$text" -b vfio-pci "$DSA"
	check 'sva-info says so, too' says "$text" problem "$DSA"
}

no_scalable_mode()
{
	check 'no scalable mode' refused 'no process can be bound to it: it needs the PASID '\
'capability, and an IOMMU in scalable mode (intel_iommu=on,sm_on)' -b vfio-pci "$DSA"
	check 'by force' says "$DSA: bound to vfio-pci" sva-devbind --force -b vfio-pci "$DSA"
	check 'status' says 'not usable: no process can be bound to it' sva-devbind
	check 'give it back' says "$DSA: bound to idxd" sva-devbind -u "$DSA"
}

for name; do
	$name
done
finish
