# SPDX-License-Identifier: GPL-3.0-or-later
"""Each header compiles when it is the first and only one included."""

import concurrent.futures
import json
import os
import shlex

from checklib import BUILD, SOURCE, Skip, files, main, read, run

STRICT = ['-fsyntax-only', '-Wall', '-Wextra', '-Wno-unused-parameter', '-Wno-unused-function',
          '-Wno-unused-variable', '-Werror']


def compiler(language):
    command = os.environ['LINNET_CC' if language == 'c' else 'LINNET_CXX'].split()
    if not command:
        raise Skip('there is no C++ compiler')
    return command


def compile_alone(path, language, standard, flags):
    """What the compiler complains of when the header stands alone."""
    status, text = run(
        *compiler(language), '-x', language, f'-std={standard}', *STRICT, *flags, '-',
        input=f'#include "{SOURCE / path}"\n', cwd=BUILD,
    )
    return [f'{path}: {text}'] if status else []


def compile_all(paths, flags):
    """What it complains of in any of the headers, several at a time; flags is a function."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda path: compile_alone(path, 'c', 'gnu11', flags(path)), paths)
    return [complaint for complaints in results for complaint in complaints]


def commands_under(folder):
    """The commands, as words, that compile the files below a folder in this build."""
    with open(BUILD / 'compile_commands.json', encoding='utf-8') as file:
        commands = json.load(file)
    found = []
    for command in commands:
        path = os.path.relpath(os.path.join(command['directory'], command['file']), SOURCE)
        if path.startswith(str(folder) + os.sep):
            found.append(shlex.split(command['command']))
    return found


def flags_under(folder, kept):
    """The flags of these kinds that the files below a folder are compiled with in this build."""
    flags = []
    for words in commands_under(folder):
        flags += [word for word in words if word.startswith(kept) and word not in flags]
    return [flag for flag in flags if not flag.startswith('-DG_LOG_DOMAIN')]


def engine_headers():
    """Each header of the engine, in C."""

    def flags(path):
        # A folder of kernels is compiled for its own instruction sets: here, for the first.
        commands = commands_under(path.parent) if 'kernels' in path.parts else [[]]
        own = [word for word in commands[0] if word.startswith(('-m', '-DLM_'))]
        return [f'-I{SOURCE / "engine"}', *own]

    # Kernels for another processor are not compiled in this build, nor are their headers.
    paths = [path for path in files('.h', under='engine') if commands_under(path.parent)]
    return compile_all(paths, flags)


def public_header():
    """The engine's public header, in standard C11 and in C++."""
    path = 'engine/lm.h'
    complaints = compile_alone(path, 'c', 'c11', ['-pedantic'])
    return complaints + compile_alone(path, 'c++', 'c++11', ['-pedantic'])


def application_headers():
    """Each header of the application, in C."""
    headers = files('.h', under='app')
    flags = flags_under('app', ('-I', '-D', '-isystem', '-pthread', '-m'))
    if not flags:
        raise Skip('the application is not part of this build')
    if not any('gtk-4.0' in flag for flag in flags):
        headers = [path for path in headers if not str(path).startswith('app/ui')]
    return compile_all(headers, lambda path: flags)


def guards():
    """Each header is guarded by #pragma once."""
    return [str(path) for path in files('.h') if '\n#pragma once\n' not in read(path)]


main(engine_headers, public_header, application_headers, guards)
