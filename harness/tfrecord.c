/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protobuf.h"
#include "tfrecord.h"

uint32_t crc32c(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

static void add_masked_crc(struct str *file, const void *bytes, size_t len)
{
    uint32_t crc = crc32c(bytes, len);

    proto_fixed(file, (uint32_t)((crc >> 15 | crc << 17) + 0xa282ead8), 4);
}

void tfrecord_add(struct str *file, const struct str *record)
{
    proto_fixed(file, record->len, 8);
    add_masked_crc(file, file->at + file->len - 8, 8);
    str_addn(file, str_text(record), record->len);
    add_masked_crc(file, str_text(record), record->len);
}
