/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shim_image.h - the program harness/shim/main.c as bytes (shim_image.S). */
#ifndef HARNESS_SHIM_IMAGE_H
#define HARNESS_SHIM_IMAGE_H

extern const char shim_image[], shim_image_end[];

#endif
