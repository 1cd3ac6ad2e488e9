/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay.h - one finished run a night is repeated by itself: does this machine still give the same?
 */
#ifndef HARNESS_REPLAY_H
#define HARNESS_REPLAY_H

#include "session.h"

/*
 * Repeats one run of the record, drawn at random, in a scratch folder, and tells the log what came
 * of it (a remark `replayed`, which begins with "same" or "ALARM"); a mismatch is warned of, and
 * stands in the report.  Nothing is done where no run has ended since the last time, where there is
 * no time left (`left_s`, INFINITY: no limit), or where the audit knows that the trainer does not
 * repeat.  It cannot spoil a night: what goes wrong is warned of.
 */
void replay_one(struct session *session, double left_s);

#endif
