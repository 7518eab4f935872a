# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The SVADK authors
# shellcheck shell=bash
#
# Completion of SVADK's programs for bash. What there is to complete the programs say
# themselves: options by --help, devices and devargs by sva-info, which opens none. Needs nothing
# of bash-completion but to be loaded; ". svadk.bash" does that, too.

# The functions below use of _svadk(): cur, the value that is being typed; lead, what stands before
# it in the same word, "--log-level="; help, the text of the options that may follow.

# Offer something for the word, of which readline replaces what comes after the last break only.
_svadk_add()
{
	local typed=$lead$cur
	while [[ $typed != '' && $COMP_WORDBREAKS != *"${typed: -1}"* ]]; do
		typed=${typed%?}
	done
	COMPREPLY+=("${1:${#typed}}")
}

# Offer those of the words that begin with what has been typed, with $1 before each:
# _svadk_offer PREFIX WORD...
_svadk_offer()
{
	local prefix=$lead$1 word
	shift
	for word; do
		[[ $prefix$word != "$lead$cur"* ]] || _svadk_add "$prefix$word"
	done
}

# Files, or with -d folders.
_svadk_files()
{
	local name
	while IFS= read -r name; do
		_svadk_add "$lead$name"
	done < <(compgen "$1" -- "$cur")
	compopt -o filenames 2>/dev/null
}

# The lines of options in a help text, as "NAME NAME... VALUE".
_svadk_options()
{
	local line word
	while IFS= read -r line; do
		# More blanks before a dash are of a description that goes on.
		[[ $line =~ ^\ {1,6}(-.*)$ ]] || continue
		line=${BASH_REMATCH[1]%%  *}
		for word in ${line//, / }; do
			# What is attached only, "[=VALUE]", does not take the next word.
			[[ $word != -* ]] || word=${word%%[[=]*}
			printf '%s ' "$word"
		done
		echo
	done <<<"$1"
}

# What a value of an option is called in the help, or nothing for an option without.
_svadk_value_of()
{
	local line
	while IFS= read -r line; do
		[[ " $line" == *" $1 "* ]] || continue
		line=${line% }
		line=${line##* }
		[[ $line == -* ]] || echo "$line"
		return
	done
}

# The operations, which are what the description of --op lists up to its default in brackets.
_svadk_operations()
{
	awk '
		/^ ? ? ? ? ? ?-/ { inside = / --op /; sub(/^ *-.*[^ ]  +/, "") }
		/^$/ { inside = 0 }
		inside && !done { done = sub(/\[.*/, ""); print }' <<<"$1" |
		tr -s ' ,' '\n' | grep -xE '[a-z][a-z0-9-]+' | grep -vx or
}

# Devices; after a comma, the devargs of their bus and of drivers. sva-info has a bus, driver or
# device a line.
_svadk_devices()
{
	local info=sva-info text bus=${cur%%:*} name
	[[ $1 != */* ]] || info=${1%/*}/sva-info
	text=$("$info" -- --no-open --json 2>/dev/null </dev/null)
	if [[ $cur != *,* ]]; then
		while IFS= read -r name; do
			_svadk_offer '' "$name"
		done < <(sed -n '/^"devices"/,$ s/^{"name": "\([^"]*\)".*/\1/p' <<<"$text")
		return
	fi
	while IFS= read -r name; do
		_svadk_devarg "${cur%,*}," "$name"
	done < <(grep -F -e "{\"name\": \"$bus\", \"description\"" -e '"class": ' <<<"$text" |
		sed -n 's/.*"devargs": \[\([^]]*\)\].*/\1/p' | tr -d '" ' | tr ',' '\n')
}

# A devarg "KEY=A|B": the key, or its values after the key.
_svadk_devarg()
{
	local key=${2%%=*} values=${2#*=}
	if [[ $cur != "$1$key="* ]]; then
		_svadk_offer "$1" "$key="
		compopt -o nospace 2>/dev/null
	elif [[ $values == *'|'* ]]; then
		# shellcheck disable=SC2086  # words
		_svadk_offer "$1$key=" ${values//|/ }
	fi
}

_svadk_value()
{
	local program=$1 option=$2 value=$3 sys=${SVADK_SYSFS:-/sys} words name prefix=''
	local levels=(emergency alert critical error warning notice info debug)
	case $value in
	SPEC) _svadk_devices "$program" ;;
	FOLDER) _svadk_files -d ;;
	FILE | PLUGIN | OLD | NEW) _svadk_files -f ;;
	*LEVEL)
		if [[ $cur == *:* ]]; then
			_svadk_offer "${cur%:*}:" "${levels[@]}"
		else
			_svadk_offer '' "${levels[@]}" 'svadk.*:'
			[[ ${COMPREPLY[*]} != 'svadk.*:' ]] || compopt -o nospace 2>/dev/null
		fi
		;;
	DRIVER)
		words=("$sys"/bus/pci/drivers/*)
		_svadk_offer '' "${words[@]##*/}"
		;;
	'{'*'}') IFS=, read -ra words <<<"${value:1:-1}" && _svadk_offer '' "${words[@]}" ;;
	LIST)
		[[ $option == --op ]] || return 0
		[[ $cur != *,* ]] || prefix=${cur%,*},
		while IFS= read -r name; do
			_svadk_offer "$prefix" "$name"
		done < <(_svadk_operations "$help")
		;;
	esac
}

_svadk()
{
	local line=${COMP_LINE:0:COMP_POINT} program=${1/#\~/$HOME} words cur='' lead='' help options
	local previous value
	COMPREPLY=()
	read -ra words <<<"$line"
	if [[ $line != *[[:blank:]] ]]; then
		cur=${words[-1]}
		unset 'words[-1]'
	fi
	help=$("$program" --help 2>/dev/null </dev/null) || return 0
	# Before "--" come the options of the EAL, after it the program's.
	if [[ $help == *$'\nEAL options:'* ]]; then
		if [[ " ${words[*]:1} " == *' -- '* ]]; then
			help=${help#*$'\nOptions of'}
		else
			help=${help%%$'\nOptions of'*}
		fi
	fi
	options=$(_svadk_options "$help")
	previous=${words[-1]}
	# The second of two values.
	[[ ${#words[@]} -lt 3 || ${words[-2]} != --compare ]] || previous=--compare
	if [[ $cur == --*=* ]]; then
		previous=${cur%%=*} lead=${cur%%=*}= cur=${cur#*=}
	fi
	value=$(_svadk_value_of "$previous" <<<"$options")
	if [[ $value != '' || $lead != '' ]]; then
		# By its long name, where it has one.
		line=$(grep -F -- " $previous " <<<" ${options//$'\n'/$'\n' }")
		[[ ! $line =~ (--[a-z-]+) ]] || previous=${BASH_REMATCH[1]}
		_svadk_value "$program" "$previous" "$value"
	elif [[ $cur == -* ]]; then
		# shellcheck disable=SC2046  # words
		_svadk_offer '' $(tr ' ' '\n' <<<"$options" | grep '^-')
	else
		case ${program##*/} in
		sva-plot | sva-pmdinfo) _svadk_files -f ;;
		sva-devbind)
			# shellcheck disable=SC2046  # addresses
			_svadk_offer '' $("$program" -s 2>/dev/null </dev/null |
				sed -n 's/^\([0-9a-f:]*\.[0-7]\) .*/\1/p')
			;;
		esac
	fi
}

complete -F _svadk sva-check sva-devbind sva-info sva-perf sva-plot sva-pmdinfo testsva
