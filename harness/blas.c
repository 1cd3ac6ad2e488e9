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

/* OpenBLAS starts its threads while it is loaded, and sends its process SIGINT where one cannot be
 * started.  We ask it for its name alone: without threads. */
static void *load_without_threads(void)
{
    static const char threads[] = "OPENBLAS_NUM_THREADS";
    char *before = getenv(threads) != NULL ? mem_strdup(getenv(threads)) : NULL;
    void *library = NULL;

    if (setenv(threads, "1", 1) == 0)
        library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (before == NULL || setenv(threads, before, 1) != 0)
        unsetenv(threads);
    free(before);
    return library;
}

void blas_look(struct blas *out)
{
    void *library = load_without_threads();

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
