# SPDX-License-Identifier: GPL-3.0-or-later
"""Gathers what a test VM gets: a directory that becomes its /cordon.

Everything is copied, so that an edit or a build on the host during the run
changes nothing in it.  The files with a leading dot are for guest/start.
"""

import os
import shutil

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "../../.."))
PROGRAMS = ("cordond", "cordon")

_SKIP = shutil.ignore_patterns("__pycache__", ".pytest_cache", "*.pyc", "*.o",
                               "*.lo", "*.la", ".libs", ".deps", ".dirstamp",
                               "*.log", "*.trs")

# Not handed on by --pass-env: they name things of the host.
_HOST_ENVIRONMENT = {"PATH", "HOME", "PWD", "OLDPWD", "SHLVL", "_", "USER",
                     "LOGNAME", "SHELL", "TMPDIR", "TERM", "LANG", "MAIL",
                     "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "CORDON_BUILD",
                     "CORDON_CACHE", "DBUS_SESSION_BUS_ADDRESS"}


class StageError(Exception):
    pass


def build_dir():
    return os.path.realpath(os.environ.get("CORDON_BUILD") or TOP)


def host_environment():
    return ["%s=%s" % item for item in os.environ.items()
            if item[0] not in _HOST_ENVIRONMENT
            and not item[0].startswith(("LD_", "LC_", "PYTHON"))]


def fill(top, command, modules=(), environment=(), added=()):
    """Fill the empty directory 'top'.

    'added' is a list of "PATH" or "PATH:DEST"; DEST is relative to
    /cordon, and by default the last part of PATH."""
    for name in ("tests", "scripts", "include"):
        source = os.path.join(TOP, name)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(top, name), symlinks=True,
                            ignore=_SKIP)
    _programs(top)
    for spec in added:
        _add(top, spec)
    _write(top, ".modules", "".join(m + "\n" for m in modules))
    _write(top, ".environment", "".join(e + "\0" for e in environment))
    _write(top, ".command", "".join(c + "\0" for c in command))


def add_start(top, script):
    shutil.copyfile(script, os.path.join(top, ".start"))
    os.chmod(os.path.join(top, ".start"), 0o755)


def _programs(top):
    target = os.path.join(top, "bin")
    os.makedirs(target)
    for name in PROGRAMS:
        source = _program(name)
        if source:
            shutil.copy(source, os.path.join(target, name))
    for name in ("vif-cordon", "cordon-service"):
        shutil.copy(os.path.join(TOP, "scripts", name), target)
        os.chmod(os.path.join(target, name), 0o755)
    module = os.path.join(build_dir(), "kmod", "cordon.ko")
    if os.path.isfile(module):
        shutil.copy(module, os.path.join(top, "cordon.ko"))


def _program(name):
    """A built program; not libtool's wrapper, which runs only in place."""
    for folder in ("", "src/agent", "src/cli", "tests/unit"):
        path = os.path.join(build_dir(), folder, name)
        real = os.path.join(build_dir(), folder, ".libs", name)
        if os.path.isfile(real):
            return real
        if os.path.isfile(path):
            return path
    return None


def _add(top, spec):
    source, _, target = spec.partition(":")
    if not os.path.exists(source):
        raise StageError("--add %s: there is no such file" % source)
    target = target or os.path.basename(os.path.realpath(source))
    path = os.path.normpath(os.path.join(top, target.lstrip("/")))
    if not path.startswith(top + "/"):
        raise StageError("--add %s: the place is outside /cordon" % spec)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.isdir(source):
        shutil.copytree(source, path, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy(source, path)


def _write(top, name, text):
    with open(os.path.join(top, name), "w") as f:
        f.write(text)
