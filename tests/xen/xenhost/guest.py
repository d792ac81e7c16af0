# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the initramfs of the guests: busybox, netfront, the frame tool.

It is small, because every guest's start unpacks it."""

import os
import shutil
import subprocess
import tempfile

from harness import cpio, image, kernel

FILES = os.path.realpath(os.path.join(os.path.dirname(__file__), "../guest"))


def initramfs(release):
    archive = cpio.Archive()
    for directory in ("bin", "dev", "proc", "sys", "tmp", "modules"):
        archive.directory(directory)
    archive.device("dev/console", 5, 1)
    archive.device("dev/null", 1, 3, 0o666)
    archive.file("bin/busybox", image.busybox())
    archive.file("bin/frame", _frame())
    archive.file("init", os.path.join(FILES, "init"))
    files = kernel.module_files(release, ("xen_netfront",))
    for path in files:
        archive.file("modules/" + os.path.basename(path), path)
    archive.data("modules/order",
                 "".join(os.path.basename(p) + "\n" for p in files))
    data = archive.bytes()
    return kernel.cached("guest-%s-%s" % (release, kernel.checksum(data)),
                         data)


def _frame():
    """The frame tool, compiled once for each version of its source."""
    source = os.path.join(FILES, "frame.c")
    with open(source, "rb") as f:
        path = os.path.join(kernel.cache_dir(),
                            "frame-" + kernel.checksum(f.read()))
    if os.path.exists(path):
        return path
    compiler = os.environ.get("CC", "gcc").split()
    if not shutil.which(compiler[0]):
        raise kernel.KernelError("there is no %s to build %s with"
                                 % (compiler[0], source))
    with tempfile.TemporaryDirectory(dir=kernel.cache_dir()) as scratch:
        program = os.path.join(scratch, "frame")
        subprocess.run(compiler + ["-static", "-Os", "-s", "-Wall", "-Wextra",
                                   "-o", program, source], check=True)
        os.rename(program, path)
    return path
