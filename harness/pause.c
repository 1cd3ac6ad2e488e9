/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <poll.h>
#include <signal.h>

#include "clock.h"
#include "log.h"
#include "pause.h"
#include "room.h"
#include "signals.h"

/* Says that it waits, and why; once. */
static void begin(struct pause *pause, const char *why, struct notifier *notifier)
{
    struct str text = {0};

    pause->waiting = true;
    pause->since = clock_boot_s();
    str_addf(&text, "paused: %s; it goes on by itself when there is room", why);
    log_warn("%s", text.at);
    notify(notifier, "pause", text.at, NULL);
    str_clear(&text);
}

static void end(struct pause *pause, struct notifier *notifier)
{
    char waited[CLOCK_TEXT];
    struct str text = {0};

    pause->waiting = false;
    duration_text(waited, clock_boot_s() - pause->since);
    str_addf(&text, "there is room again after %s: going on", waited);
    log_warn("%s", text.at);
    notify(notifier, "resume", text.at, NULL);
    str_clear(&text);
}

bool pause_permits(struct pause *pause, const struct place *place, const struct policy *policy,
                   size_t running, struct notifier *notifier)
{
    struct room room;
    struct str why = {0};

    room_look(&room, place->run_dir, policy);
    bool is_short = room_is_short(&room);
    if (is_short && !pause->waiting && (running == 0 || room_is_short_of_disk(&room))) {
        room_describe(&why, &room);
        begin(pause, str_text(&why), notifier);
    } else if (!is_short && pause->waiting) {
        end(pause, notifier);
    }
    str_clear(&why);
    return !is_short;
}

/* Waits, and looks after who watches; the signal that came meanwhile, 0: none. */
static int wait_for_signal(int signals, double seconds, const struct wait *wait)
{
    double until = clock_boot_s() + seconds, left;

    while ((left = until - clock_boot_s()) > 0) {
        struct pollfd fd = {.fd = signals, .events = POLLIN};
        poll(&fd, 1, (int)(1000 * fmin(left, 0.5)) + 1);
        notifier_tend(wait->notifier);
        service_alive(wait->service);
        int number = signals_next(signals);
        if (number != 0)
            return number;
    }
    return 0;
}

static bool has_room(const struct wait *wait)
{
    struct room room;

    room_look(&room, wait->place->run_dir, wait->policy);
    return !room_is_short_of_disk(&room) && room_can_write(wait->place->run_dir);
}

/* The first time at once: what has filled the disk may have been the run that was ended. */
static double patience_s(int tries)
{
    const double longest = 300;

    return tries == 0 ? 0 : fmin(longest, ldexp(1, tries - 1));
}

static int wait_for_room(int signals, const struct wait *wait, struct err *err)
{
    const double step_s = 2;
    int number = wait_for_signal(signals, patience_s(wait->tries), wait);

    while (number == 0 && !has_room(wait)) {
        double left = wait->deadline - clock_boot_s();
        if (left <= 0)
            return err_environment(err, "the time is up, and the disk is still full");
        number = wait_for_signal(signals, fmin(step_s, left), wait);
    }
    return number;
}

int pause_until_room(const struct wait *wait, struct err *err)
{
    static const int ends[] = {SIGINT, SIGTERM, 0};
    struct pause pause = {0};
    int signals = signals_open(ends, err);

    if (signals < 0)
        return -1;
    service_ready(wait->service); /* started it is, if only to wait */
    service_status(wait->service, "paused: the disk is full");
    begin(&pause, wait->why, wait->notifier);
    int number = wait_for_room(signals, wait, err);
    if (number == 0)
        end(&pause, wait->notifier);
    signals_close(signals);
    return number;
}
