/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tfrecord.h - the frames of TensorFlow's record files: length, its checksum, bytes, their
 * checksum.
 *
 * Lengths are little-endian uint64, checksums CRC-32C, rotated right by 15 bits and offset by
 * 0xa282ead8 ("masked": tensorflow/core/lib/hash/crc32c.h).
 */
#ifndef HARNESS_TFRECORD_H
#define HARNESS_TFRECORD_H

#include <stddef.h>
#include <stdint.h>

#include "str.h"

void tfrecord_add(struct str *file, const struct str *record);

/* Castagnoli's CRC (RFC 3720, B.4): reflected polynomial 0x82f63b78, of "123456789" 0xe3069283. */
uint32_t crc32c(const void *bytes, size_t len);

#endif
