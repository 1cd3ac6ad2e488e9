/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * protobuf.h - fields of Protocol Buffers messages, appended to a message's bytes.
 *
 * Encoding: https://protobuf.dev/programming-guides/encoding - a key (field number and wire type)
 * as a varint, then the value.  A message within a message is its bytes behind their length.
 */
#ifndef HARNESS_PROTOBUF_H
#define HARNESS_PROTOBUF_H

#include <stdint.h>

#include "str.h"

/* A number's lowest `bytes` bytes, lowest first, without a key. */
void proto_fixed(struct str *message, uint64_t bits, int bytes);

void proto_integer(struct str *message, int field, int64_t value);
void proto_double(struct str *message, int field, double value);
void proto_float(struct str *message, int field, float value);
void proto_bool(struct str *message, int field, bool value);
void proto_text(struct str *message, int field, const char *text);

/* Takes the inner message: it is empty again afterwards. */
void proto_message(struct str *message, int field, struct str *inner);

#endif
