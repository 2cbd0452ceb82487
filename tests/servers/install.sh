#!/usr/bin/env bash
# Installs the Debian packages of packages.txt that are missing, without starting what they bring.
set -euo pipefail
cd "$(dirname "$0")"
export PATH="$PATH:/usr/sbin:/usr/local/sbin"

missing=()
while read -r program package; do
  command -v "$program" >/dev/null || missing+=("$package")
done < <(grep -v '^#' packages.txt)
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "The tests talk to servers that are not installed here: ${missing[*]}" >&2
  echo "On Debian: sudo apt-get install ${missing[*]}" >&2
  exit 2
fi

# A policy that forbids it keeps the package manager from starting servers; ours are started by the tests, on ports of their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
