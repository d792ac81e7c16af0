# SPDX-License-Identifier: GPL-3.0-or-later
"""Open vSwitch: its two daemons, and its own programs to look at them and to
be the foreign hand."""

import json
import os
import socket
import time

from daemon import Daemon
from shell import sh, until

RUN = "/run/openvswitch"
DATABASE = "/var/lib/openvswitch/conf.db"
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
DAEMON = "/usr/lib/openvswitch-switch/ovs-vswitchd"
SOCKET = RUN + "/db.sock"


class Vswitch:
    """ovsdb-server with an empty database, and ovs-vswitchd."""

    def __init__(self):
        sh("modprobe openvswitch", check=False)     # Or there is netdev alone.
        for folder in (RUN, os.path.dirname(DATABASE)):
            os.makedirs(folder, exist_ok=True)
        self.database = Daemon("ovsdb-server", [
            "ovsdb-server", DATABASE, "--remote=punix:" + SOCKET,
            "--pidfile=%s/ovsdb-server.pid" % RUN])
        self.switch = Daemon("ovs-vswitchd", [
            DAEMON, "unix:" + SOCKET, "--pidfile=%s/ovs-vswitchd.pid" % RUN])

    def start(self):
        if os.path.exists(DATABASE):
            os.unlink(DATABASE)
        sh(["ovsdb-tool", "create", DATABASE, SCHEMA])
        self.start_database()
        sh("ovs-vsctl --no-wait init")
        self.start_switch()
        return self

    def start_database(self):
        self.database.start()
        self.database.wait_ready(lambda: _answers(SOCKET), "listens")

    def start_switch(self):
        # In the first 10 s of a machine's life 3.1.0 counts no processors,
        # has no thread for frames that the kernel asks about, and does not
        # come right when it counts again.
        until(lambda: time.monotonic() > 11, "the machine is old enough")
        self.switch.start()
        self.switch.wait_ready(
            lambda: sh("ovs-appctl -t ovs-vswitchd version", check=False)[0]
            == 0, "answers")

    def stop(self):
        """The datapath goes with its daemon, and what is in it."""
        if self.switch.alive():
            sh("ovs-appctl -t ovs-vswitchd exit --cleanup", check=False)
            self.switch.process.wait(20)
        if self.database.alive():
            self.database.stop()

    def __enter__(self):
        return self.start() if not self.database.alive() else self

    def __exit__(self, *error):
        self.stop()

    @staticmethod
    def command(*words):
        """ovs-vsctl, until the switch has done it."""
        return sh(["ovs-vsctl", "--timeout=20", *words])

    @staticmethod
    def call(method, *arguments):
        """What ovs-appctl would print, without a process."""
        with open(RUN + "/ovs-vswitchd.pid", encoding="ascii") as f:
            path = "%s/ovs-vswitchd.%s.ctl" % (RUN, f.read().strip())
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(20)
            s.connect(path)
            s.sendall(json.dumps({"method": method, "params": arguments,
                                  "id": 1}).encode())
            data = b""
            while True:
                data += s.recv(1 << 20)
                try:
                    answer = json.loads(data)
                except ValueError:
                    continue
                if answer.get("error"):
                    raise OSError(answer["error"])
                return answer["result"]

    def add_flow(self, bridge, text):
        """And until the kernel does as it says."""
        sh(["ovs-ofctl", "-O", "OpenFlow14", "add-flow", bridge, text])
        self.call("revalidator/wait")

    def del_flows(self, bridge):
        sh(["ovs-ofctl", "-O", "OpenFlow14", "del-flows", bridge])
        self.call("revalidator/wait")


def _answers(path):
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.connect(path)
        except OSError:
            return False
    return True


def packets_of(switch, bridge, cookie):
    """How many frames flows of a cookie have had; the daemon counts what the
    kernel did at its own pace."""
    switch.call("revalidator/purge")
    text = sh(["ovs-ofctl", "-O", "OpenFlow14", "dump-aggregate", bridge,
               "cookie=%#x/-1" % cookie])
    return int(text.split("packet_count=")[1].split()[0])
