# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The commands of ./dev, run inside the build environment. Sourced by ./dev.

# Runs a command with its output in a log, which is shown when it fails.
quietly () {
  local log=$1
  shift
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 60 "$log" >&2
    return 1
  fi
}

# build_in NAME MESON_OPTION …: brings build-NAME up to date. A folder that was set up in another
# environment or with other options, or only half, is made anew.
build_in () {
  local build=$checkout/build-$1 wanted
  shift

  wanted="$LINNET_DEV_ENVIRONMENT ${CC:-cc} $*"
  mkdir -p "$build"
  exec 6>>"$build/.lock"
  if command -v flock >/dev/null && ! flock -n 6; then
    say "Another ./dev is building in $build; waiting for it …"
    flock 6
  fi
  if [ "$(cat "$build/.linnet-setup" 2>/dev/null)" != "$wanted" ] || [ ! -e "$build/build.ninja" ]; then
    find "$build" -mindepth 1 ! -path "$build/.lock" -delete
    say "Building Linnet in ${build##*/} (for the first time) …"
    if ! quietly "$build/setup.log" meson setup "$build" "$checkout" "$@"; then
      say "meson could not set up $build."
      return 1
    fi
    printf '%s' "$wanted" >"$build/.linnet-setup"
  fi
  if ! quietly "$build/build.log" ninja -C "$build"; then
    say "Linnet does not build; the end of ${build#"$checkout"/}/build.log is above."
    return 1
  fi
  exec 6>&-
}

# The built programs, their data and translations, as if installed.
build_environment () {
  local build=$checkout/build-dev

  if [ ! "$build/.linnet-environment" -nt "$build/build.ninja" ]; then
    meson devenv -C "$build" --dump="$build/.linnet-environment" --dump-format=export >/dev/null
  fi
  . "$build/.linnet-environment"
  # Without a settings daemon in the root the settings go to a file in the user's configuration.
  case $LINNET_DEV_ENVIRONMENT in
    root-*) export GSETTINGS_BACKEND=${GSETTINGS_BACKEND:-keyfile} ;;
  esac
}

command_run () {
  build_in dev || exit 1
  build_environment
  if [ "$(uname -s)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    say "There is no display here, so Linnet runs in the terminal."
    exec linnet-cli demo
  fi
  # A display without a session bus (ssh, a bare X server) gets one of its own.
  if [ "$(uname -s)" = Linux ] && [ -z "${DBUS_SESSION_BUS_ADDRESS:-}" ] &&
    [ ! -S "${XDG_RUNTIME_DIR:-/nonexistent}/bus" ]; then
    exec 3>&2
    exec dbus-run-session -- sh -c 'exec "$@" 2>&3 3>&-' sh linnet "$@" 2>/dev/null
  fi
  exec linnet "$@"
}

command_shell () {
  build_in dev || say "The programs of the last build, if any, are on PATH."
  build_environment
  export PS1='linnet:\w\$ '
  exec "${BASH:-bash}" --norc "$@"
}

command_exec () {
  if [ $# = 0 ]; then
    say "Usage: ./dev exec COMMAND …"
    exit 2
  fi
  build_in dev || exit 1
  build_environment
  exec "$@"
}

# From outside of a root, builds in it, and measures with its libraries but out here, where a
# llama-bench of this system is found and works. Returns where there is no root to be outside of.
bench_outside () {
  local loader

  [ -z "${LINNET_DEV_ENVIRONMENT:-}" ] || return 0
  "$checkout/dev" exec true || exit 1
  root_is_current || return 0
  root=$(root_path)
  root_hold
  for loader in "$root"/usr/lib*/ld-linux-*.so.* "$root"/usr/lib/*/ld-linux-*.so.*; do
    [ -x "$loader" ] || continue
    export LINNET_DATA_DIR=${LINNET_DATA_DIR:-$checkout/data}
    export LINNET_LOCALE_DIR=$checkout/build-dev/po GIO_MODULE_DIR=/nonexistent
    exec "$loader" --library-path "$(printf '%s:' "$root"/usr/lib/*-linux-gnu)" \
      "$checkout/build-dev/app/cli/linnet-cli" bench "$@"
  done
}

command_bench () {
  build_in dev || exit 1
  build_environment
  exec linnet-cli bench "$@"
}

command_screenshots () {
  build_in dev || exit 1
  build_environment
  exec python3 "$checkout/tests/e2e/screenshots.py" "$@"
}

# test_in NAME MESON_TEST_ARGUMENT …; what fails is counted by the summary.
test_in () {
  local build=$checkout/build-$1
  shift

  meson test -C "$build" --no-rebuild "$@" 2>&1 </dev/null |
    grep -v -E '^(stdout: |ERROR: Unknown TAP|This is probably a bug|ninja: |>>> |stderr:|Full log |Summary of |Ok:|Expected Fail:|Fail:|Unexpected Pass:|Skipped:|Timeout:|$)' ||
    true
}

# A compiler of the system for a build of its own.
build_with () {
  local compiler=$1
  shift
  CC=$compiler build_in "$@"
}

# The names of the cross files for processors and systems that an emulator plays.
cross_names () {
  local file
  for file in "$checkout"/tools/dev/cross/*.ini; do
    grep -q '^exe_wrapper' "$file" || continue
    file=${file##*/}
    echo "${file%.ini}"
  done
}

# test_cross NAME MESON_OPTION … -- MESON_TEST_ARGUMENT …: builds the engine for what the cross file
# of that name describes, and runs its tests as that says. Where the compiler or the emulator is not
# installed, it says so and does nothing.
test_cross () {
  local name=$1 file=$checkout/tools/dev/cross/$1.ini options=() tool
  shift

  while [ "$1" != -- ]; do
    options+=("$1")
    shift
  done
  shift
  for tool in $(sed -n -E "s/^(c|exe_wrapper) *= *\\[?'([^']*)'.*/\\2/p" "$file"); do
    if ! command -v "$tool" >/dev/null; then
      say "The engine for $name is not tested: $tool is not installed."
      return 0
    fi
  done
  builds+=("$checkout/build-$name")
  if build_in "$name" --cross-file "$file" -Dapp=false ${options[@]+"${options[@]}"}; then
    test_in "$name" -t 2 --no-suite checks "$@"
  fi
}

command_test () {
  local sanitize='' werror='' dev=dev cross='' name builds=() arguments=()

  while [ $# -gt 0 ]; do
    case $1 in
      --sanitize) sanitize=1 ;;
      --werror) werror=-Dwerror=true dev=werror ;;
      --cross)
        cross=${2:-}
        cross_names | grep -q -x -F -e "$cross" ||
          die "Usage: ./dev test --cross NAME, with one of: $(cross_names | paste -s -d ' ' -)"
        shift
        ;;
      *) arguments+=("$1") ;;
    esac
    shift
  done
  set -- ${arguments[@]+"${arguments[@]}"}
  # The tests bring their own display, and find nothing of this one.
  unset DISPLAY WAYLAND_DISPLAY

  # A build that fails must not be judged by the tests of the one before.
  rm -f "$checkout"/build-*/meson-logs/testlog.*
  if [ -n "$cross" ]; then
    test_cross "$cross" $werror -- "$@"
    [ ${#builds[@]} = 0 ] || python3 "$checkout/tools/dev/summary.py" "${builds[@]}"
    return
  fi
  builds+=("$checkout/build-$dev")
  if build_in $dev $werror; then
    test_in $dev -t 2 "$@"
  fi
  # Some tests were asked for by name or suite: those are the ones to run.
  if [ $# = 0 ]; then
    for name in $(cross_names); do
      test_cross "$name" $werror --
    done
  fi
  if [ -n "$sanitize" ] && [ "${LINNET_DEV_WAY:-}" = trace ]; then
    say "The sanitizers cannot work in this container, which allows neither namespaces nor mounts."
  elif [ -n "$sanitize" ]; then
    export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
    builds+=("$checkout/build-asan")
    if build_with gcc asan $werror -Dwindow=false -Db_sanitize=address,undefined; then
      test_in asan -t 6 --no-suite checks --no-suite cli "$@"
    fi
    builds+=("$checkout/build-tsan")
    if build_with clang tsan $werror -Dapp=false -Db_sanitize=thread -Db_lundef=false; then
      test_in tsan -t 10 --suite engine "$@"
    fi
  fi
  python3 "$checkout/tools/dev/summary.py" "${builds[@]}"
}

command_fuzz () {
  local build=$checkout/build-fuzz target seconds=60 wanted='' name seeds failed='' fuzzed=''

  for argument in "$@"; do
    case $argument in
      *[!0-9]*) wanted=${argument#fuzz-} ;;
      *) seconds=$argument ;;
    esac
  done
  build_with clang fuzz -Dapp=false -Dfuzzing=true -Db_sanitize=address,undefined -Db_lundef=false \
    || exit 1
  export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
  for target in "$build"/tests/fuzz/fuzz-*; do
    name=${target##*/fuzz-}
    [ -x "$target" ] && [ -f "$target" ] || continue
    [ -z "$wanted" ] || [ "$wanted" = "$name" ] || continue
    say "Fuzzing $name for $seconds seconds …"
    seeds=$checkout/tests/fuzz/corpus/$name
    [ -d "$seeds" ] || seeds=
    mkdir -p "$build/corpus/$name" "$build/crashes"
    if ! "$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
      -artifact_prefix="$build/crashes/$name-" -print_final_stats=1 \
      "$build/corpus/$name" ${seeds:+"$seeds"} >"$build/$name.log" 2>&1; then
      tail -n 60 "$build/$name.log" >&2
      say "$name failed; the input is in ${build#"$checkout"/}/crashes."
      failed=1
    else
      grep -E '^stat::(number_of_executed_units|new_units_added|peak_rss_mb)' "$build/$name.log"
    fi
    fuzzed=1
  done
  [ -n "$fuzzed" ] || die "There is no fuzz target “$wanted”."
  [ -z "$failed" ]
}

command_clean () {
  local name

  rm -rf "$checkout"/build-{dev,werror,asan,tsan,fuzz}
  for name in $(cross_names); do
    rm -rf "$checkout/build-$name"
  done
  [ "${1:-}" = --all ] || return 0
  local other
  for other in "$cache_dir"/root-*; do
    [ -d "$other" ] && root_remove "$other"
  done
  rm -rf "$cache_dir"
}
