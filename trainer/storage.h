/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * storage.h - tensors as they stand in files: names, number formats, shapes, places.
 *
 * A format reads a file's header into a list of these; what follows is the same for all formats:
 * the list is checked as a whole against the files and against a model, and only then is memory
 * for weights taken and filled, a piece at a time, by as many threads as there are.
 *
 * Headers are read by pread(), and so are weights that will change or stand in other numbers than
 * ours: a file that someone cuts short meanwhile is an error.  Weights for reading alone are mapped
 * where that is possible (storage_map()).
 */
#ifndef TRAINER_STORAGE_H
#define TRAINER_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dtype.h"
#include "err.h"
#include "model.h"
#include "pool.h"
#include "weights.h"

#define STORED_NAME 1024 /* bytes of a name, its end among them */
#define STORED_DIMS 4
#define STORED_MOST 65536 /* tensors of one model */

/* One tensor of a file. */
struct stored {
    char *name;
    const struct dtype *dtype;
    uint64_t dims[STORED_DIMS]; /* outermost first */
    size_t n_dims;
    size_t file;        /* index in storage.files */
    uint64_t at, bytes; /* in that file */
};

struct storage_file {
    char *path;
    int fd;
    uint64_t bytes;
};

/* A zeroed one is empty. */
struct storage {
    struct storage_file *files;
    size_t n_files;
    struct stored *tensors; /* by name, once storage_check_names() was called */
    size_t n;
};

void storage_clear(struct storage *s); /* closes, frees */

/* Opens a regular file for reading and adds it; a FIFO or device is refused, never waited for. */
int storage_open(struct storage *s, const char *path, struct err *err);

/* Bytes from `at` on of a file, all n of them. */
int storage_read(void *out, const struct storage *s, size_t file, uint64_t at, uint64_t n,
                 struct err *err);

/* Refuses a name that is empty, too long, not UTF-8, or holds control characters. */
int storage_check_name(const char *name, size_t len, const char *path, struct err *err);

/* Adds a tensor; the name is copied.  The product of the dims is at most 2^62 and gives the bytes:
 * refused where it overflows, where rows are no whole blocks, or where they lie outside the file.
 */
int storage_add(struct storage *s, const struct stored *tensor, struct err *err);

/* Sorts by name; refuses a name that stands twice. */
int storage_check_names(struct storage *s, struct err *err);

/*
 * Refuses tensors of one file that overlap.  `tiled`: they must also fill from..the file's end
 * without a gap.  storage_check_names() comes before.
 */
int storage_check_places(const struct storage *s, size_t file, uint64_t from, bool tiled,
                         struct err *err);

const struct stored *storage_find(const struct storage *s, const char *name); /* or NULL */

/*
 * How a format calls the tensors of a model, and which of them it keeps in another order of rows.
 */
struct naming {
    void (*name)(char out[STORED_NAME], const struct tensor *t);
    /* Rows of a head stand as (0, half, 1, half + 1, …): what turns together, side by side. */
    bool (*interleaved)(const struct model *model, const struct tensor *t);
    bool (*spare)(const char *name); /* no weight of ours, and may be left */
};

/* Hugging Face's names, which are ours. */
extern const struct naming naming_own;

/* Which row of ours stands at `row` of an interleaved matrix with heads of `width` rows. */
size_t interleaved_row(size_t row, size_t width);

/*
 * Every tensor of the model is there in its shape, and nothing else but spare ones and the head of
 * a tied model.  A vector may be [n] or [1, n].
 */
int storage_check(const struct storage *s, const struct model *model, const struct naming *naming,
                  struct err *err);

/* weights [model->n_weights], on all threads of the pool; storage_check() comes before. */
int storage_load(float *weights, const struct storage *s, const struct model *model,
                 const struct naming *naming, struct pool *pool, struct err *err);

/* The same of some tensors: number i of the model's list goes to to[i], unless that is NULL. */
int storage_load_some(float *const *to, const struct storage *s, const struct model *model,
                      const struct naming *naming, struct pool *pool, struct err *err);

/*
 * What can be used where it stands is mapped and not copied: binary32 in our order of rows, on a
 * multiple of its size.  The rest is loaded, on as many threads as there are processors, and
 * refused (exit 2) where memory does not hold it.  storage_check() comes before; weights_clear() in
 * any case.
 *
 * A file that someone cuts short while it is mapped ends the program (exit 3) with one line, when
 * what is gone is looked at; one that is replaced by another of its name stays what it was.
 */
int storage_map(struct weights *out, const struct storage *s, const struct model *model,
                const struct naming *naming, struct err *err);

#endif
