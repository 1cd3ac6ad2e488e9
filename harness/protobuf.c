/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "protobuf.h"

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* Seven bits a byte, lowest first; the top bit says that more follow. */
static void add_varint(struct str *message, uint64_t value)
{
    do {
        char byte = (char)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        str_addn(message, &byte, 1);
        value >>= 7;
    } while (value != 0);
}

static void add_key(struct str *message, int field, enum wire wire)
{
    add_varint(message, (uint64_t)field << 3 | wire);
}

void proto_fixed(struct str *message, uint64_t bits, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        char byte = (char)(bits >> 8 * i);
        str_addn(message, &byte, 1);
    }
}

void proto_integer(struct str *message, int field, int64_t value)
{
    add_key(message, field, WIRE_VARINT);
    add_varint(message, (uint64_t)value);
}

void proto_bool(struct str *message, int field, bool value)
{
    proto_integer(message, field, value);
}

void proto_double(struct str *message, int field, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    add_key(message, field, WIRE_64);
    proto_fixed(message, bits, 8);
}

void proto_float(struct str *message, int field, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    add_key(message, field, WIRE_32);
    proto_fixed(message, bits, 4);
}

static void add_bytes(struct str *message, int field, const char *bytes, size_t len)
{
    add_key(message, field, WIRE_BYTES);
    add_varint(message, len);
    str_addn(message, bytes, len);
}

void proto_text(struct str *message, int field, const char *text)
{
    add_bytes(message, field, text, strlen(text));
}

void proto_message(struct str *message, int field, struct str *inner)
{
    add_bytes(message, field, str_text(inner), inner->len);
    str_clear(inner);
}
