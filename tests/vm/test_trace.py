# SPDX-License-Identifier: GPL-3.0-or-later
"""The auditor's reading of nftables against nft's own, and `cordon trace`
against what the kernel does."""

import json
import pathlib
import re
import subprocess

from shell import sh

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE.parent / "corpus"
TOOL = "ruleset_tool"

RULES = """
table bridge b {
  map vm {
    type iface_index . ether_addr : verdict
    elements = { 1 . 02:00:00:00:00:0a : jump x }
  }
  set s4 {
    type ipv4_addr
    flags interval
    elements = { 10.0.0.0/24, 10.1.0.1-10.1.0.9, 224.0.0.0/4 }
  }
  set c {
    type ipv4_addr . inet_service
    flags interval
    elements = { 10.0.0.0/24 . 80-90, 10.1.0.1 . 443 }
  }
  set d {
    type ipv4_addr
    flags dynamic,timeout
    timeout 1m
    size 100
  }
  chain x { return; }
  chain y { counter log prefix "x" drop; }
  chain f {
    type filter hook forward priority 0; policy drop;
    ip saddr @s4 counter accept comment "hello"
    ip saddr . tcp dport @c accept
    iif . ether saddr vmap @vm
    ip6 saddr fd00::/64 tcp flags & (syn|ack) == syn accept
    vlan id 5 accept
    udp dport 1000-2000 goto y
    udp dport != 1000-2000 drop
    add @d { ip saddr limit rate 5/second } accept
    ct state established,related accept
    hbh nexthdr 6 drop
    meta mark set meta mark & 0xffff | 0x10000
    ether type arp arp operation { 1, 2 } accept
    limit rate 10/second burst 5 packets accept
    tcp option maxseg size 500 accept
    meta l4proto { tcp, udp } th dport { 53, 80-100 } accept
    ip daddr & 0.0.0.255 == 255 drop
    numgen inc mod 2 == 1 drop
  }
}
table inet f {
  quota q { over 5 bytes; }
  chain i {
    type filter hook input priority 0; policy accept;
    quota name "q" drop
    queue num 1
  }
}
"""
# Only the names of these are compared.
BY_NAME = {"counter", "log", "limit", "dynset", "numgen", "exthdr", "quota",
           "queue", "objref", "connlimit", "byteorder", "reject", "last"}


def expression(line):
    words = line.strip()[2:-2].split()
    return words[0] if words[0] in BY_NAME else " ".join(words)


def bytecode(text):
    """{(family, table, chain, handle): [expression]}."""
    rules, current = {}, None
    for line in text.splitlines():
        head = re.match(r"^(\w+) (\S+) (\S+) (\d+)(?: \d+)?\s*$", line)
        if head and head.group(1) in ("bridge", "netdev", "inet", "ip", "ip6",
                                      "arp"):
            current = rules.setdefault(head.groups(), [])
        elif line.startswith("  [ ") and current is not None:
            current.append(expression(line))
        elif not line.strip():
            current = None
    return rules


def compare(tmp_path):
    """Rules that nft and the auditor agree on; no other are there."""
    snapshot = str(tmp_path / "snapshot.json")
    sh(["cordon", "snapshot", snapshot], check=False)
    wanted = bytecode(sh("nft --debug=netlink list ruleset"))
    found = bytecode(sh([TOOL, snapshot]))
    assert wanted
    assert found == wanted
    return wanted


def test_bytecode_of_all_kinds(tmp_path):
    """What the auditor decodes is what nft prints."""
    subprocess.run(["nft", "-f", "-"], input=RULES, text=True, check=True)
    try:
        wanted = compare(tmp_path)
        assert len(wanted) > 20
        assert not any(e.startswith("unknown") for r in wanted.values()
                       for e in r)
    finally:
        sh("nft flush ruleset")


def traced(*words):
    done = subprocess.run(["python3", str(CORPUS / "traced"), *words],
                          check=False, capture_output=True, text=True,
                          timeout=900)
    print(done.stdout[-4000:], done.stderr[-2000:])
    return done.returncode


def test_corpus_and_random_frames_from_a_guest():
    """`cordon trace` says of each frame who gets it, and that is so."""
    assert not traced("--count", "300",
                      str(CORPUS / "port-security.jsonl"),
                      str(CORPUS / "more.jsonl"))


def test_words_and_errors(tmp_path):
    """Frames in few words; a device that is not there."""
    snapshot = str(tmp_path / "snapshot.json")
    sh(["cordon", "snapshot", snapshot], check=False)
    code, text = sh(["cordon", "--json", "trace", "--snapshot", snapshot,
                     "--source-mac", "02:00:00:00:00:0a",
                     "--destination-mac", "02:00:00:00:00:0c", "lo",
                     "tcp 10.0.0.11:1000 > 10.0.0.12:80"], check=False)
    assert code == 1
    assert json.loads(text)["result"] == "dropped"
    assert sh(["cordon", "trace", "--snapshot", snapshot, "no-such-device",
               "ff" * 60], check=False)[0] == 2
    assert sh(["cordon", "trace", "--snapshot", snapshot, "lo", "zz"],
              check=False)[0] == 2
