/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CORDON_FUZZ_FUZZ_H
#define CORDON_FUZZ_FUZZ_H 1

/* What libFuzzer and the replay program call. */

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* tests/fuzz/fuzz.h */
