# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's stock kernel: where it is, its modules, its unpacked image.

The image in /boot is compressed with xz, which an emulated processor takes
seconds to unpack.  unpacked() does that once on this machine and keeps the
ELF image in the cache by the checksum of the original; QEMU enters it
through its PVH note, Xen loads it as it is.
"""

import glob
import hashlib
import lzma
import os
import re
import struct
import tempfile


class KernelError(Exception):
    pass


def cache_dir():
    """The directory for what can be made again; it is made if missing."""
    base = os.environ.get("CORDON_CACHE")
    if not base:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser(
            "~/.cache")
        base = os.path.join(home, "cordon")
    os.makedirs(base, exist_ok=True)
    return base


def cached(name, contents):
    """Write 'contents' to the cache under 'name' unless it is there."""
    path = os.path.join(cache_dir(), name)
    if not os.path.exists(path):
        fd, temporary = tempfile.mkstemp(dir=cache_dir())
        with os.fdopen(fd, "wb") as f:
            f.write(contents)
        os.rename(temporary, path)
    return path


def checksum(data):
    return hashlib.sha256(data).hexdigest()[:20]


def release():
    """The newest installed kernel release that has image and modules, of
    those that CORDON_KERNEL names, a pattern of the shell."""
    pattern = os.environ.get("CORDON_KERNEL") or "6.1.*-amd64"
    found = []
    for image in glob.glob("/boot/vmlinuz-" + pattern):
        name = image[len("/boot/vmlinuz-"):]
        if os.path.exists(modules_dir(name) + "/modules.dep"):
            found.append(name)
    if not found:
        raise KernelError("no Debian kernel %s with modules under /boot; "
                          "install linux-image-amd64" % pattern)
    return max(found, key=lambda n: [int(x) for x in re.findall(r"\d+", n)])


def modules_dir(name):
    return "/lib/modules/" + name


def unpacked(name):
    """Path of the kernel's ELF image, unpacked once into the cache."""
    with open("/boot/vmlinuz-" + name, "rb") as f:
        image = f.read()
    target = os.path.join(cache_dir(),
                          "vmlinux-%s-%s" % (name, checksum(image)))
    if os.path.exists(target):
        return target
    # Documentation/arch/x86/boot.rst: setup_sects, payload_offset/_length.
    sectors = image[0x1f1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (sectors + 1) * 512 + offset
    payload = image[start:start + length]
    if payload[:6] != b"\xfd7zXZ\0":
        raise KernelError("/boot/vmlinuz-%s is not packed with xz" % name)
    elf = lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(payload)
    if elf[:4] != b"\x7fELF":
        raise KernelError("/boot/vmlinuz-%s holds no ELF image" % name)
    return cached(os.path.basename(target), elf)


def image(name):
    """Path of the ELF image of kernel 'name', or of the image in directory
    'name'; with KASAN it cannot be entered through its PVH note."""
    if os.path.isdir(name):
        return os.path.join(name, "arch/x86/boot/bzImage")
    return unpacked(name)


def module_files(name, wanted):
    """The files of modules 'wanted', each after those it depends on."""
    top = modules_dir(name)
    needs, where = {}, {}
    with open(top + "/modules.dep") as f:
        for line in f:
            path, _, rest = line.partition(":")
            key = _module_name(path)
            where[key] = os.path.join(top, path)
            needs[key] = [_module_name(p) for p in rest.split()]
    with open(top + "/modules.builtin") as f:
        builtin = {_module_name(line.strip()) for line in f}
    order = []

    def visit(module):
        if module in builtin:
            return
        if module not in where:
            raise KernelError("kernel %s has no module %s" % (name, module))
        for other in needs[module]:
            visit(other)
        if where[module] not in order:
            order.append(where[module])

    for module in wanted:
        visit(module.replace("-", "_"))
    return order


def _module_name(path):
    return os.path.basename(path).split(".ko")[0].replace("-", "_")
