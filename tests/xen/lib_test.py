# SPDX-License-Identifier: GPL-3.0-or-later
"""The test host itself: guests on Xen's own bridge script, without cordon."""

import pytest

import dom0
import netns
from console import ConsoleError
from guest import Guest, XlError, create, destroy
from shell import CommandError, sh, until

ECHO = "88b5"   # EtherType for local experiments


@pytest.fixture(scope="module")
def pair(uplink):
    dom0.bridge("xenbr0", uplink.name)
    guests = [Guest("one", mac="00:16:3e:00:00:01", bridge="xenbr0",
                    script="vif-bridge",
                    ips=["10.0.0.11/24", "fd00:a::11/64"]),
              Guest("two", mac="00:16:3e:00:00:02", bridge="xenbr0",
                    script="vif-bridge",
                    ips=["10.0.0.12/24", "fd00:a::12/64"])]
    create(*guests)
    yield guests
    destroy(*guests)
    for guest in guests:
        assert netns.link_info(guest.vif()) is None


def test_guests_ping_each_other(pair):
    one, two = pair
    assert one.ping("10.0.0.12") and two.ping("10.0.0.11")
    assert one.ping("fd00:a::12")
    assert not one.ping("10.0.0.13", wait=1)


def test_vif_is_netback(pair):
    one, _ = pair
    info = netns.link_info(one.vif())
    assert info["address"] == "fe:ff:ff:ff:ff:ff"
    assert info["master"] == "xenbr0"
    assert info["parentbus"] == "xen-backend"
    assert one.backend("mac") == one.mac
    assert one.backend("hotplug-status") == "connected"
    assert one.backend("nonesuch") is None


def test_command_fails(pair):
    one, _ = pair
    assert one.try_run("echo a; exit 5") == (5, "a\n")
    with pytest.raises(CommandError, match="exit 1"):
        one.run("false")
    assert one.run("echo after") == "after\n"


def test_silent_guest_is_told(pair):
    _, two = pair
    with pytest.raises(ConsoleError, match="no answer within 1 s"):
        two.run("sleep 3", timeout=1)
    assert two.run("echo again") == "again\n"


def test_frames_are_exact(pair, uplink):
    one, two = pair
    plain = "00163e00000200163e000001" + ECHO + "01" * 46
    large = "00163e00000200163e000001" + ECHO + "02" * 1500
    tagged = "00163e00000200163e000001" + "81000064" + ECHO + "03" * 46
    two.capture_start()
    assert one.send_frames(plain, large, bytes.fromhex(tagged))
    assert not one.send_frames("00")
    # Queues on the way are fair to flows, so the order may change.
    sent = sorted((plain, large, tagged))

    def ours():
        return sorted(f.hex() for f in two.captured()
                      if ECHO in f.hex()[24:40])

    until(lambda: len(ours()) >= len(sent), "all arrive")
    assert ours() == sent
    two.capture_stop()


def test_uplink_is_a_trunk(pair, uplink):
    one, _ = pair
    out = "ffffffffffff00163e000001" + "8100000a" + ECHO + "04" * 46
    uplink.wire.clear()
    one.send_frames(out)
    uplink.wire.expect(out)
    one.capture_start()
    back = "00163e00000102000000000181000014" + ECHO + "05" * 46
    uplink.wire.send(back)
    until(lambda: bytes.fromhex(back) in one.captured(), "it arrives")
    one.capture_stop()


def test_host_on_a_vlan(uplink):
    there = uplink.host(30, "10.30.0.1/24")
    for vlan, address in ((30, "10.30.0.2/24"), (31, "10.31.0.2/24")):
        sh("ip link add link %s name up.%d type vlan id %d"
           % (uplink.name, vlan, vlan))
        sh("ip link set dev up.%d up" % vlan)
        netns.addresses("up.%d" % vlan, address)
    there.run("busybox ping -c1 -W5 10.30.0.2")
    there.run("ip addr add 10.31.0.1/24 dev eth0")
    code, _ = sh("busybox ping -c1 -W1 10.31.0.2", ns=there, check=False)
    assert code == 1
    for vlan in (30, 31):
        netns.delete_link("up.%d" % vlan)
    there.delete()


def test_refused_guest(pair):
    """A hotplug script that fails is told by xl, and nothing is left."""
    bad = Guest("bad", bridge="nosuchbridge", script="vif-bridge")
    with pytest.raises(XlError, match="nosuchbridge|hotplug|script"):
        bad.start()
    assert not bad.exists()
