#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Does what bubblewrap would with the arguments that ./dev gives it, where a container refuses
# user namespaces but lets root mount. Runs in a mount namespace of its own.
#
# chroot.sh EMPTY_FOLDER FOLDER [BUBBLEWRAP_ARGUMENT …] -- COMMAND …
set -euo pipefail

new=$1
folder=$2
shift 2

mount -t tmpfs -o mode=755 tmpfs "$new"
while [ "$1" != -- ]; do
  case $1 in
    --symlink)
      ln -s "$2" "$new$3"
      ;;
    --bind | --bind-try | --dev-bind | --ro-bind)
      if [ -d "$2" ]; then
        mkdir -p "$new$3"
      elif [ ! -e "$new$3" ]; then
        mkdir -p "$new${3%/*}"
        : >"$new$3"
      fi
      mount --rbind "$2" "$new$3"
      ;;
    *)
      echo "chroot.sh: unknown argument $1" >&2
      exit 2
      ;;
  esac
  shift 3
done
shift

# shellcheck disable=SC2016 # expanded in the new root
exec chroot "$new" /bin/sh -c 'cd "$0" && exec "$@"' "$folder" "$@"
