# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that tell desktops about Linnet are valid and agree with each other."""

import os
import re
import shutil
import tempfile
import xml.etree.ElementTree as ElementTree

from checklib import BUILD, SOURCE, Skip, files, main, read, run

VERSION = os.environ['LINNET_VERSION']


def finished(folder, suffix):
    """Copies of the data files of a kind as installed: the built ones, else the templates."""
    found = []
    for path in files(suffix, suffix + '.in', suffix + '.in.in', under='data'):
        name = path.name.split(suffix)[0] + suffix
        built = BUILD / path.parent / name
        copy = os.path.join(folder, name)
        shutil.copyfile(built if built.exists() else SOURCE / path, copy)
        found.append(copy)
    if not found:
        raise Skip(f'there is no {suffix} file')
    return found


def validate(suffix, *command):
    complaints = []
    with tempfile.TemporaryDirectory() as folder:
        for path in finished(folder, suffix):
            status, text = run(*command, path)
            if status:
                complaints.append(f'{os.path.basename(path)}: {text}')
    return complaints


def desktop_entry():
    """The desktop entry is valid."""
    return validate('.desktop', 'desktop-file-validate')


def metainfo():
    """The metainfo is valid."""
    # Linnet has no web site of its own yet.
    return validate(
        '.metainfo.xml', 'appstreamcli', 'validate', '--no-net', '--explain',
        '--override=url-homepage-missing=info',
    )


def schemas():
    """The settings schemas compile."""
    if not files('.gschema.xml', under='data'):
        raise Skip('there is no .gschema.xml file')
    status, text = run('glib-compile-schemas', '--strict', '--dry-run', SOURCE / 'data')
    return [text] if status else []


def icons():
    """Every icon is valid XML with a size, and named by the application."""
    complaints = []
    for path in files('.svg', under='data'):
        root = ElementTree.parse(SOURCE / path).getroot()
        if not ({'width', 'height'} <= set(root.keys()) or 'viewBox' in root.keys()):
            complaints.append(f'{path}: neither size nor viewBox')
    return complaints


def versions():
    """The newest release in the metainfo and in NEWS.md is meson's version, dates descend."""
    complaints = []
    heading = re.search(r'^## (\S+)', read('NEWS.md'), flags=re.MULTILINE)
    if heading is None or heading.group(1) != VERSION:
        complaints.append(f'NEWS.md does not begin with {VERSION}')
    with tempfile.TemporaryDirectory() as folder:
        for path in finished(folder, '.metainfo.xml'):
            releases = ElementTree.parse(path).getroot().findall('releases/release')
            if not releases or releases[0].get('version') != VERSION:
                complaints.append(f'{os.path.basename(path)} does not begin with {VERSION}')
            dates = [release.get('date') or '' for release in releases]
            if '' in dates or dates != sorted(dates, reverse=True):
                complaints.append(f'{os.path.basename(path)}: the dates do not descend')
    return complaints


main(desktop_entry, metainfo, schemas, icons, versions)
