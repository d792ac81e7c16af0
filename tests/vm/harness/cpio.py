# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a cpio archive of the "newc" kind, as the kernel unpacks it.

An Archive is filled path by path and then turned into bytes.  Nothing is
read from the machine but the files named by the caller, owners are root and
times are zero, so that equal contents give equal bytes and can be cached.
"""

import os
import stat


class Archive:
    def __init__(self):
        self._entries = {}

    def directory(self, path, mode=0o755):
        self._add(path, stat.S_IFDIR | mode, b"")

    def symlink(self, path, target):
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def data(self, path, contents, mode=0o644):
        if isinstance(contents, str):
            contents = contents.encode()
        self._add(path, stat.S_IFREG | mode, contents)

    def device(self, path, major, minor, mode=0o600):
        self._add(path, stat.S_IFCHR | mode, b"", (major, minor))

    def file(self, path, source):
        """Add the file 'source' of this machine with its mode."""
        mode = stat.S_IMODE(os.stat(source).st_mode)
        with open(source, "rb") as f:
            self.data(path, f.read(), mode)

    def tree(self, path, source):
        """Add 'source' and what is below it; links stay links."""
        if os.path.islink(source):
            self.symlink(path, os.readlink(source))
        elif os.path.isdir(source):
            self.directory(path)
            for name in sorted(os.listdir(source)):
                self.tree(path + "/" + name, os.path.join(source, name))
        elif os.path.isfile(source) and os.access(source, os.R_OK):
            self.file(path, source)

    def bytes(self):
        out = []
        for number, (path, entry) in enumerate(self._entries.items(), 1):
            out.append(_record(number, path, *entry))
        out.append(_record(0, "TRAILER!!!", 0, b"", (0, 0)))
        return b"".join(out)

    def _add(self, path, mode, contents, device=(0, 0)):
        path = path.strip("/")
        parent = os.path.dirname(path)
        if parent and parent not in self._entries:
            self.directory(parent)
        self._entries[path] = (mode, contents, device)


def _record(number, path, mode, contents, device):
    name = path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    head = b"070701" + b"".join(
        b"%08X" % field
        for field in (number, mode, 0, 0, links, 0, len(contents), 0, 0,
                      device[0], device[1], len(name), 0))
    return _pad(head + name) + _pad(contents)


def _pad(data):
    return data + bytes(-len(data) % 4)
