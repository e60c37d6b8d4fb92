#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a test on a display and a session bus of its own: run-headless.sh PROGRAM [ARGUMENT …]
set -eu

for tool in Xvfb dbus-run-session; do
  if ! command -v "$tool" >/dev/null; then
    echo "1..0 # SKIP $tool is not installed"
    exit 0
  fi
done

if [ ! -e /usr/share/dbus-1/services/org.a11y.Bus.service ]; then
  echo '1..0 # SKIP at-spi2-core is not installed'
  exit 0
fi

folder=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || :; rm -rf "$folder"' EXIT

Xvfb -displayfd 3 -screen 0 1280x900x24 -nolisten tcp -noreset 3>"$folder/display" 2>"$folder/log" &
server=$!
tries=0
until [ -s "$folder/display" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 200 ] || ! kill -0 "$server" 2>/dev/null; then
    echo "1..0 # SKIP Xvfb does not start: $(tail -n 1 "$folder/log")"
    exit 0
  fi
  sleep 0.05
done

mkdir -m 700 "$folder/run"
DISPLAY=:$(cat "$folder/display")
HOME=$folder XDG_RUNTIME_DIR=$folder/run XDG_CONFIG_HOME=$folder XDG_DATA_HOME=$folder
XDG_CACHE_HOME=$folder
GDK_BACKEND=x11 GDK_DEBUG=no-portals ADW_DISABLE_PORTAL=1 GSK_RENDERER=cairo
GSETTINGS_BACKEND=memory
export DISPLAY HOME XDG_RUNTIME_DIR XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME
export GDK_BACKEND GDK_DEBUG ADW_DISABLE_PORTAL GSK_RENDERER GSETTINGS_BACKEND
unset WAYLAND_DISPLAY AT_SPI_BUS_ADDRESS GTK_A11Y

status=0
# What the bus and its services print is no part of the test's output.
dbus-run-session -- sh -c 'exec "$@" >&4' sh "$@" 4>&1 >/dev/null 2>"$folder/errors" || status=$?
grep -v '^dbus-daemon' "$folder/errors" >&2 || :
exit "$status"
