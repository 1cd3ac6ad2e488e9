/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "mem.h"
#include "target.h"

extern const struct target target_study, target_stream, target_tokens, target_checkpoint,
    target_record, target_config, target_tokenizer, target_gguf, target_sweep, target_own_config,
    target_packed;

const struct target *const targets[] = {
    &target_study,  &target_stream,     &target_tokens,    &target_checkpoint,
    &target_record, &target_config,     &target_tokenizer, &target_gguf,
    &target_sweep,  &target_own_config, &target_packed,    NULL,
};

const struct target *target_find(const char *name)
{
    for (size_t i = 0; targets[i] != NULL; i++)
        if (strcmp(targets[i]->name, name) == 0)
            return targets[i];
    return NULL;
}

static char folder[64]; /* made at the first use, removed at the end */

static void remove_folder(void)
{
    struct err ignored;

    file_remove(folder, &ignored);
}

const char *target_folder(void)
{
    if (folder[0] == '\0') {
        const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
        snprintf(folder, sizeof folder, "%s/nightshift-fuzz-XXXXXX", base);
        if (mkdtemp(folder) == NULL)
            abort();
        atexit(remove_folder);
    }
    return folder;
}

char *target_path(const char *name)
{
    return path_join(target_folder(), name);
}

char *target_kind_folder(unsigned kind)
{
    static bool made[4];
    char *name = mem_printf("kind-%u", kind);

    if (!made[kind]) {
        char *path = target_path(name);
        struct err err = {0};
        if (file_mkdirs(path, &err) != 0)
            abort();
        free(path);
        made[kind] = true;
    }
    return name;
}

void target_put(const char *name, const void *bytes, size_t len)
{
    char *path = target_path(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd) != 0)
        abort();
    free(path);
}

void target_remove(const char *name)
{
    char *path = target_path(name);

    if (unlink(path) != 0 && errno != ENOENT)
        abort();
    free(path);
}

void target_check_refusal(const struct err *err)
{
    if (err->code < ERR_FAILED || err->code > ERR_LOCKED || err->text[0] == '\0') {
        fprintf(stderr, "refused with code %d: '%s'\n", err->code, err->text);
        abort();
    }
}

struct part target_part(const uint8_t **bytes, size_t *len)
{
    size_t head = *len < 2 ? *len : 2, left = *len - head;
    unsigned word = head < 2 ? 0 : (unsigned)(*bytes)[0] | (unsigned)(*bytes)[1] << 8;
    struct part part = {.at = *bytes + head, .n = word & 0x3fff, .kind = word >> 14};

    part.n = part.n < left ? part.n : left;
    *bytes = part.at + part.n;
    *len = left - part.n;
    return part;
}

void target_put_two(const char *first, const char *second, const uint8_t *bytes, size_t len)
{
    struct part part = target_part(&bytes, &len);

    target_put(first, part.at, part.n);
    target_put(second, bytes, len);
}

uint8_t *target_join(size_t *len, const void *first, size_t first_len, const void *second,
                     size_t second_len)
{
    uint8_t *out = mem_new(2 + first_len + second_len, 1);

    out[0] = (uint8_t)first_len;
    out[1] = (uint8_t)(first_len >> 8);
    memcpy(out + 2, first, first_len);
    memcpy(out + 2 + first_len, second, second_len);
    *len = 2 + first_len + second_len;
    return out;
}
