/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_TESTS_UNIT_XENSTORED_FAKE_H
#define CORDON_TESTS_UNIT_XENSTORED_FAKE_H 1

/* Serves xenstore's wire protocol (xen/io/xs_wire.h) on the Unix socket
 * 'path' until it is killed: read, directory, write, rm, permissions and
 * watches, as far as libxenstore's users here need them. Debian's xenstored
 * does not run without Xen. Never returns. */
void xenstored_fake(const char *path) __attribute__((noreturn));

#endif /* tests/unit/xenstored_fake.h */
