/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "host.h"
#include "json.h"
#include "log.h"
#include "mem.h"
#include "notify.h"
#include "placeholder.h"
#include "program.h"
#include "trial.h"

struct message {
    char *event, *text;
    char *json; /* one line, its end too */
};

struct notifier {
    const struct study *study;
    const char *study_dir;
    struct message *waiting; /* [n] the first one is being told while pid > 0 */
    size_t n;
    pid_t pid; /* of the command, which leads a process group of its own; 0: none */
    double since, limit_s;
};

struct notifier *notifier_new(const struct study *study, const char *study_dir, double limit_s)
{
    struct notifier *notifier;

    if (study->policy.n_notify == 0)
        return NULL;
    notifier = mem_new(1, sizeof *notifier);
    *notifier = (struct notifier){.study = study, .study_dir = study_dir, .limit_s = limit_s};
    return notifier;
}

static void drop_first(struct notifier *notifier)
{
    struct message *first = &notifier->waiting[0];

    free(first->event);
    free(first->text);
    free(first->json);
    memmove(first, first + 1, --notifier->n * sizeof *first);
}

/* --- the command ------------------------------------------------------------------------------ */

/* One element with its placeholders filled in.  The caller frees. */
static char *fill(const char *element, const struct message *message)
{
    struct str out = {0};
    const char *found;
    size_t len;

    for (; (found = placeholder_find(&len, element)) != NULL; element = found + len) {
        str_addn(&out, element, (size_t)(found - element));
        str_add(&out, strncmp(found + 1, "event", len - 2) == 0 ? message->event : message->text);
    }
    str_add(&out, element);
    return str_take(&out);
}

/* The study's argv; its program relative to the study file where it has a slash. */
static char **argv_of(const struct notifier *notifier, const struct message *message)
{
    const struct policy *policy = &notifier->study->policy;
    char **argv = mem_new(policy->n_notify + 1, sizeof *argv);

    for (size_t i = 0; i < policy->n_notify; i++)
        argv[i] = fill(policy->notify[i], message);
    if (strchr(argv[0], '/') != NULL) {
        char *path = path_join(notifier->study_dir, argv[0]);
        free(argv[0]);
        argv[0] = path;
    }
    return argv;
}

/* What a run may see, and where a desktop's messages go. */
static char **environment_of(const struct study *study)
{
    static const char *const desktop[] = {"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY",
                                          "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"};
    enum { N = sizeof desktop / sizeof *desktop };
    char **names = mem_new(study->n_env + N, sizeof *names);

    for (size_t i = 0; i < study->n_env + N; i++)
        names[i] = i < study->n_env ? study->env[i] : (char *)(uintptr_t)desktop[i - study->n_env];
    char **env = host_run_environment(names, study->n_env + N, 0);
    free(names);
    return env;
}

/* Standard input that holds `text` and ends behind it.  A pipe takes more than is ever told. */
static int make_input(const char *text)
{
    int pipe[2];
    struct err ignored;

    if (pipe2(pipe, O_CLOEXEC) != 0)
        return -1;
    if (fcntl(pipe[1], F_SETFL, O_NONBLOCK) != 0 ||
        fd_write(pipe[1], text, strlen(text), "pipe", &ignored) != 0) {
        close(pipe[0]);
        pipe[0] = -1;
    }
    close(pipe[1]);
    return pipe[0];
}

/* Tells the first message; one that cannot be told is dropped. */
static void start_first(struct notifier *notifier)
{
    const struct message *message = &notifier->waiting[0];
    char **argv = argv_of(notifier, message), **env = environment_of(notifier->study);
    int input = make_input(message->json);
    int failure =
        input < 0 ? errno
                  : program_start(&notifier->pid, argv, env, input, PROGRAM_NOTHING, STDERR_FILENO);

    if (failure != 0) {
        log_warn("'%s' cannot be told of '%s': %s", argv[0], message->event, strerror(failure));
        notifier->pid = 0;
        drop_first(notifier);
    }
    notifier->since = clock_boot_s();
    if (input >= 0)
        close(input);
    argv_free(argv);
    argv_free(env);
}

static void ended(struct notifier *notifier, int status)
{
    const char *program = notifier->study->policy.notify[0];

    if (WIFSIGNALED(status))
        log_warn("notify: '%s' was ended by signal %d", program, WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0)
        log_warn("notify: '%s' ended with exit %d", program, WEXITSTATUS(status));
    notifier->pid = 0;
    drop_first(notifier);
}

void notifier_tend(struct notifier *notifier)
{
    int status = 0;

    if (notifier == NULL)
        return;
    if (notifier->pid > 0 && clock_boot_s() - notifier->since > notifier->limit_s)
        kill(-notifier->pid, SIGKILL);
    if (notifier->pid > 0 && waitpid(notifier->pid, &status, WNOHANG) != 0)
        ended(notifier, status);
    while (notifier->pid == 0 && notifier->n > 0)
        start_first(notifier);
}

void notifier_free(struct notifier *notifier)
{
    enum { STEP_MS = 20 };

    if (notifier == NULL)
        return;
    notifier_tend(notifier);
    while (notifier->n > 0) {
        poll(NULL, 0, STEP_MS);
        notifier_tend(notifier);
    }
    free(notifier->waiting);
    free(notifier);
}

/* --- what is told ----------------------------------------------------------------------------- */

void notify(struct notifier *notifier, const char *event, const char *message, json_t *more)
{
    json_t *object = json_object();
    struct str line = {0}, text = {0};

    if (notifier != NULL) {
        str_add_printable(&text, message, strlen(message), 1000);
        json_object_set_new(object, "event", json_string(event));
        json_object_set_new(object, "study", json_string(notifier->study->name));
        json_object_set_new(object, "message", json_string(str_text(&text)));
        if (more != NULL)
            json_object_update_missing(object, more);
        json_write(&line, object);
        str_add(&line, "\n");
        notifier->waiting = mem_room(notifier->waiting, notifier->n, sizeof *notifier->waiting);
        notifier->waiting[notifier->n++] =
            (struct message){mem_strdup(event), mem_strdup(str_text(&text)), str_take(&line)};
        notifier_tend(notifier);
    }
    str_clear(&text);
    json_decref(object);
    json_decref(more);
}

void notify_verified(struct notifier *notifier, const struct record *record)
{
    const struct decision *d = &record->decisions[record->n_decisions - 1];
    char mean[NUMBER_TEXT], low[NUMBER_TEXT], high[NUMBER_TEXT];
    json_t *more =
        json_pack("{s:I, s:I, s:I, s:s, s:o, s:o, s:o}", "decision", (json_int_t)d->number,
                  "experiment", (json_int_t)d->experiment, "against", (json_int_t)d->against,
                  "metric", record->study.metric, "effect", json_number_or_null(d->mean), "low",
                  json_number_or_null(d->low), "high", json_number_or_null(d->high));
    char *text =
        mem_printf("experiment %lld is verified: %s better by %s [%s, %s]",
                   (long long)d->experiment, record->study.metric, number_short(mean, d->mean, 3),
                   number_short(low, d->low, 3), number_short(high, d->high, 3));

    notify(notifier, "verified", text, more);
    free(text);
}
