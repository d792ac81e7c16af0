# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a run and its order.

tests/vm/run and tests/xen/run differ only in a Bed: what is booted, and with
which defaults.
"""

import argparse
import os
import sys
import tempfile
import time

from . import image, kernel, machine, stage, verdict

# Loaded in every run, so that no test pays for it; the rest loads itself
# when it is first used.
MODULES = ("bridge", "8021q", "veth", "nf_tables", "nft_meta_bridge",
           "nft_limit", "nft_log", "nft_fwd_netdev", "nft_dup_netdev",
           "nft_ct", "nft_reject_bridge", "nf_conntrack_bridge", "cls_fw",
           "cls_u32", "cls_matchall", "cls_flower", "act_gact", "act_mirred",
           "act_police", "act_skbedit", "sch_ingress", "sch_htb", "sch_netem",
           "dummy", "tun", "ifb", "vrf", "af_packet_diag")

KERNEL_LINE = "quiet panic=-1 oops=panic mitigations=off net.ifnames=0 " \
    "random.trust_cpu=on "


class Bed:
    """Debian's kernel alone.  A subclass may boot it in another way."""

    name = "vm"
    description = "Run COMMAND as root in a virtual machine with Debian's " \
        "stock kernel, in /cordon with the project's tests/ and scripts/, " \
        "the built programs in PATH."
    memory = 1024
    timeout = 600
    modules = MODULES
    processors = 1
    icount = True

    def boot(self, args, release, top):
        """QEMU's options for processor, kernel and initramfs.

        'top' is the staged directory, to which more may be added."""
        # A debug kernel takes minutes for the ACPI program by which the
        # older machine says how interrupts are routed.
        return ["-M", "q35" if args.kernel else "pc", "-cpu", "max,-la57",
                "-kernel", kernel.image(release),
                "-initrd", image.initramfs(release),
                "-append", "console=ttyS0 tsc=reliable " + KERNEL_LINE
                + args.append]


def parse(bed, argv):
    p = argparse.ArgumentParser(
        prog="tests/%s/run" % bed.name, description=bed.description,
        epilog="Exit code: the command's; %d the kernel complained, %d time "
        "limit, %d no report, 2 usage. CORDON_BUILD is the build directory, "
        "CORDON_CACHE the cache, CORDON_KERNEL a pattern of the kernel's "
        "release (6.1.*-amd64)."
        % (verdict.KERNEL, verdict.TIME_OUT, verdict.NO_REPORT))
    p.add_argument("--smp", type=int, default=bed.processors, metavar="N",
                   help="processors [%(default)s]")
    p.add_argument("--mem", type=int, default=bed.memory, metavar="MIB",
                   help="memory [%(default)s]")
    p.set_defaults(icount=False, real_idle=False, kernel=None)
    if bed.icount:
        p.add_argument("--icount", action="store_true",
                       help="the guest's clock counts instructions; one "
                       "processor")
        p.add_argument("--real-idle", action="store_true",
                       help="with --icount: idle time is the host's, and is "
                       "not skipped; time limits hold while files are read")
        p.add_argument("--kernel", metavar="DIR",
                       help="boot the kernel built in DIR, which has no "
                       "modules, instead of Debian's")
    p.add_argument("--add", action="append", default=[],
                   metavar="PATH[:DEST]",
                   help="copy a file or directory to /cordon/DEST")
    p.add_argument("--modules", default="", metavar="A,B",
                   help="load these kernel modules too")
    p.add_argument("--no-modules", action="store_true",
                   help="load no modules but those of --modules")
    p.add_argument("--timeout", type=float, default=bed.timeout,
                   metavar="S", help="stop the machine after S seconds "
                   "[%(default)s]")
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


def options(bed, args, scratch, out):
    release = args.kernel or kernel.release()
    modules = [] if args.no_modules or args.kernel else list(bed.modules)
    modules += [m for m in args.modules.split(",") if m]
    top = os.path.join(scratch, "cordon")
    os.mkdir(top)
    environment = stage.host_environment() if args.pass_env else []
    stage.fill(top, [args.command] + args.args, modules,
               environment + args.env, args.add)
    stage.add_start(top, os.path.join(image.GUEST, "start"))
    return (machine.common(args.smp, args.mem, args.icount, args.real_idle)
            + bed.boot(args, release, top)
            + ["-serial", "file:" + os.path.join(scratch, "console"),
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


def run(bed, args):
    prefix = "cordon-%s-" % bed.name
    with tempfile.TemporaryDirectory(prefix=prefix) as scratch:
        out = os.path.realpath(args.out or os.path.join(scratch, "out"))
        os.makedirs(out, exist_ok=True)
        started = time.monotonic()
        vm = machine.Run(options(bed, args, scratch, out), args.timeout)
        staged = time.monotonic()
        with machine.slot(kernel.cache_dir()):
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
            print("%s: %s" % (bed.name, line), file=sys.stderr)
        if args.times:
            print("%s: %.1f s to stage, %.1f s to run"
                  % (bed.name, staged - started, time.monotonic() - staged),
                  file=sys.stderr)
        return code


def main(bed, argv):
    args = parse(bed, argv)
    machine.stop_on_sigterm()
    try:
        return run(bed, args)
    except (machine.MachineError, kernel.KernelError, stage.StageError) as e:
        print("%s: %s" % (bed.name, e), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(bed.name + ": interrupted", file=sys.stderr)
        return 130
