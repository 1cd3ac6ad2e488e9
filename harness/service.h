/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * service.h - what a service manager wants to hear, by the protocol of sd_notify(3): datagrams of
 * NAME=value lines to the socket that $NOTIFY_SOCKET names.
 *
 * Where nobody listens nothing happens, and a manager that does not hear us is no error of ours.
 * All but service_open() and _close() take NULL for "nobody".
 */
#ifndef HARNESS_SERVICE_H
#define HARNESS_SERVICE_H

struct service {
    int socket;        /* -1: nobody listens */
    double watchdog_s; /* so often at least its watchdog wants to be fed; 0: never */
    double fed;        /* clock_s() of the last time */
    char status[200];  /* as it was told last */
};

/* Connects to $NOTIFY_SOCKET: a path, or an abstract name behind '@'.  $WATCHDOG_USEC is minded
 * where $WATCHDOG_PID is ours or is not there. */
void service_open(struct service *service);
void service_close(struct service *service);

void service_ready(struct service *service);    /* the study is open and goes on */
void service_stopping(struct service *service); /* the runs are being ended */

/* One line for `systemctl status`; told when it changes. */
void service_status(struct service *service, const char *line);

/* To be called in every turn of a loop that is alive: feeds the watchdog, twice in its time. */
void service_alive(struct service *service);

#endif
