# SPDX-License-Identifier: GPL-3.0-or-later
"""cordon audit on hosts that differ in their guard, nftables or the kernel
module, and in their networks, each tenant's own or one that all share.
"""

import json
import os
import signal
import socket
import subprocess

import pytest

import bed as bed_
import product
from model import cast

GUARD = {"nft": "nftables", "module": "module"}


class Host:
    def __init__(self, dataplane, kind):
        self.guard = GUARD[dataplane]
        self.kind = kind
        self.product = product.make(dataplane)
        self.product.start(self.product.policy(**({kind: True} if kind
                                                  else {})))

    def audit(self, *words):
        done = subprocess.run(["cordon", "audit", "--json", *words],
                              text=True, capture_output=True, check=False)
        report = json.loads(done.stdout)
        assert done.returncode == {"isolated": 0, "leak": 1,
                                   "not proven": 2}[report["verdict"]]
        return report

    def audited(self):
        return self.audit("--policy", self.product.path)


@pytest.fixture(scope="module")
def bed():
    return bed_.Bed()


# "declared": an extra pair and a virtual router.
@pytest.fixture(scope="module", params=[
    ("nft", ""), ("nft", "declared"), ("nft", "shared"), ("module", "shared"),
    ("module", "declared"), ("module", "")],
    ids=lambda p: ", ".join(filter(None, p)))
def host(bed, request):     # pylint: disable=unused-argument
    made = Host(*request.param)
    yield made
    made.product.stop()


def leaks(report):
    return {(p["from"], p["to"]) for p in report["pairs"]
            if p["verdict"] == "leak"}


def test_isolated(host):
    report = host.audited()
    assert report["verdict"] == "isolated", report["findings"]
    assert report["pairs"] == []
    assert [p["guard"] for p in report["ports"]] == 3 * [host.guard]


def test_who_talks_is_not_isolated(host):
    """A and P may talk, A and B may not: so the audit says if they are said
    to be tenants of their own."""
    report = host.audit("--tenant", "one=vifA", "--tenant", "two=vifP",
                        "--tenant", "three=vifB")
    assert leaks(report) == {("one", "two"), ("two", "one")}
    assert [f for f in report["findings"] if f["what"] == "tenants-joined"
            and f["severity"] == "leak" and f["frame"]]


def test_table_that_allows_too_much(host):
    """The module's: one address more than the policy has."""
    if host.guard != "module" or host.kind:
        pytest.skip("of the module in a network of one tenant")
    import guard    # pylint: disable=import-outside-toplevel
    index = socket.if_nametoindex("vifA")
    addresses = list(cast.ADDRESSES["A"])
    os.kill(host.product.daemon.pid, signal.SIGSTOP)
    try:
        with guard.Guard() as g:
            for more, what in (([], []), (["10.0.0.99"], ["module-table"])):
                g.guest(index, cast.VLAN_A, product.mac_text(cast.MAC_A),
                        addresses + more)
                report = host.audited()
                assert [f["what"] for f in report["findings"]
                        if f["severity"] == "not proven"] == what, report
                assert (report["verdict"] == "isolated") == (not more)
    finally:
        os.kill(host.product.daemon.pid, signal.SIGCONT)
