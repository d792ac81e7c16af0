# SPDX-License-Identifier: GPL-3.0-or-later
"""cordond on a policy whose guests are veths, for tests of what people run
beside it."""

import subprocess

from shell import line


def guest(name):
    """A guest's device vNAME; pNAME is where the guest is. The kernel itself
    sends nothing there."""
    line("ip link add v{0} type veth peer name p{0} && "
         "sysctl -qw net.ipv6.conf.p{0}.disable_ipv6=1 && "
         "ip link set p{0} arp off up".format(name))


class Agent:
    def __init__(self, name):
        self.name = name
        self.control = "/run/%s/ctl" % name
        self.policy = "/tmp/%s.yaml" % name
        self.pidfile = "/run/%s.pid" % name

    def start(self, text):
        """Returns when this policy is applied."""
        with open(self.policy, "w", encoding="ascii") as f:
            f.write(text)
        subprocess.run(["cordond", "--no-xen", "--policy=" + self.policy,
                        "--control=" + self.control,
                        "--pidfile=" + self.pidfile,
                        "--state-dir=/run/%s.state" % self.name, "--detach",
                        "--log-file=/out/%s.log" % self.name,
                        "-vconsole:off"], check=True)
        line("cordon --control %s apply %s" % (self.control, self.policy))

    def pid(self):
        with open(self.pidfile, encoding="ascii") as f:
            return int(f.read())
