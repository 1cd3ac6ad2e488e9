/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.h - talk to the person: standard error, one line a message.  Results go to stdout, not here.
 *
 * On a terminal a progress line is rewritten in place and messages are put above it; elsewhere
 * only messages appear, so that a log file stays readable.  Nobody is waited for: what a stopped
 * terminal or a sleeping reader does not take is lost, and counted in front of the next message.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

void log_quiet(bool quiet); /* true: only warnings */
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The one rewritten line; nothing where stderr is no terminal.  NULL takes it away. */
void log_progress(const char *line);

#endif
