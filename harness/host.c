/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <git2.h>
#include <gnu/libc-version.h>
#include <gsl/gsl_version.h>
#include <libfyaml.h>
#include <openssl/crypto.h>
#include <sqlite3.h>

#include "blas.h"
#include "file.h"
#include "host.h"
#include "json.h"
#include "mem.h"

/* The text behind "key : " in a /proc file of such lines; NULL when it is not there. */
static char *proc_value(const char *path, const char *key)
{
    FILE *file = fopen(path, "re");
    char *line = NULL, *found = NULL;
    size_t room = 0;

    while (file != NULL && found == NULL && getline(&line, &room, file) > 0) {
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        char *at = strchr(line, ':');
        if (at == NULL)
            continue;
        at += 1 + strspn(at + 1, " \t");
        found = mem_strndup(at, strcspn(at, "\n"));
    }
    free(line);
    if (file != NULL)
        fclose(file);
    return found;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, text != NULL ? json_string(text) : json_null());
}

static json_t *library_versions(const struct blas *blas)
{
    json_t *versions = json_object();
    char text[64];
    int major, minor, patch;

    git_libgit2_version(&major, &minor, &patch);
    snprintf(text, sizeof text, "%d.%d.%d", major, minor, patch);
    set_text(versions, "libgit2", text);
    set_text(versions, "sqlite", sqlite3_libversion());
    set_text(versions, "gsl", gsl_version);
    set_text(versions, "openblas", blas->config);
    set_text(versions, "libfyaml", fy_library_version());
    set_text(versions, "jansson", jansson_version_str());
    set_text(versions, "openssl", OpenSSL_version(OPENSSL_VERSION_STRING));
    set_text(versions, "glibc", gnu_get_libc_version());
    return versions;
}

char *host_describe(void)
{
    json_t *host = json_object();
    struct utsname names;
    struct str text = {0};
    struct blas blas;
    int cores[1024];

    blas_look(&blas);
    if (uname(&names) == 0) {
        set_text(host, "host", names.nodename);
        set_text(host, "kernel", names.release);
        set_text(host, "machine", names.machine);
    }
    char *cpu = proc_value("/proc/cpuinfo", "model name");
    char *memory = proc_value("/proc/meminfo", "MemTotal");
    set_text(host, "cpu", cpu);
    set_text(host, "memory", memory);
    json_object_set_new(host, "cores", json_integer((json_int_t)host_cores(cores, 1024)));
    set_text(host, "blas_core", blas.core);
    set_text(host, "nightshift", NIGHTSHIFT_VERSION);
    json_object_set_new(host, "libraries", library_versions(&blas));
    json_write(&text, host);
    json_decref(host);
    blas_clear(&blas);
    free(memory);
    free(cpu);
    return str_take(&text);
}

size_t host_cores(int *out, size_t max)
{
    cpu_set_t set;
    size_t n = 0;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 0;
    for (int core = 0; core < CPU_SETSIZE && n < max; core++)
        if (CPU_ISSET(core, &set))
            out[n++] = core;
    return n;
}

static const char *const let_through[] = {"PATH", "HOME", "USER", "TMPDIR", NULL};

/* One thread pool a run, as large as its cores, whatever library it uses. */
static const char *const thread_counts[] = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
                                            "MKL_NUM_THREADS", NULL};

static void add_from_outside(char **env, size_t *n, const char *name)
{
    const char *value = getenv(name);

    if (value != NULL)
        env[(*n)++] = mem_printf("%s=%s", name, value);
}

char **host_run_environment(char *const *names, size_t n_names, size_t threads)
{
    char **env = mem_new(n_names + 16, sizeof *env);
    size_t n = 0;

    for (size_t i = 0; let_through[i] != NULL; i++)
        add_from_outside(env, &n, let_through[i]);
    env[n++] = mem_strdup("LANG=C.UTF-8");
    env[n++] = mem_strdup("TZ=UTC");
    for (size_t i = 0; thread_counts[i] != NULL && threads > 0; i++)
        env[n++] = mem_printf("%s=%zu", thread_counts[i], threads);
    for (size_t i = 0; i < n_names; i++)
        add_from_outside(env, &n, names[i]);
    return env;
}

int host_own_tmp(char **environment, const char *dir, struct err *err)
{
    char *tmp = path_join(dir, "tmp");
    int rc = file_mkdirs(tmp, err);
    size_t i = 0;

    while (environment[i] != NULL && strncmp(environment[i], "TMPDIR=", 7) != 0)
        i++;
    free(environment[i]);
    environment[i] = mem_printf("TMPDIR=%s", tmp);
    free(tmp);
    return rc;
}
