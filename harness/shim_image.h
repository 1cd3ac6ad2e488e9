/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shim_image.h - the program harness/shim/main.c as bytes (shim_image.S). */
#ifndef HARNESS_SHIM_IMAGE_H
#define HARNESS_SHIM_IMAGE_H

#include <stdint.h>

extern const char shim_image[]; /* [shim_image_len] */
extern const uint64_t shim_image_len;

#endif
