# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
#
# What the scripts for a virtual machine share: cases that are counted, and how programs end.
# shellcheck shell=sh
number=0 failures=0

# check NAME COMMAND...
check()
{
	name=$1
	shift
	number=$((number + 1))
	if "$@"; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		failures=$((failures + 1))
	fi
}

# Ends with this code and no other, as that of a signal: ends CODE COMMAND...
ends()
{
	want=$1
	shift
	"$@"
	code=$?
	[ $code -eq "$want" ] && return
	echo "# $1 ended with $code, not $want"
	return 1
}

# What has been written to a file, as a comment; fails, as what is shown has.
show()
{
	sed 's/^/# /' "$1"
	return 1
}

# The last command of a script.
finish()
{
	echo "1..$number"
	[ $failures -eq 0 ]
}
