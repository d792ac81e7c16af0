# SPDX-License-Identifier: GPL-3.0-or-later
"""Boots Xen with Debian's kernel as dom0.

dom0 gets the same root as a test VM: virtio works there, because a kernel
under Xen gives devices machine addresses.  QEMU enters Xen itself by
multiboot; kernel and initramfs are its modules.  dom0 and the guests run the
same kernel image, unpacked beforehand, which saves every one of them the
seconds that unpacking costs an emulated processor.
"""

import gzip
import os
import shutil

from harness import image, kernel
from harness.main import Bed, KERNEL_LINE, MODULES

from . import guest

HERE = os.path.dirname(os.path.realpath(__file__))
XEN = "/boot/xen-4.17-amd64.gz"
TOOLS = "/usr/lib/xen-4.17/bin"

DOM0_MODULES = ("xen_evtchn", "xen_gntdev", "xen_gntalloc", "xen_privcmd",
                "xenfs", "xen_netback")


class XenBed(Bed):
    name = "xen"
    description = "Run COMMAND as root in dom0 of a real Xen host, in " \
        "/cordon with the project's tests/ and scripts/, the built programs " \
        "in PATH, the toolstack running."
    memory = 3072
    timeout = 1200
    # Tests share their host; one is enough for dom0 and small guests.
    processors = 1
    modules = MODULES + DOM0_MODULES
    icount = False

    def boot(self, args, release, top):
        _check()
        vmlinux = kernel.unpacked(release)
        guests = os.path.join(top, "guest")
        os.mkdir(guests)
        _link(vmlinux, os.path.join(guests, "vmlinux"))
        _link(guest.initramfs(release), os.path.join(guests, "initramfs"))
        shutil.copyfile(os.path.join(HERE, "setup"),
                        os.path.join(top, ".setup"))
        os.chmod(os.path.join(top, ".setup"), 0o755)
        dom0 = args.mem // 2
        # Xen's lazy switching of vector registers does not work under QEMU
        # 7.2's emulation: with another domain running, two of three checks of
        # a register in dom0 found a wrong value, and programs crashed at
        # random.  Eager switching of plain SSE state alone showed none.
        line = "console=com1 com1=115200 dom0_mem=%dM,max:%dM bootscrub=0 " \
            "spec-ctrl=eager-fpu xpti=0 iommu=0 watchdog=0 cpufreq=none " \
            "loglvl=error guest_loglvl=error" % (dom0, dom0)
        modules = "%s console=hvc0 tsc=reliable %s %s,%s" % (
            vmlinux.replace(",", ",,"), KERNEL_LINE, args.append,
            image.initramfs(release, ("xen",)).replace(",", ",,"))
        return ["-M", "pc", "-cpu", "max,-smap,-smep,-la57,-xsave",
                "-kernel", _xen(), "-append", line, "-initrd", modules]


def _check():
    for path, package in ((XEN, "xen-hypervisor-4.17-amd64"),
                          (TOOLS + "/xl", "xen-utils-4.17"),
                          ("/etc/xen/scripts/vif-bridge",
                           "xen-utils-common"),
                          ("/usr/bin/xenstore-ls", "xenstore-utils")):
        if not os.path.exists(path):
            raise kernel.KernelError("there is no %s; install %s"
                                     % (path, package))


def _xen():
    """Xen as a plain ELF image, which QEMU's multiboot loader takes."""
    with open(XEN, "rb") as f:
        packed = f.read()
    return kernel.cached("xen-" + kernel.checksum(packed),
                         gzip.decompress(packed))


def _link(source, target):
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
