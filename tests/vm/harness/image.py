# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the initramfs that brings a machine to its full root.

It holds busybox, the modules that the host's directories are reached with,
guest/init and a small /etc; everything else comes from the host's /usr.
"""

import os
import shutil

from . import cpio, kernel

GUEST = os.path.realpath(os.path.join(os.path.dirname(__file__), "../guest"))

# What the initramfs needs to reach the host's /usr.
BOOT_MODULES = ("virtio_pci", "virtio_console", "9pnet_virtio", "9p",
                "overlay")

ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
       "ethertypes", "protocols", "services", "iproute2", "debian_version",
       "os-release", "python3", "python3.11", "bash.bashrc", "localtime")

FILES = {
    "passwd": "root:x:0:0:root:/root:/bin/bash\n"
              "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
    "group": "root:x:0:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "hostname": "cordon\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n"
                     "protocols: files\nservices: files\nethers: files\n",
    # These make a device each when they load themselves.
    "modprobe.d/cordon.conf": "options dummy numdummies=0\n"
                              "options ifb numifbs=0\n",
}


def initramfs(name, more_etc=()):
    """Path of the initramfs for kernel 'name' (a directory: for one that has
    everything built in), from the cache if there.

    'more_etc' names entries of /etc that the caller needs beside ETC."""
    archive = cpio.Archive()
    for directory in ("bin", "dev", "proc", "root", "modules"):
        archive.directory(directory)
    archive.device("dev/console", 5, 1)
    archive.device("dev/null", 1, 3, 0o666)
    archive.file("bin/busybox", busybox())
    archive.file("init", os.path.join(GUEST, "init"))
    built_in = os.path.isdir(name)
    files = [] if built_in else kernel.module_files(name, BOOT_MODULES)
    for path in files:
        archive.file("modules/" + os.path.basename(path), path)
    archive.data("modules/order",
                 "".join(os.path.basename(p) + "\n" for p in files))
    _etc(archive, ETC + tuple(more_etc))
    data = archive.bytes()
    return kernel.cached("initramfs-%s-%s" % (
        "built-in" if built_in else name, kernel.checksum(data)), data)


def busybox():
    path = shutil.which("busybox", path="/bin:/usr/bin")
    if not path:
        raise kernel.KernelError("there is no busybox; "
                                 "install busybox-static")
    return path


def _etc(archive, entries):
    for entry in entries:
        if os.path.lexists("/etc/" + entry):
            archive.tree("etc/" + entry, "/etc/" + entry)
    for path, text in FILES.items():
        archive.data("etc/" + path, text)
