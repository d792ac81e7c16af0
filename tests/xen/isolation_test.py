# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's claims as tests, and harder ones, on one host: claims.py."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from bed import Bed   # noqa: E402
import claims   # noqa: E402


@pytest.fixture(scope="module")
def bed():
    host = Bed()
    host.build()
    host.create_guests()
    yield host
    assert host.agent.stop() == 0


@pytest.mark.parametrize("claim", [
    pytest.param(c, id="%03d-%s" % (i, c.text.replace(" ", "-")))
    for i, c in enumerate(claims.claims(hard=True), 1)])
def test_claim(bed, claim):
    assert claim.seen(bed) == claim.expected
