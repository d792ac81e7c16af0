# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests that run inside a test VM."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))

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
