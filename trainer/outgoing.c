/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "ops.h"
#include "outgoing.h"

#define PIECE ((size_t)1 << 20) /* numbers encoded at once, at least one row */

const struct dtype *outgoing_dtype(const struct outgoing *o, const struct tensor *t)
{
    if (!tensor_is_matrix(t) && o->vectors_as_f32)
        return dtypes;
    return (size_t)t->cols % o->dtype->block == 0 ? o->dtype : dtype_find("f16");
}

uint64_t outgoing_bytes(const struct outgoing *o, const struct tensor *t)
{
    uint64_t bytes = 0;
    bool fits = dtype_size(&bytes, outgoing_dtype(o, t), tensor_size(t));

    assert(fits);
    (void)fits;
    return bytes;
}

/* numbers [rows, cols]: the file's rows from `first` on. */
static void gather(real *numbers, const struct outgoing *o, const struct tensor *t, size_t first,
                   size_t rows)
{
    size_t cols = (size_t)t->cols, width = (size_t)o->model->shape.head_dim;
    bool turned = o->naming->interleaved(o->model, t);

    for (size_t i = 0; i < rows; i++) {
        size_t row = turned ? interleaved_row(first + i, width) : first + i;
        memcpy(numbers + i * cols, o->weights + t->at + row * cols, cols * sizeof *numbers);
    }
    if (o->fold && t->role == ROLE_RESIDUAL && o->model->shape.deepnet)
        block_scale(numbers, (real)residual_scale(&o->model->shape), rows * cols);
}

int outgoing_write(struct out_file *out, const struct outgoing *o, const struct tensor *t,
                   struct err *err)
{
    const struct dtype *dtype = outgoing_dtype(o, t);
    size_t cols = (size_t)t->cols, rows = (size_t)t->rows, step = PIECE / cols + 1;
    size_t most = step < rows ? step : rows;
    real *numbers = mem_new(most * cols, sizeof *numbers);
    uint8_t *bytes = mem_new(most * cols / dtype->block, dtype->bytes);
    int rc = 0;

    for (size_t first = 0; rc == 0 && first < rows; first += step) {
        size_t n = rows - first < step ? rows - first : step, blocks = n * cols / dtype->block;
        gather(numbers, o, t, first, n);
        dtype->encode(bytes, numbers, blocks);
        rc = out_file_add(out, bytes, blocks * dtype->bytes, err);
    }
    free(bytes);
    free(numbers);
    return rc;
}
