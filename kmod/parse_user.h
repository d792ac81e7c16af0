/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CORDON_PARSE_USER_H
#define CORDON_PARSE_USER_H

/*
 * What parse.c and fragment.c take from the kernel, for userland: tests and
 * fuzzers compile them as they are. See tests/kmod/frame.c for
 * cordon_frame_pull().
 */

#include <endian.h>
#include <linux/if_ether.h>
#include <linux/types.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define be16_to_cpu be16toh
#define be32_to_cpu be32toh
#define be64_to_cpu be64toh
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#ifndef noinline
#define noinline __attribute_noinline__
#endif

#endif /* CORDON_PARSE_USER_H */
