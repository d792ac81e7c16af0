# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of tests/vm/run and the order of a run."""

import argparse
import os
import shutil
import sys
import tempfile
import time

from . import cpio, kernel, machine, stage, verdict

GUEST = os.path.realpath(os.path.join(os.path.dirname(__file__), "../guest"))

# What the initramfs needs to reach the host's /usr.
BOOT_MODULES = ("virtio_pci", "virtio_console", "9pnet_virtio", "9p",
                "overlay")

# Loaded in every run, so that no test pays for it; the rest loads itself
# when it is first used.
MODULES = ("bridge", "8021q", "veth", "nf_tables", "nft_meta_bridge",
           "nft_limit", "nft_log", "nft_fwd_netdev", "nft_dup_netdev",
           "nft_ct", "nft_reject_bridge", "nf_conntrack_bridge", "cls_fw",
           "cls_u32", "cls_matchall", "cls_flower", "act_gact", "act_mirred",
           "act_police", "act_skbedit", "sch_ingress", "sch_htb", "sch_netem",
           "dummy", "tun", "ifb", "vrf", "af_packet_diag")

ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d",
       "ethertypes", "protocols", "services", "iproute2", "debian_version",
       "os-release", "python3", "python3.11", "bash.bashrc", "localtime")

FILES = {
    "passwd": "root:x:0:0:root:/root:/bin/bash\n"
              "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
    "group": "root:x:0:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "hostname": "cordon\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n"
                     "protocols: files\nservices: files\nethers: files\n",
    # These make a device each when they load themselves.
    "modprobe.d/cordon.conf": "options dummy numdummies=0\n"
                              "options ifb numifbs=0\n",
}


def initramfs(name):
    """Path of the initramfs for kernel 'name', from the cache if there."""
    archive = cpio.Archive()
    for directory in ("bin", "dev", "proc", "root", "modules"):
        archive.directory(directory)
    archive.device("dev/console", 5, 1)
    archive.device("dev/null", 1, 3, 0o666)
    busybox = shutil.which("busybox", path="/bin:/usr/bin")
    if not busybox:
        raise machine.MachineError("there is no busybox; "
                                   "install busybox-static")
    archive.file("bin/busybox", busybox)
    archive.file("init", os.path.join(GUEST, "init"))
    files = kernel.module_files(name, BOOT_MODULES)
    for path in files:
        archive.file("modules/" + os.path.basename(path), path)
    archive.data("modules/order",
                 "".join(os.path.basename(p) + "\n" for p in files))
    etc(archive)
    data = archive.bytes()
    return kernel.cached("initramfs-%s-%s" % (name, kernel.checksum(data)),
                         data)


def etc(archive):
    for entry in ETC:
        if os.path.lexists("/etc/" + entry):
            archive.tree("etc/" + entry, "/etc/" + entry)
    for path, text in FILES.items():
        archive.data("etc/" + path, text)


def parse(argv):
    p = argparse.ArgumentParser(
        prog="tests/vm/run",
        description="Run COMMAND as root in a virtual machine with Debian's "
        "stock kernel, in /cordon with the project's tests/ and scripts/, "
        "the built programs in PATH.",
        epilog="Exit code: the command's; %d the kernel complained, %d time "
        "limit, %d no report, 2 usage. CORDON_BUILD is the build directory, "
        "CORDON_CACHE the cache."
        % (verdict.KERNEL, verdict.TIME_OUT, verdict.NO_REPORT))
    p.add_argument("--smp", type=int, default=1, metavar="N",
                   help="processors [1]")
    p.add_argument("--mem", type=int, default=1024, metavar="MIB",
                   help="memory [1024]")
    p.add_argument("--icount", action="store_true",
                   help="the guest's clock counts instructions; one "
                   "processor")
    p.add_argument("--add", action="append", default=[],
                   metavar="PATH[:DEST]",
                   help="copy a file or directory to /cordon/DEST")
    p.add_argument("--modules", default="", metavar="A,B",
                   help="load these kernel modules too")
    p.add_argument("--no-modules", action="store_true",
                   help="load no modules but those of --modules")
    p.add_argument("--timeout", type=float, default=600, metavar="S",
                   help="stop the machine after S seconds [600]")
    p.add_argument("--out", metavar="DIR",
                   help="directory that the guest sees as /out; "
                   "kernel.log and console.log are left there too")
    p.add_argument("--pass-env", action="store_true",
                   help="hand the caller's environment on")
    p.add_argument("--env", action="append", default=[],
                   metavar="NAME=VALUE", help="set a variable in the guest")
    p.add_argument("--append", default="", metavar="WORDS",
                   help="add to the kernel's command line")
    p.add_argument("--times", action="store_true",
                   help="say how long the run took")
    p.add_argument("command", metavar="COMMAND")
    p.add_argument("args", nargs=argparse.REMAINDER, metavar="ARGS")
    args = p.parse_args(argv)
    if args.icount and args.smp != 1:
        p.error("--icount needs --smp 1")
    return args


def options(args, scratch, out):
    name = kernel.release()
    modules = [] if args.no_modules else list(MODULES)
    modules += [m for m in args.modules.split(",") if m]
    top = os.path.join(scratch, "cordon")
    os.mkdir(top)
    environment = stage.host_environment() if args.pass_env else []
    stage.fill(top, [args.command] + args.args, modules,
               environment + args.env, args.add)
    stage.add_start(top, os.path.join(GUEST, "start"))
    line = "console=ttyS0 quiet panic=-1 oops=panic mitigations=off " \
        "net.ifnames=0 random.trust_cpu=on tsc=reliable " + args.append
    return (machine.common(args.smp, args.mem, args.icount)
            + ["-M", "pc", "-cpu", "max,-la57",
               "-kernel", kernel.unpacked(name),
               "-initrd", initramfs(name), "-append", line,
               "-serial", "file:" + os.path.join(scratch, "console"),
               "-device", "virtio-serial-pci"]
            + machine.port("output", "stdio", ",signal=off")
            + machine.port("status", "file",
                           ",path=" + os.path.join(scratch, "status"))
            + machine.share("usr", "/usr", False)
            + machine.share("in", top, False)
            + machine.share("out", out, True))


def read(path):
    try:
        with open(path, errors="replace") as f:
            return f.read().replace("\r\n", "\n")
    except FileNotFoundError:
        return ""


def run(args):
    with tempfile.TemporaryDirectory(prefix="cordon-vm-") as scratch:
        out = os.path.realpath(args.out or os.path.join(scratch, "out"))
        os.makedirs(out, exist_ok=True)
        started = time.monotonic()
        vm = machine.Run(options(args, scratch, out), args.timeout)
        staged = time.monotonic()
        vm.start()
        vm.wait()
        report = read(os.path.join(scratch, "status"))
        console = read(os.path.join(scratch, "console"))
        code, lines = verdict.judge(report, console,
                                    args.timeout if vm.timed_out else None)
        if args.out:
            for name, text in (("kernel.log", report),
                               ("console.log", console)):
                with open(os.path.join(out, name), "w") as f:
                    f.write(text)
        for line in lines:
            print("vm: " + line, file=sys.stderr)
        if args.times:
            print("vm: %.1f s to stage, %.1f s to run"
                  % (staged - started, time.monotonic() - staged),
                  file=sys.stderr)
        return code


def main(argv):
    args = parse(argv)
    machine.stop_on_sigterm()
    try:
        return run(args)
    except (machine.MachineError, kernel.KernelError, stage.StageError) as e:
        print("vm: %s" % e, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("vm: interrupted", file=sys.stderr)
        return 130
