/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "service.h"
#include "str.h"

/* The address of a socket's name; 0: it is none. */
static socklen_t address_of(struct sockaddr_un *out, const char *name)
{
    size_t len = name != NULL ? strlen(name) : 0;

    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (len < 2 || len >= sizeof out->sun_path || (name[0] != '/' && name[0] != '@'))
        return 0;
    memcpy(out->sun_path, name, len);
    if (name[0] == '@')
        out->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static double watchdog_of(const char *usec, const char *pid)
{
    unsigned long long us, owner = (unsigned long long)getpid();

    if (usec == NULL || !integer_read(&us, usec, UINT64_MAX))
        return 0;
    if (pid != NULL && (!integer_read(&owner, pid, INT32_MAX) || owner != (unsigned)getpid()))
        return 0;
    return (double)us * 1e-6;
}

void service_open(struct service *service)
{
    struct sockaddr_un address;
    socklen_t len = address_of(&address, getenv("NOTIFY_SOCKET"));

    *service = (struct service){.socket = -1};
    if (len == 0)
        return;
    service->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (service->socket >= 0 && connect(service->socket, (struct sockaddr *)&address, len) != 0)
        service_close(service);
    service->watchdog_s = watchdog_of(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"));
}

void service_close(struct service *service)
{
    if (service->socket >= 0)
        close(service->socket);
    service->socket = -1;
}

static void tell(struct service *service, const char *text)
{
    if (service == NULL || service->socket < 0)
        return;
    ssize_t ignored = send(service->socket, text, strlen(text), MSG_NOSIGNAL);
    (void)ignored;
}

void service_ready(struct service *service)
{
    tell(service, "READY=1\n");
}

void service_stopping(struct service *service)
{
    tell(service, "STOPPING=1\n");
}

void service_status(struct service *service, const char *line)
{
    char text[sizeof service->status + 16];

    if (service == NULL || service->socket < 0 ||
        strncmp(service->status, line, sizeof service->status - 1) == 0)
        return;
    snprintf(service->status, sizeof service->status, "%s", line);
    snprintf(text, sizeof text, "STATUS=%s\n", service->status);
    tell(service, text);
}

void service_alive(struct service *service)
{
    if (service == NULL || service->watchdog_s == 0 ||
        clock_s() - service->fed < service->watchdog_s / 2)
        return;
    service->fed = clock_s();
    tell(service, "WATCHDOG=1\n");
}
