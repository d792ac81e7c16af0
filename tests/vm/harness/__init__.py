# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command in a virtual machine with Debian's stock kernel.

cpio     writes an archive for the kernel
image    builds the initramfs
kernel   finds the kernel and its modules, unpacks its image once
stage    gathers what the command needs: tests, programs, added files
machine  starts QEMU, passes output on, keeps the time limit
verdict  what the kernel's log, its taint and the report say
main     options and order
"""
