/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * process.h - finding and ending processes that are ours, through /proc.
 */
#ifndef HARNESS_PROCESS_H
#define HARNESS_PROCESS_H

#include <stdint.h>

#include "err.h"

/* Sends SIGKILL to every child of this process, of whatever session; returns how many there were.
 * A subreaper that calls it until wait() says ECHILD has ended its whole tree. */
int process_kill_children(void);

/* Sends SIGKILL to every other process of this user that has the file behind `fd` open; returns
 * how many there were. */
int process_kill_holders(int fd);

/* The same to every other process of this user that was started with the variable `word`
 * ("NAME=value") in its environment, or descends from one that was. */
int process_kill_marked(const char *word);

/* How many processes the kernel killed for want of memory since it started, as far as can be seen
 * (/proc/vmstat, and the memory.events of our own cgroup); only its growth means anything. */
int64_t process_oom_kills(void);

#endif
