#!/usr/bin/env bash
# Installs the Debian packages of packages.txt that are missing, without starting what they bring.
set -euo pipefail
cd "$(dirname "$0")"
export PATH="$PATH:/usr/sbin:/usr/local/sbin"

beside=unpacked
missing=()
beside_all=()
unpacked=()
while read -r program package where; do
  if [ "$where" = beside ]; then
    beside_all+=("$package")
    [ -x "$beside/usr/sbin/$program" ] || [ -x "$beside/usr/bin/$program" ] || unpacked+=("$package")
  else
    command -v "$program" >/dev/null || missing+=("$package")
  fi
done < <(grep -v '^#' packages.txt)
# What is unpacked beside takes the place of what was: where one is missing, all of them are fetched.
[ "${#unpacked[@]}" -eq 0 ] || unpacked=("${beside_all[@]}")
[ "$((${#missing[@]} + ${#unpacked[@]}))" -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "The tests talk to servers that are not installed here: ${missing[*]} ${unpacked[*]}" >&2
  echo "On Debian, as root: make servers" >&2
  exit 2
fi
apt-get update -qq

if [ "${#missing[@]}" -gt 0 ]; then
  # A policy that forbids it keeps the package manager from starting servers; ours are started by the tests, on ports of their own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if [ "${#unpacked[@]}" -gt 0 ]; then
  # With the libraries that they need and that are not installed; no script of a package is run.
  libraries=()
  while read -r library; do
    dpkg-query -W -f='${Status}' "$library" 2>/dev/null | grep -q 'ok installed' || libraries+=("$library")
  done < <(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
    "${unpacked[@]}" | grep -E '^lib' | grep -v ':' | sort -u)
  fetched=$(mktemp -d)
  chmod 755 "$fetched"
  (cd "$fetched" && apt-get download -qq "${unpacked[@]}" "${libraries[@]}" 2>/dev/null)
  mkdir -p "$beside.part"
  for package in "$fetched"/*.deb; do
    dpkg -x "$package" "$beside.part"
  done
  rm -rf "$fetched" "$beside"
  mv "$beside.part" "$beside"
fi
