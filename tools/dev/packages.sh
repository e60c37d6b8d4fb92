# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What Linnet is built, tested and photographed with, as each system names it. Sourced by ./dev.

# Debian and Ubuntu.
packages_debian () {
  printf '%s\n' \
    ca-certificates locales procps git gettext pkgconf meson ninja-build \
    gcc libc6-dev g++ clang clang-format libclang-rt-19-dev \
    gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user gcc-mingw-w64-x86-64-posix \
    blueprint-compiler libgtk-4-dev libadwaita-1-dev libgtksourceview-5-dev \
    libjson-glib-dev libsoup-3.0-dev libsqlite3-dev libmd4c-dev \
    libglib2.0-bin desktop-file-utils appstream libxml2-utils python3-jinja2 \
    adwaita-icon-theme librsvg2-common fonts-cantarell fonts-noto-cjk \
    xvfb xauth x11-utils xdotool imagemagick dbus dbus-bin dbus-daemon \
    at-spi2-core gir1.2-atspi-2.0 python3-gi
}

# The contents of the root that ./dev makes on an older system: the same, and the emulator of a PC,
# for which there is a kernel in the root.
packages_root () {
  packages_debian
  case $(uname -m) in
    x86_64) printf '%s\n' bochs bochs-term ;;
  esac
}

packages_fedora () {
  printf '%s\n' \
    gcc gcc-c++ clang clang-tools-extra compiler-rt libasan libubsan libtsan \
    meson ninja-build pkgconf-pkg-config git gettext blueprint-compiler \
    gtk4-devel libadwaita-devel gtksourceview5-devel json-glib-devel libsoup3-devel \
    sqlite-devel md4c-devel glib2-devel desktop-file-utils appstream libxml2 \
    python3-jinja2 python3-gobject at-spi2-core dbus-daemon \
    adwaita-icon-theme librsvg2 google-noto-sans-cjk-fonts \
    xorg-x11-server-Xvfb xorg-x11-xauth xdotool ImageMagick
}

packages_arch () {
  printf '%s\n' \
    gcc clang compiler-rt meson ninja pkgconf git gettext blueprint-compiler \
    gtk4 libadwaita gtksourceview5 json-glib libsoup3 sqlite md4c glib2-devel \
    desktop-file-utils appstream libxml2 python-jinja python-gobject at-spi2-core dbus \
    adwaita-icon-theme librsvg noto-fonts-cjk xorg-server-xvfb xorg-xauth xdotool imagemagick
}

packages_homebrew () {
  printf '%s\n' \
    meson ninja pkgconf gettext blueprint-compiler gtk4 libadwaita gtksourceview5 json-glib \
    libsoup sqlite md4c desktop-file-utils clang-format adwaita-icon-theme librsvg pygobject3
}

# Without the prefix of the MSYS2 environment (UCRT64, CLANG64 …), which is put before each.
packages_msys2 () {
  printf '%s\n' \
    gcc meson ninja pkgconf gettext-tools blueprint-compiler gtk4 libadwaita gtksourceview5 \
    json-glib libsoup3 sqlite3 md4c libxml2 desktop-file-utils appstream adwaita-icon-theme librsvg \
    python-jinja python-gobject
}
