# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Finds or makes the build environment: the system's own packages where they are new enough, a
# cached Debian root (tools/dev/root.sh) where they are not. Sourced by ./dev.

floor_gtk=4.18
floor_adwaita=1.7
floor_glib=2.84

# What must answer for the environment to be called whole.
environment_probe='
  pkg-config --atleast-version='$floor_gtk' gtk4 &&
  pkg-config --atleast-version='$floor_adwaita' libadwaita-1 &&
  pkg-config --atleast-version='$floor_glib' glib-2.0 &&
  pkg-config --exists gtksourceview-5 json-glib-1.0 libsoup-3.0 sqlite3 md4c &&
  for tool in cc meson ninja blueprint-compiler msgfmt glib-compile-schemas python3; do
    command -v "$tool" >/dev/null || exit 1
  done'

# Compilers, libraries and modules of the outer environment stay outside.
environment_clear () {
  unset CC CXX CPP LD AR NM CFLAGS CXXFLAGS CPPFLAGS LDFLAGS CPATH C_INCLUDE_PATH \
    CPLUS_INCLUDE_PATH LIBRARY_PATH LD_LIBRARY_PATH LD_PRELOAD COMPILER_PATH GCC_EXEC_PREFIX \
    MAKEFLAGS NINJAFLAGS DESTDIR PYTHONPATH PYTHONHOME VIRTUAL_ENV GI_TYPELIB_PATH GTK_PATH \
    GTK_EXE_PREFIX GTK_MODULES GIO_MODULE_DIR GIO_EXTRA_MODULES GDK_PIXBUF_MODULE_FILE \
    GDK_PIXBUF_MODULEDIR GSETTINGS_SCHEMA_DIR FONTCONFIG_FILE FONTCONFIG_PATH LOCPATH \
    BASH_ENV ENV CDPATH
  case $(uname -s) in
    Linux)
      unset PKG_CONFIG PKG_CONFIG_PATH PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
      # The system's own tools before any other (pyenv, conda, CUDA …).
      PATH=/usr/bin:/bin:/usr/sbin:/sbin:$PATH
      ;;
  esac
  export PATH
}

# Keeps a language that this C library has no locale for as LANGUAGE, which gettext reads.
environment_set_locale () {
  local wanted=${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}

  if [ "$(LC_ALL=$wanted locale charmap 2>/dev/null)" = UTF-8 ] &&
    [ -z "$(LC_ALL=$wanted locale charmap 2>&1 >/dev/null)" ]; then
    return 0
  fi
  case $wanted in
    '' | C | POSIX | C.*) ;;
    *) export LANGUAGE=${LANGUAGE:-${wanted%%.*}} ;;
  esac
  unset LC_ALL LC_MESSAGES LC_CTYPE LC_NUMERIC LC_TIME LC_COLLATE LC_MONETARY
  export LANG=C.UTF-8
}

# Says what to do, and ends, where the given command would need an administrator's rights that
# cannot be had without asking.
need_administrator () {
  [ "$(id -u)" = 0 ] && return
  if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    return
  fi
  die "Linnet's build needs system packages: as administrator, run \`$*\`, then ./dev again."
}

as_administrator () {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# Runs a package manager's command quietly; its words are shown only when it fails.
install_quietly () {
  local log

  need_administrator "$@"
  log=$(mktemp)
  if as_administrator "$@" >"$log" 2>&1 </dev/null; then
    rm -f "$log"
    return 0
  fi
  if looks_offline "$log"; then
    rm -f "$log"
    die_offline
  fi
  tail -n 30 "$log" >&2
  rm -f "$log"
  return 1
}

looks_offline () {
  grep -q -i -E 'could not resolve|temporary failure|unable to connect|network is unreachable|could(n.t| not) connect|cannot initiate the connection|no route to host|failed to (connect|retrieve)|connection (failed|refused|timed out)|curl error' "$1"
}

die_offline () {
  die "The packages that ./dev needs cannot be fetched: connect this computer to the internet" \
    "(or check its proxy settings), then run ./dev again."
}

apt_install () {
  local options=(-y -q --no-install-recommends -o Acquire::Retries=1
    -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20)

  command -v apt-get >/dev/null || die "This system has no apt-get to install $* with."
  need_administrator apt-get install "$@"
  export DEBIAN_FRONTEND=noninteractive
  # The lists may be missing or old: refresh them only when the first try says so. A source that
  # fails (a third party's) does not matter as long as the packages come.
  as_administrator apt-get install "${options[@]}" "$@" >/dev/null 2>&1 </dev/null && return 0
  as_administrator apt-get update -q -o Acquire::Retries=1 -o Acquire::http::Timeout=20 \
    >/dev/null 2>&1 </dev/null || true
  install_quietly apt-get install "${options[@]}" "$@"
}

# Which way to the packages this system has: apt, dnf, pacman, brew, msys2 or none.
package_manager () {
  if [ -n "${MSYSTEM:-}" ] && command -v pacman >/dev/null; then
    echo msys2
  elif [ "$(uname -s)" = Darwin ]; then
    if command -v brew >/dev/null; then echo brew; else echo none; fi
  else
    local name
    for name in apt-get dnf pacman; do
      if command -v "$name" >/dev/null; then
        echo "${name%-get}"
        return 0
      fi
    done
    echo none
  fi
}

# Whether apt would install a libadwaita that is new enough.
apt_is_new_enough () {
  local candidate
  candidate=$(apt-cache policy libadwaita-1-dev 2>/dev/null | sed -n 's/^ *Candidate: *//p')
  case $candidate in
    '' | '(none)') return 1 ;;
  esac
  dpkg --compare-versions "$candidate" ge "$floor_adwaita"
}

# Succeeds when Linnet can be built on the system itself; installs what is missing there.
environment_use_system () {
  local manager packages stamp prefix

  manager=$(package_manager)
  case $manager in
    apt)
      if ! apt_is_new_enough; then
        sh -c "$environment_probe" 2>/dev/null
        return
      fi
      packages=$(packages_debian)
      ;;
    dnf) packages=$(packages_fedora) ;;
    pacman) packages=$(packages_arch) ;;
    brew) packages=$(packages_homebrew) ;;
    msys2)
      prefix=${MINGW_PACKAGE_PREFIX:-mingw-w64-ucrt-x86_64}
      packages=$(packages_msys2 | sed "s/^/$prefix-/")
      ;;
    none)
      sh -c "$environment_probe" 2>/dev/null && return
      die "./dev knows no package manager on this system: install GTK $floor_gtk, libadwaita" \
        "$floor_adwaita, meson and the libraries named in tools/dev/packages.sh, then run it again."
      ;;
  esac

  stamp=$cache_dir/system-$(printf '%s' "$packages" | checksum)
  if [ -e "$stamp" ] && sh -c "$environment_probe" 2>/dev/null; then
    return 0
  fi
  say "Installing what Linnet is built with …"
  # shellcheck disable=SC2086 # package names have no spaces
  case $manager in
    apt) apt_install $packages ;;
    dnf) install_quietly dnf install -y --setopt=install_weak_deps=False $packages ;;
    pacman) install_quietly pacman -S --needed --noconfirm $packages ;;
    brew) HOMEBREW_NO_AUTO_UPDATE=1 brew install --quiet $packages >/dev/null ;;
    msys2) pacman -S --needed --noconfirm $packages >/dev/null ;;
  esac || die "The packages above could not be installed."
  if ! sh -c "$environment_probe" 2>/dev/null; then
    [ "$manager" = apt ] && return 1
    die "This system's GTK or libadwaita is older than Linnet needs ($floor_gtk and" \
      "$floor_adwaita): update the system, then run ./dev again."
  fi
  mkdir -p "$cache_dir"
  rm -f "$cache_dir"/system-*
  : >"$stamp"
}

# Returns when the environment is this one; otherwise enters it with ./dev and the arguments.
environment_enter () {
  environment_clear
  if [ -z "${LINNET_DEV_ENVIRONMENT:-}" ]; then
    if root_is_current || ! environment_use_system; then
      root_prepare
      root_enter "$checkout/dev" "$@"
    fi
    export LINNET_DEV_ENVIRONMENT=system
  fi
  environment_set_locale
}
