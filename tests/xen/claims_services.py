# SPDX-License-Identifier: GPL-3.0-or-later
"""Claims: services on the host, equal ones of two tenants, with dnsmasq and an
HTTP server in the namespaces that cordon-service makes.
"""

import json
import os
import re

from bed import CONTROL
from claim import claim
from daemon import Daemon
from edit import apply, policy
from shell import sh, until

METADATA = "169.254.169.254"
SERVICE = """        services:
          infra:
            mac: "00:16:3e:00:00:fd"
            addresses: [10.0.0.2, %s]
            allow:
              - { protocol: udp, ports: [53] }
              - { protocol: tcp, ports: [80] }
            dhcp: true
            device: svc-%%s
""" % METADATA
NAME = {"acme": "acme/web:infra", "globex": "globex/app:infra"}
# What a client of busybox' says when it has a lease.
SCRIPT = """#!/bin/sh
[ "$1" != bound ] || echo "LEASE $ip $domain"
"""


def _with_services(bed):
    """A service for each tenant's network."""
    text = policy(bed)
    for tenant, name in NAME.items():
        network = name.partition("/")[2].partition(":")[0]
        text = re.sub(r"(\n  %s:\n    networks:\n      %s:\n)" % (
            tenant, network), r"\g<1>" + SERVICE % tenant, text)
    return text


def _service(word, tenant):
    return sh(["env", "CORDON_CONTROL=" + CONTROL, "cordon-service", word,
               NAME[tenant]])


def _serve(bed, tenant):
    """Makes the namespace and starts the servers in it."""
    _service("up", tenant)
    ns = "cordon-" + NAME[tenant].replace("/", ":")
    folder = "/tmp/www-" + tenant
    os.makedirs(folder, exist_ok=True)
    with open(folder + "/index.html", "w", encoding="ascii") as f:
        f.write("I am " + tenant)
    hosts = ["--dhcp-host=%s,%s" % (g.mac, g.ipv4) for g in bed.guests
             if g.tenant == tenant]
    names = Daemon("dnsmasq-" + tenant, [
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null",
        "--user=root", "--log-facility=-", "--pid-file=", "--interface=eth0",
        "--no-hosts", "--no-resolv", "--no-ping", "--domain=" + tenant,
        "--address=/who.test/%s" % _answer(tenant),
        "--dhcp-leasefile=/tmp/leases-" + tenant,
        "--dhcp-range=10.0.0.0,static,255.255.255.0", *hosts], ns=ns)
    pages = Daemon("httpd-" + tenant, ["busybox", "httpd", "-f", "-p", "80",
                                       "-h", folder], ns=ns)
    bed.once["servers of " + tenant] = [names.start(), pages.start()]
    names.wait_log("started, version")


def _end(bed, tenant):
    for server in bed.once.pop("servers of " + tenant):
        server.stop()
    _service("down", tenant)


def _answer(tenant):
    """What the tenant's name server has as an address of who.test."""
    return {"acme": "203.0.113.1", "globex": "203.0.113.2"}[tenant]


def _lease(guest):
    guest.run("printf '%s' > /tmp/lease; chmod 755 /tmp/lease"
              % SCRIPT.replace("%", "%%").replace("\n", "\\n"))
    _, text = guest.try_run("udhcpc -i eth0 -f -q -n -t 3 -T 2 "
                            "-s /tmp/lease 2>&1")
    found = re.search(r"LEASE (\S+) (\S+)", text)
    return "%s of %s" % found.groups() if found else "no answer"


def _who(guest):
    _, text = guest.try_run("nslookup who.test 10.0.0.2 2>&1")
    return next((t for t in NAME if _answer(t) in text), "no answer")


def _page(guest, address, port=80):
    """What an HTTP server says that it is."""
    _, text = guest.try_run("printf 'GET /index.html HTTP/1.0\\r\\n\\r\\n' | "
                            "nc -w 5 %s %d 2>&1" % (address, port))
    found = re.search("I am .*", text)
    return found[0].strip() if found else "no answer"


def _metadata(guest):
    guest.try_run("ip route add %s dev eth0" % METADATA)
    return _page(guest, METADATA)


@claim("each tenant's network has a service 10.0.0.2 on this host; web1, app1 "
       "get by DHCP", "10.0.0.11 of acme, 10.0.0.11 of globex",
       says="Services on the host, in namespaces of their own:")
def _(bed):
    apply(bed, _with_services(bed))
    for tenant in NAME:
        _serve(bed, tenant)
    return "%s, %s" % (_lease(bed.web1), _lease(bed.app1))


@claim("who.test has, for web1, app1, the address that says", "acme, globex")
def _(bed):
    return "%s, %s" % (_who(bed.web1), _who(bed.app1))


@claim("at %s web1, app1 read" % METADATA, "I am acme, I am globex")
def _(bed):
    return "%s, %s" % (_metadata(bed.web1), _metadata(bed.app1))


@claim("on TCP ports 80, 8080, which is not allowed, web1 reaches its service",
       "I am acme, no answer; counted: group-ingress")
def _(bed):
    with Daemon("other", ["busybox", "httpd", "-f", "-p", "8080", "-h",
                          "/tmp/www-acme"],
                ns="cordon-" + NAME["acme"].replace("/", ":")):
        pages = [_page(bed.web1, "10.0.0.2", port) for port in (80, 8080)]
    reason = "group-ingress"
    return "%s, %s; counted: %s" % (
        *pages, reason if bed.drops("svc-acme").get(reason) else "nothing")


@claim("dom0 has an address or a route of a tenant's; reaches 10.0.0.2",
       "no; no answer")
def _(_bed):
    found = [a["local"] for link in json.loads(sh("ip -j addr"))
             for a in link["addr_info"] if a["local"].startswith("10.")
             or a["local"].startswith("169.254.")]
    found += [r["dst"] for r in json.loads(sh("ip -j route show table all"))
              if r["dst"].startswith(("10.", "169.254."))]
    code, _ = sh("ping -c 1 -W 2 10.0.0.2", check=False)
    return "%s; %s" % (found or "no", "no answer" if code else "answer")


@claim("without globex' service, app2, web2 get by DHCP; who.test says",
       "no answer, 10.0.0.12 of acme; no answer, acme")
def _(bed):
    _end(bed, "globex")
    return "%s, %s; %s, %s" % (_lease(bed.app2), _lease(bed.web2),
                               _who(bed.app2), _who(bed.web2))


@claim("acme's service goes, too; of them is left, web1 reaches web2",
       "nothing, answer")
def _(bed):
    _end(bed, "acme")
    apply(bed, policy(bed))
    until(lambda: not any(":" in p for p in bed.ports()), "no ports of theirs")
    links = [link["ifname"] for link in json.loads(sh("ip -j link"))
             if link["ifname"].startswith("svc-")]
    spaces = [n for n in os.listdir("/run/netns") if n.startswith("cordon-")]
    return "%s, %s" % (" ".join(links + spaces) or "nothing",
                       bed.ping(bed.web1, bed.web2.ipv4))
