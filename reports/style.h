/* SPDX-License-Identifier: GPL-3.0-or-later */
/* style.h - how the page of a report looks (style.c); light and dark by the reader's setting. */
#ifndef REPORTS_STYLE_H
#define REPORTS_STYLE_H

extern const char style[];

#endif
