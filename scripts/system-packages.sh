#!/usr/bin/env bash
# Install the programs the tests run (named as arguments) where they are missing. Never asks for more rights than it has.
set -euo pipefail

missing=()
for program in "$@"; do
    command -v "$program" >/dev/null || missing+=("$program")
done
((${#missing[@]})) || exit 0

# The package bears the program's name on each of these distributions.
if command -v apt-get >/dev/null; then
    install="apt-get install -y --no-install-recommends ${missing[*]}"
    refresh="apt-get update"
elif command -v dnf >/dev/null; then
    install="dnf install -y ${missing[*]}"
elif command -v apk >/dev/null; then
    install="apk add ${missing[*]}"
elif command -v pacman >/dev/null; then
    install="pacman -S --noconfirm --needed ${missing[*]}"
else
    echo "The tests need ${missing[*]}; install them with the packager of this system." >&2
    exit 1
fi

if ((EUID != 0)); then
    echo "The tests need ${missing[*]}; as root, run: ${refresh:+$refresh && }$install" >&2
    exit 1
fi
echo "installing what the tests run: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
${refresh:-true} >/dev/null
$install >/dev/null
