# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The Debian root that ./dev builds in where the system's GTK is too old: made once with
# mmdebstrap, kept in the user's cache, entered with bubblewrap. Sourced by ./dev.

root_suite=trixie

# Files of /etc that are the outer system's: they exist, as plain files, in every root.
root_shared_etc='hosts hostname resolv.conf passwd group machine-id localtime
  ssl/certs/ca-certificates.crt'

# Another package list, or another way of making a root, makes another root.
root_path () {
  local key
  key=$({ packages_root; declare -f root_make root_add_kernel root_finish; uname -m; } | checksum)
  echo "$cache_dir/root-$key"
}

# The number of files under a root's /usr and their bytes: compared on every run, so that a root
# which lost some is noticed.
root_measure () {
  find "$1/usr" -xdev ! -type d -printf '%s\n' 2>/dev/null |
    awk '{ n_bytes += $1 } END { printf "%d files, %.0f bytes\n", NR, n_bytes }'
}

root_is_whole () {
  [ -s "$1/.linnet-root" ] && [ "$(cat "$1/.linnet-root")" = "$(root_measure "$1")" ]
}

# Whether a root was made since the system was last upgraded: the system is then not asked again.
root_is_current () {
  local stamp
  stamp=$(root_path)/.linnet-root
  [ -s "$stamp" ] && [ ! /etc/os-release -nt "$stamp" ]
}

# Makes sure that $root is there, whole and answering.
root_prepare () {
  root=$(root_path)
  mkdir -p "$cache_dir" 2>/dev/null ||
    die "./dev keeps its build environment in $cache_dir, which cannot be written: set XDG_CACHE_HOME."
  exec 9>>"$cache_dir/lock"
  if root_is_whole "$root" && root_tools_exist && root_probe; then
    root_hold
    return 0
  fi
  if ! flock -n 9; then
    say "Another ./dev is preparing the build environment; waiting for it …"
    flock 9
  fi
  # Whoever held the lock may have made it meanwhile.
  root_install_tools
  if ! { root_is_whole "$root" && root_probe; }; then
    root_remove_others
    root_make
    root_probe || die "The new build environment does not answer; run ./dev again, or report this."
  fi
  root_hold
}

# Keeps the root from being removed by another checkout's ./dev while this one runs in it.
root_hold () {
  exec 9>&-
  exec 8<"$root/.linnet-root"
  flock -s 8
}

root_tools_exist () {
  command -v mmdebstrap >/dev/null && command -v bwrap >/dev/null
}

root_install_tools () {
  local missing=()

  command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
  command -v bwrap >/dev/null || missing+=(bubblewrap)
  if [ "$(id -u)" != 0 ] && ! command -v newuidmap >/dev/null; then
    missing+=(uidmap)
  fi
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
  if [ ${#missing[@]} -gt 0 ]; then
    say "Installing ${missing[*]} …"
    apt_install "${missing[@]}" || die "${missing[*]} could not be installed."
  fi
}

# Under the lock nobody else is making a root: what looks half-made is, and goes. So do roots of
# other package lists, unless somebody is working in one.
root_remove_others () {
  local other

  for other in "$cache_dir"/root-*; do
    [ -d "$other" ] || continue
    if [ "$other" != "$root" ] && [ -e "$other/.linnet-root" ]; then
      (exec 7<"$other/.linnet-root" && flock -n 7) || continue
    fi
    [ "$other" = "$root" ] && say "The build environment is damaged; making it again."
    root_remove "$other"
  done
}

# Never into something that is mounted below.
root_remove () {
  chmod -R u+rwX "$1" 2>/dev/null || true
  rm -rf --one-file-system "$1" ||
    die "$1 cannot be removed: remove it as the user who made it, then run ./dev again."
}

# The Debian mirror that the system's apt uses; nothing where it uses none (mmdebstrap then takes
# its own default).
root_mirror () {
  # shellcheck disable=SC2016 # apt expands these
  apt-get indextargets --format '$(REPO_URI) $(LABEL) $(COMPONENT)' 'Created-By: Packages' \
    2>/dev/null | sed -n 's/ Debian main$//p' | head -n 1
}

# Run by mmdebstrap in the new root $1: adds the kernel that tests/kernels/emulated-pc.py starts. It
# is taken out of its package, which would bring along what a system boots with.
root_add_kernel () {
  set -e
  export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
  mkdir -p "$1/usr/lib/linnet" "$1/tmp/kernel"
  cd "$1/tmp/kernel"
  apt-get download "$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: //p')"
  dpkg-deb --fsys-tarfile ./*.deb | tar -x --wildcards './boot/vmlinuz-*'
  mv boot/vmlinuz-* "$1/usr/lib/linnet/vmlinuz"
  rm -r "$1/tmp/kernel"
}

root_make () {
  local new=$root.new log=$cache_dir/root.log mirror command namespaces options=() setting

  say "Making the build environment (Debian $root_suite, once; about two minutes) …"
  root_new=$new
  trap 'root_abandon; exit 130' INT TERM HUP
  trap root_abandon EXIT
  rm -rf --one-file-system "$new"

  while IFS= read -r setting; do
    options+=(--aptopt="$setting")
  done < <(apt-config dump 2>/dev/null |
    grep -E '^Acquire::(Check-Valid-Until|Max-FutureTime|ForceIPv|(https?|ftp)::(Proxy|Verify|CaInfo))' || true)
  options+=(--aptopt='Acquire::Retries "2"' --aptopt='Acquire::http::Timeout "20"'
    --aptopt='Acquire::https::Timeout "20"' --aptopt='Acquire::Languages "none"'
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*'
    --dpkgopt='path-exclude=/usr/share/gtk-doc/*' --dpkgopt='path-exclude=/usr/share/info/*'
    --dpkgopt='path-exclude=/usr/share/locale/*'
    --dpkgopt='path-include=/usr/share/locale/zh_CN/*'
    --dpkgopt='path-include=/usr/share/locale/locale.alias'
    --include="$(packages_root | paste -s -d , -)"
    --customize-hook='chroot "$1" localedef -i en_US -f UTF-8 en_US.UTF-8'
    --customize-hook='chroot "$1" localedef -i zh_CN -f UTF-8 zh_CN.UTF-8'
    --variant=minbase --skip=check/empty,cleanup/apt/cache)
  if [ "$(uname -m)" = x86_64 ]; then
    options+=(--customize-hook="$(declare -f root_add_kernel); root_add_kernel \"\$1\"")
  fi
  mirror=$(root_mirror)

  # In the background, so that a signal reaches the trap at once. It dies with this process: as
  # root in namespaces of its own, which take all its processes and mounts with them. A user who is
  # not root gets a tar file, and unpacks it as files of their own.
  command=(setpriv --pdeathsig TERM)
  if [ "$(id -u)" = 0 ]; then
    namespaces=(unshare --mount --propagation private --pid --fork --kill-child --mount-proc)
    "${namespaces[@]}" true 2>/dev/null && command=(setpriv --pdeathsig KILL "${namespaces[@]}")
    command+=(mmdebstrap --mode=root "${options[@]}" $root_suite "$new/root")
  else
    command+=(mmdebstrap --mode=unshare "${options[@]}" $root_suite "$new/root.tar")
  fi
  mkdir "$new"
  "${command[@]}" ${mirror:+"$mirror"} >"$log" 2>&1 </dev/null &
  root_maker=$!
  if ! wait $root_maker; then
    root_maker=
    looks_offline "$log" && die_offline
    tail -n 30 "$log" >&2
    die "The build environment could not be made; the end of $log is above."
  fi
  root_maker=

  if [ -e "$new/root.tar" ]; then
    mkdir "$new/root"
    tar -x -C "$new/root" --no-same-owner --exclude './dev/*' -f "$new/root.tar"
  fi
  root_finish "$new/root"
  mv "$new/root" "$root"
  root_abandon
}

# What a killed or failed ./dev leaves behind is removed here, or by the next one.
root_abandon () {
  trap - INT TERM HUP EXIT
  if [ -n "${root_maker:-}" ]; then
    end_tree "$root_maker"
    wait "$root_maker" 2>/dev/null || true
  fi
  if [ -n "${root_new:-}" ] && [ -e "$root_new" ]; then
    chmod -R u+rwX "$root_new" 2>/dev/null || true
    rm -rf --one-file-system "$root_new" 2>/dev/null || true
  fi
}

# Ends a process and what it started, by id.
end_tree () {
  local child

  for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
    end_tree "$child"
  done
  kill -TERM "$1" 2>/dev/null || true
}

root_finish () {
  local name

  for name in $root_shared_etc; do
    if [ -L "$1/etc/$name" ] || [ ! -e "$1/etc/$name" ]; then
      rm -f "$1/etc/$name"
      : >"$1/etc/$name"
    fi
  done
  rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/*
  [ -s "$1/etc/machine-id" ] || od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$1/etc/machine-id"
  mkdir -p "$1/var/tmp"
  chmod -R a+rX "$1/usr" "$1/etc" 2>/dev/null || true
  root_measure "$1" >"$1/.linnet-root"
}

# Fills root_arguments with the bubblewrap arguments: the root's /usr, /etc and libraries, and
# everything else of the outer system under its own path.
root_set_arguments () {
  local entry name

  root_arguments=(--ro-bind "$root/usr" /usr --ro-bind "$root/etc" /etc
    --symlink usr/bin /bin --symlink usr/sbin /sbin --symlink usr/lib /lib)
  [ -d "$root/usr/lib64" ] && root_arguments+=(--symlink usr/lib64 /lib64)
  for entry in /*; do
    case $entry in
      /bin | /sbin | /lib* | /usr | /etc | /var | /proc | /sys | /dev) ;;
      *)
        if [ -L "$entry" ]; then
          root_arguments+=(--symlink "$(readlink "$entry")" "$entry")
        elif [ -d "$entry" ]; then
          root_arguments+=(--bind-try "$entry" "$entry")
        fi
        ;;
    esac
  done
  for entry in /var/*; do
    case $entry in
      /var/cache | /var/lib) root_arguments+=(--ro-bind "$root$entry" "$entry") ;;
      *) if [ -L "$entry" ]; then
        root_arguments+=(--symlink "$(readlink "$entry")" "$entry")
      elif [ -d "$entry" ]; then
        root_arguments+=(--bind-try "$entry" "$entry")
      fi ;;
    esac
  done
  root_arguments+=(--dev-bind /dev /dev --bind /proc /proc --bind /sys /sys)
  for name in $root_shared_etc; do
    entry=$(readlink -f "/etc/$name" 2>/dev/null) || continue
    [ -s "$entry" ] && root_arguments+=(--ro-bind "$entry" "/etc/$name")
  done
  # Homes, caches and checkouts that live below a folder which was replaced above.
  for entry in "$HOME" "$checkout" "$PWD"; do
    case $entry in
      /var/cache/* | /var/lib/*) root_arguments+=(--bind-try "$entry" "$entry") ;;
      /usr/* | /etc/*)
        die "$entry is in a system folder, which the build environment replaces: work elsewhere." ;;
    esac
  done
}

# Fills root_command with the words that run the given command in the root, in the current folder
# and with the root's programs only.
root_set_command () {
  local words=() i

  root_set_arguments
  root_command=(env -u XDG_DATA_DIRS -u XDG_CONFIG_DIRS PATH=/usr/bin:/usr/sbin
    LINNET_DEV_ENVIRONMENT="${root##*/}" LINNET_DEV_WAY="$root_way" "$@")
  case $root_way in
    bubblewrap)
      root_command=(bwrap "${root_arguments[@]}" --chdir "$PWD" -- "${root_command[@]}")
      ;;
    mount)
      root_command=(unshare --mount --propagation private
        bash "$checkout/tools/dev/chroot.sh" "$root/mnt" "$PWD"
        "${root_arguments[@]}" -- "${root_command[@]}")
      ;;
    trace)
      for ((i = 0; i < ${#root_arguments[@]}; i += 3)); do
        [ "${root_arguments[i]}" = --symlink ] ||
          words+=(-b "${root_arguments[i + 1]}:${root_arguments[i + 2]}")
      done
      root_command=(proot -r "$root" "${words[@]}" -w "$PWD" "${root_command[@]}")
      ;;
  esac
}

root_run () {
  root_set_command "$@"
  "${root_command[@]}"
}

# Replaces this process by a command in the root.
root_enter () {
  root_set_command "$@"
  exec "${root_command[@]}"
}

# Finds a way in that this system allows, and asks the root whether it is fit to build with. In a
# container that refuses both namespaces and mounts, root is left with proot, which follows every
# system call: slow, and not for the sanitizers.
root_probe () {
  [ -x "$root/usr/bin/env" ] || return 1
  for root_way in bubblewrap mount trace; do
    case $root_way in
      mount) [ "$(id -u)" = 0 ] || continue ;;
      trace)
        if bwrap --ro-bind / / true 2>/dev/null; then
          return 1
        elif [ "$(id -u)" != 0 ]; then
          die "This system does not let ./dev start bubblewrap: allow user namespaces, or build" \
            "on a system that has GTK $floor_gtk and libadwaita $floor_adwaita itself."
        fi
        command -v proot >/dev/null || apt_install proot || die "proot could not be installed."
        ;;
    esac
    if root_run true 2>/dev/null; then
      root_run sh -c "$environment_probe" 2>/dev/null
      return
    fi
  done
  return 1
}
