/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dlfcn.h>
#include <stdlib.h>

#include "blas.h"
#include "mem.h"

/* Both of OpenBLAS's functions that tell of it: char *f(void), the text is the library's. */
typedef char *tell_function(void);

static char *ask(void *library, const char *name)
{
    tell_function *tell;

    /* ISO C has no conversion from an object's pointer to a function's; POSIX asks for this form.
     */
    *(void **)&tell = dlsym(library, name);
    return tell != NULL ? mem_strdup(tell()) : NULL;
}

void blas_look(struct blas *out)
{
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);

    *out = (struct blas){0};
    if (library == NULL)
        return;
    out->config = ask(library, "openblas_get_config");
    out->core = ask(library, "openblas_get_corename");
    dlclose(library);
}

void blas_clear(struct blas *blas)
{
    free(blas->config);
    free(blas->core);
    *blas = (struct blas){0};
}
