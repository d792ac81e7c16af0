# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests that run inside a test VM."""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "lib"), str(HERE.parent),
                str(HERE.parent / "corpus")]

import netns   # noqa: E402


@pytest.fixture
def namespaces():
    """A function that makes namespaces; they go when the test ends."""
    made = []

    def make(*names):
        new = [netns.NetNS(name) for name in names]
        made.extend(new)
        return new[0] if len(new) == 1 else new

    yield make
    for ns in reversed(made):
        ns.delete()


@pytest.fixture
def lab(request):
    """A host with cordon and guests, lib/lab.py. It is made once and used by
    one test after the other, unless one fails or leaves it in disorder."""
    import lab as lab_
    failed = request.session.testsfailed
    yield lab_.take()
    lab_.give_back(intact=request.session.testsfailed == failed)


def pytest_runtest_logreport(report):
    """Tells of a failure at once: a machine may not live to the end."""
    if report.failed:
        print("\n%s" % report.longreprtext[-3000:], flush=True)
