/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "json.h"
#include "process.h"
#include "shim_state.h"
#include "tail.h"

/* The signal that ended the trainer, 0: none.  A sandbox tells it as a shell does. */
static int signal_of(const struct shim *shim)
{
    int status = shim->status;

    if (WIFSIGNALED(status))
        return WTERMSIG(status);
    if (shim->job->sandboxed && WEXITSTATUS(status) > 128 && WEXITSTATUS(status) < 128 + NSIG)
        return WEXITSTATUS(status) - 128;
    return 0;
}

static bool ended_for_want_of_memory(const struct shim *shim)
{
    bool kill = signal_of(shim) == SIGKILL;
    bool shell_says_kill = WIFEXITED(shim->status) && WEXITSTATUS(shim->status) == 128 + SIGKILL;

    return !shim->killed_leader && (kill || shell_says_kill) &&
           process_oom_kills() > shim->oom_kills;
}

static enum run_class class_of(const struct shim *shim)
{
    if (shim->reason != CLASS_NONE)
        return shim->reason;
    if (ended_for_want_of_memory(shim))
        return CLASS_OOM;
    if (signal_of(shim) != 0)
        return CLASS_SIGNAL;
    return WEXITSTATUS(shim->status) != 0 ? CLASS_EXIT : CLASS_OK;
}

/* Cut where it must be, but never within a character. */
static void set_detail(struct outcome_facts *facts, const char *text)
{
    size_t len = strnlen(text, sizeof facts->detail);

    if (len == sizeof facts->detail)
        for (len--; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
            len--;
    memcpy(facts->detail, text, len);
    facts->detail[len] = '\0';
}

static void describe_end(struct str *out, const struct shim *shim,
                         const struct outcome_facts *facts)
{
    char number[NUMBER_TEXT];

    if (facts->class == CLASS_EXIT)
        str_addf(out, "exit %d", facts->exit_code);
    else if (facts->class == CLASS_SIGNAL)
        str_addf(out, "signal %d (%s)", facts->signal, strsignal(facts->signal));
    else if (facts->class == CLASS_TIMEOUT)
        str_addf(out, "not done after %s s%s", number_short(number, shim->job->timeout_s, 4),
                 facts->killed ? ", and TERM was not enough" : "");
    else if (facts->class == CLASS_OOM)
        str_add(out, "the kernel ended it for want of memory");
    else if (facts->class == CLASS_OUTPUT_FLOOD)
        str_addf(out, "printed more than %lld bytes", (long long)shim->job->max_output);
    else if (facts->class == CLASS_INTERRUPTED)
        str_add(out, "the harness ended it");
    else if (facts->left_processes > 0)
        str_addf(out, "left %d process%s behind", facts->left_processes,
                 facts->left_processes == 1 ? "" : "es");
}

/* The last thing that a crashed trainer said is most often the reason. */
static void add_last_words(struct str *out)
{
    const char *const names[] = {RUN_LOG, RUN_STREAM};
    struct str words = {NULL, 0};

    for (size_t i = 0; i < 2 && words.len == 0; i++) {
        struct str text = {NULL, 0};
        tail_read(&text, ".", names[i], 4096);
        tail_last_line(&words, &text);
        str_clear(&text);
    }
    if (words.len > 0)
        str_addf(out, ": %s", words.at);
    str_clear(&words);
}

static void fill_detail(struct outcome_facts *facts, const struct shim *shim)
{
    struct str text = {NULL, 0};

    describe_end(&text, shim, facts);
    if (facts->class == CLASS_EXIT || facts->class == CLASS_SIGNAL)
        add_last_words(&text);
    set_detail(facts, str_text(&text));
    str_clear(&text);
}

/* The output that the trainer has removed while it was written; NULL: none. */
static const char *removed_output(const struct shim *shim)
{
    struct stat st;

    for (int i = 0; i < 2; i++)
        if (fstat(shim->outputs[i].file, &st) == 0 && st.st_nlink == 0)
            return shim->outputs[i].name;
    return NULL;
}

static void note_removed_output(struct outcome_facts *facts, const struct shim *shim)
{
    const char *name = removed_output(shim);

    if (facts->class != CLASS_OK || name == NULL)
        return;
    facts->class = CLASS_PROTOCOL;
    snprintf(facts->detail, sizeof facts->detail,
             "the trainer removed '%s', where what it prints is kept", name);
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

/* What held the process tree together. */
static const char *level_of(const struct shim *shim)
{
    if (shim->job->sandboxed)
        return "sandbox";
    return shim->cgroup.tree[0] != '\0' ? "cgroup" : "subreaper";
}

/* What held its memory; NULL: no limit was asked for. */
static const char *memory_held_by(const struct shim *shim)
{
    if (shim->job->max_memory <= 0)
        return NULL;
    return shim->cgroup.memory[0] != '\0' ? "cgroup" : "rlimit";
}

static char *usage_text(const struct shim *shim)
{
    const struct rusage *r = &shim->total;
    struct str text = {NULL, 0};
    json_t *json = json_pack(
        "{s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:i, s:f, s:s, s:s?}", "user_s", seconds(r->ru_utime),
        "system_s", seconds(r->ru_stime), "peak_mib", (double)r->ru_maxrss / 1024,
        "voluntary_switches", (json_int_t)r->ru_nvcsw, "involuntary_switches",
        (json_int_t)r->ru_nivcsw, "major_faults", (json_int_t)r->ru_majflt, "output_bytes",
        (json_int_t)shim->written, "left_processes", shim->left, "suspended_s",
        fmax(shim->asleep, 0), "level", level_of(shim), "memory_held_by", memory_held_by(shim));

    json_write(&text, json);
    json_decref(json);
    return str_take(&text);
}

void shim_describe(struct outcome_facts *facts, const struct shim *shim)
{
    *facts = (struct outcome_facts){
        .class = class_of(shim),
        .exit_code = signal_of(shim) == 0 ? WEXITSTATUS(shim->status) : -1,
        .signal = signal_of(shim),
        .wall_s = shim->ended - shim->began,
        .cpu_s = seconds(shim->total.ru_utime) + seconds(shim->total.ru_stime),
        .peak_mib = (double)shim->total.ru_maxrss / 1024,
        .suspended_s = fmax(shim->asleep, 0),
        .left_processes = shim->left,
        .killed = shim->killed_leader,
        .usage = usage_text(shim),
    };
    fill_detail(facts, shim);
    note_removed_output(facts, shim);
}

void shim_describe_refusal(struct outcome_facts *facts, const char *why)
{
    *facts = (struct outcome_facts){
        .class = CLASS_SPAWN, .exit_code = -1, .wall_s = NAN, .cpu_s = NAN, .peak_mib = NAN};
    set_detail(facts, why);
}
