#!/usr/bin/env bash
# Finds the programs the tests drive (Chromium, a Java virtual machine, PostgreSQL); installs them where it can.
set -euo pipefail

find_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
find_java() { command -v java; }
find_postgresql() { command -v initdb || compgen -G "/usr/lib/postgresql/*/bin/initdb"; }

lacking=()
find_chromium >/dev/null || lacking+=(chromium)
find_java >/dev/null || lacking+=(default-jre-headless)
find_postgresql >/dev/null || lacking+=(postgresql)
[ ${#lacking[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "installing ${lacking[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${lacking[@]}" >/dev/null
else
  echo "The tests need Chromium, a Java virtual machine (17 or newer) and PostgreSQL. Install these and run again: ${lacking[*]} (on Debian: sudo apt-get install ${lacking[*]})" >&2
  exit 1
fi
