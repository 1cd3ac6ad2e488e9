/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>

#include "executor.h"

extern const struct executor executor_local;

const struct site site_local = {&executor_local, NULL};

int site_open(struct site *out, const struct executor *executor, const struct executor_terms *terms,
              struct err *err)
{
    *out = (struct site){executor, NULL};
    return executor->open != NULL ? executor->open(&out->self, terms, err) : 0;
}

bool site_close(struct site *site)
{
    bool empty = true;

    if (site->executor != NULL && site->executor->close != NULL)
        empty = site->executor->close(site->self);
    *site = (struct site){NULL, NULL};
    return empty;
}

int site_start(const struct site *site, struct ticket *out, const struct job *job, struct err *err)
{
    return site->executor->start(site->self, out, job, err);
}

int site_tend(const struct site *site, struct err *err)
{
    return site->executor->tend != NULL ? site->executor->tend(site->self, err) : 0;
}

int site_poll(const struct site *site, struct outcome_facts *out, struct ticket *ticket,
              const struct job *job, struct err *err)
{
    return site->executor->poll(site->self, out, ticket, job, err);
}

int site_stop(const struct site *site, struct ticket *ticket, bool now, struct err *err)
{
    return site->executor->stop(site->self, ticket, now, err);
}

int site_clear(const struct site *site, const char *dir, struct err *err)
{
    return site->executor->clear(site->self, dir, err);
}

bool site_holds(const struct site *site, const char *dir)
{
    return site->executor->holds != NULL && site->executor->holds(site->self, dir);
}

void site_adopt(const struct site *site, struct ticket *out, const struct job *job)
{
    site->executor->adopt(site->self, out, job);
}

void site_wait(const struct site *site, struct pollfd *fds, size_t n, int limit_ms)
{
    if (site->executor->wait != NULL)
        site->executor->wait(site->self, fds, n, limit_ms);
    else
        poll(fds, (nfds_t)n, limit_ms);
}
