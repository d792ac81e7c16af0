# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests that run in dom0 of the Xen test host."""

import os
import sys

import pytest

HERE = os.path.dirname(__file__)
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "../vm/lib")]

import dom0   # noqa: E402


@pytest.fixture(scope="session")
def uplink():
    link = dom0.Uplink()
    yield link
    link.close()
