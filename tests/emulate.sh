#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# emulate.sh EMULATOR PROGRAM [ARGUMENT …]: runs a test in the emulator, or skips it without one.
set -eu

if ! command -v "$1" >/dev/null; then
  echo "1..0 # SKIP $1, which plays the processor ${QEMU_CPU:-}, is not installed"
  exit 0
fi
exec "$@"
