#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""emulated-pc.py PROCESSOR INIT PROGRAM [ARGUMENT …]: runs a test that prints TAP in a PC which the
emulator Bochs plays, for instructions that this computer does not have and QEMU does not know.

The PC has neither disc nor BIOS: Linux lies unpacked in its memory, with a file system of INIT and
PROGRAM, both statically linked, and the ROM enters it as Documentation/arch/x86/boot.rst says. INIT
runs the program, and says with what status it ended. All words come through the serial port."""

import ctypes
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

KERNEL = '/usr/lib/linnet/vmlinuz'
# There is nothing to look for, and tiles are what Bochs and Linux do not agree about. A panic ends
# in a triple fault, at which Bochs ends.
KERNEL_ARGUMENTS = (
    'console=ttyS0,115200 loglevel=1 panic=-1 reboot=triple acpi=off pci=off noapic nolapic'
    ' mitigations=off tsc=reliable random.trust_cpu=on clearcpuid=amx_tile'
)

# What /proc/cpuinfo says of a computer that runs the same tests itself, and faster.
OWN_FLAGS = {'arrow_lake': 'avx_vnni', 'sapphire_rapids': 'avx512_vnni'}

MEMORY_MIB = 256
BOOT_PARAMETERS, KERNEL_COMMAND, PAGE_TABLES, FILES = 0x10000, 0x11000, 0x12000, 0x100000

# Instructions a second say how the clock of the PC goes, which the serial port waits for. Bochs wants
# a ROM for the screen, though nobody looks at that.
BOCHSRC = """\
display_library: term
cpu: model={processor}, ips=50000000, reset_on_triple_fault=0
memory: guest={memory}, host={memory}, block_size=1024
romimage: file={folder}/rom
vgaromimage: file={folder}/rom
optramimage1: file={folder}/memory, address=0
pci: enabled=0
com1: enabled=1, mode=file, dev=/dev/fd/{serial}
clock: sync=none
log: {folder}/log
panic: action=fatal
error: action=ignore
info: action=ignore
"""


def find_reason(processor):
    """Why the test is not run, None where it is."""
    with open('/proc/cpuinfo', encoding='utf-8') as file:
        if OWN_FLAGS[processor] in file.read().split():
            return 'this computer has these instructions itself'
    if not shutil.which('bochs'):
        return 'the emulator bochs is not installed'
    if not os.access(KERNEL, os.R_OK):
        return f'there is no kernel {KERNEL} for the emulated PC'
    return None


def unpack(payload):
    """A kernel's payload, which ends with its size when unpacked."""
    (size,) = struct.unpack('<I', payload[-4:])
    out = ctypes.create_string_buffer(size)
    zstd = ctypes.CDLL('libzstd.so.1').ZSTD_decompress
    zstd.restype = ctypes.c_size_t
    zstd.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t
    if zstd(out, size, payload, len(payload) - 4) != size:
        sys.exit(f'{KERNEL} is not packed by zstd')
    return out.raw


def read_kernel():
    """The kernel's header, and its segments as they lie in memory, their address, and its entry."""
    with open(KERNEL, 'rb') as file:
        image = file.read()
    header = image[0x1F1 : 0x202 + image[0x201]]
    at, length = struct.unpack_from('<II', image, 0x248)
    at += (image[0x1F1] + 1) * 512  # after the sectors of 16-bit code
    elf = unpack(image[at : at + length])
    entry, first = struct.unpack_from('<QQ', elf, 24)
    size, count = struct.unpack_from('<HH', elf, 54)
    segments = []
    for i in range(count):
        kind, _, offset, _, address, n_bytes = struct.unpack_from('<IIQQQQ', elf, first + i * size)
        if kind == 1:
            segments.append((address, elf[offset : offset + n_bytes]))
    start = min(address for address, _ in segments)
    memory = bytearray(max(address + len(data) for address, data in segments) - start)
    for address, data in segments:
        memory[address - start : address - start + len(data)] = data
    return header, memory, start, entry


def make_rom(entry):
    """Where the processor begins, in 16 bits: goes on to 64, in which Linux is entered. Bochs reads
    a file into memory as a whole but gives memory to the PC in pieces of a mebibyte, in the order
    in which they are first looked at: so that comes before all else."""
    begin = b''.join([
        b'\xfa',  # cli
        b'\x66\xb8' + struct.pack('<I', 0x20) + b'\x0f\x22\xe0',  # cr4 = PAE
        b'\x66\xb8' + struct.pack('<I', PAGE_TABLES) + b'\x0f\x22\xd8',  # cr3
        b'\x66\xb9' + struct.pack('<I', 0xC0000080),  # EFER = LME
        b'\x66\xb8' + struct.pack('<I', 0x100) + b'\x66\x31\xd2\x0f\x30',
        b'\x2e\x66\x0f\x01\x16\xe0\x00',  # lgdt cs:0xe0
        b'\x66\xb8' + struct.pack('<I', 0x80000011) + b'\x0f\x22\xc0',  # cr0 = PG | ET | PE
        b'\x66\xea' + struct.pack('<IH', 0xFFFF0080, 0x10),  # ljmp to long, in 64 bits
    ])
    long = b''.join([
        b'\xb8\x18\0\0\0\x8e\xd8\x8e\xc0\x8e\xd0',  # ds = es = ss = 0x18
        b'\x31\xc0',  # eax = 0
        b'\x8a\x18\x05' + struct.pack('<I', 1 << 20),  # bl = [rax], eax += 1 MiB
        b'\x3d' + struct.pack('<I', MEMORY_MIB << 20) + b'\x72\xf2',  # while below the end
        b'\xbe' + struct.pack('<I', BOOT_PARAMETERS),  # esi
        b'\xb8' + struct.pack('<I', entry) + b'\xff\xe0',  # jmp *rax
    ])
    rom = bytearray(65536)
    rom[: len(begin)] = begin
    rom[0x80 : 0x80 + len(long)] = long
    rom[0xE0:0xE6] = struct.pack('<HI', 31, 0xFFFF0100)
    rom[0x100:0x120] = struct.pack('<QQQQ', 0, 0, 0x00AF9A000000FFFF, 0x00CF92000000FFFF)
    rom[0xFFF0:0xFFF3] = b'\xe9' + struct.pack('<h', 0xD)  # jmp to begin
    return rom


def make_memory(header, kernel, address, files, words):
    """What is in memory when the PC starts: what Linux wants to be told, its command line, page
    tables that give four gigabytes their own addresses, the file system, and Linux."""
    assert FILES + len(files) <= address
    memory = bytearray(address) + kernel
    memory[FILES : FILES + len(files)] = files
    at = BOOT_PARAMETERS
    memory[at + 0x1F1 : at + 0x1F1 + len(header)] = header
    memory[at + 0x210] = 0xFF  # a loader that has no number
    struct.pack_into('<II', memory, at + 0x218, FILES, len(files))
    struct.pack_into('<I', memory, at + 0x228, KERNEL_COMMAND)
    memory[at + 0x1E8] = 2  # stretches of memory: address, bytes, usable
    struct.pack_into('<QQIQQI', memory, at + 0x2D0, 0, 0x9F000, 1, 1 << 20, MEMORY_MIB - 1 << 20, 1)
    command = KERNEL_ARGUMENTS + ' -- ' + ' '.join(f'"{word}"' for word in words)
    memory[KERNEL_COMMAND : KERNEL_COMMAND + len(command)] = command.encode()
    struct.pack_into('<Q', memory, PAGE_TABLES, PAGE_TABLES + 0x1000 | 3)
    struct.pack_into('<4Q', memory, PAGE_TABLES + 0x1000, *(i << 30 | 0x83 for i in range(4)))
    return memory


def make_file(name, mode, data=b'', device=(0, 0)):
    """One file of an archive as `cpio -H newc` makes it."""
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0)
    head = b'070701' + b''.join(b'%08x' % field for field in fields) + name.encode() + b'\0'
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def make_files(init, program):
    """The file system: the console and two programs."""
    files = make_file('dev', 0o040755) + make_file('dev/console', 0o020600, device=(5, 1))
    for name, path in ('init', init), ('program', program):
        with open(path, 'rb') as file:
            files += make_file(name, 0o100755, file.read())
    return files + make_file('TRAILER!!!', 0)


def make_pc(folder, init, program, words):
    """Writes the contents of the PC's ROM and memory."""
    header, kernel, address, entry = read_kernel()
    memory = make_memory(header, kernel, address, make_files(init, program), words)
    for name, data in ('rom', make_rom(entry)), ('memory', memory):
        with open(os.path.join(folder, name), 'wb') as file:
            file.write(data)


def run(folder, processor):
    """Starts the PC, and gives the program's status, None if it did not come to its end."""
    reader, writer = os.pipe()
    configuration = os.path.join(folder, 'bochsrc')
    with open(configuration, 'w', encoding='ascii') as file:
        values = {'processor': processor, 'memory': MEMORY_MIB, 'folder': folder, 'serial': writer}
        file.write(BOCHSRC.format_map(values))
    bochs = subprocess.Popen(
        ['bochs', '-q', '-f', configuration],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={'PATH': os.environ['PATH'], 'TERM': 'dumb'},  # not meson's MALLOC_PERTURB_
        pass_fds=[writer],
    )
    os.close(writer)
    try:
        with open(reader, encoding='utf-8', errors='replace') as serial:
            for line in serial:
                line = line.strip()
                end = re.match(r'=== status (\d+)', line)
                if end:
                    return int(end[1])
                is_tap = re.match(r'1\.\.|(not )?ok |Bail out!|#', line)
                print(line if is_tap else f'# {line}', flush=True)
        return None
    finally:
        bochs.kill()
        bochs.wait()


def main():
    processor, init, program, *words = sys.argv[1:]
    reason = find_reason(processor)
    if reason:
        print(f'1..0 # SKIP {reason}')
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix='linnet-pc-') as folder:
        make_pc(folder, init, program, words)
        status = run(folder, processor)
        if status is None:
            print('Bail out! The emulated PC ended before the test did')
            with open(os.path.join(folder, 'log'), encoding='utf-8', errors='replace') as log:
                sys.stderr.writelines(log.readlines()[-20:])
    return 0 if status == 0 else 1


sys.exit(main())
