/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lost_page.h"
#include "mem.h"
#include "shelf.h"

/* Each array has an area of the file and of the address space, of which it uses the beginning: room
 * for two million runs. */
enum { AREAS = 64, AREA = 256 << 20 };

struct area {
    char *at; /* NULL: free again; not used a second time, since it may hold something */
    size_t bytes;
};

struct shelf {
    char *dir; /* NULL: the file was opened, or that was tried */
    int fd;    /* -1: none */
    size_t least;
    struct area areas[AREAS];
    size_t n;
};

/* --- the file ------------------------------------------------------------------------------- */

static const char lost[] =
    "nightshift: the disk fails: rows of this night, put aside in a file without a name, cannot be "
    "read; go on with the same command\n";

struct shelf *shelf_open(const char *dir, size_t least)
{
    struct shelf *shelf = mem_new(1, sizeof *shelf);

    *shelf = (struct shelf){.dir = mem_strdup(dir), .fd = -1, .least = least};
    return shelf;
}

/* With the first array.  Where that fails it is not tried again. */
static bool open_file(struct shelf *shelf)
{
    struct err ignored;

    if (shelf->dir != NULL && lost_page_watch(lost, &ignored) == 0)
        shelf->fd = open(shelf->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    free(shelf->dir);
    shelf->dir = NULL;
    return shelf->fd >= 0;
}

void shelf_close(struct shelf *shelf)
{
    if (shelf == NULL)
        return;
    for (size_t i = 0; i < shelf->n; i++)
        if (shelf->areas[i].at != NULL)
            munmap(shelf->areas[i].at, AREA);
    if (shelf->fd >= 0)
        close(shelf->fd);
    free(shelf->dir);
    free(shelf);
}

static off_t place_of(const struct shelf *shelf, const struct area *area)
{
    return (off_t)(area - shelf->areas) * (off_t)AREA;
}

/* Room for `bytes` in all, taken from the disk at once: a page that finds none when it is written
 * would end the program. */
static bool reserve(const struct shelf *shelf, struct area *area, size_t bytes)
{
    off_t from = place_of(shelf, area) + (off_t)area->bytes;

    if (bytes > AREA || posix_fallocate(shelf->fd, from, (off_t)bytes - (off_t)area->bytes) != 0)
        return false;
    area->bytes = bytes;
    return true;
}

static struct area *find_area(struct shelf *shelf, const void *at)
{
    for (size_t i = 0; at != NULL && i < shelf->n; i++)
        if (shelf->areas[i].at == at)
            return &shelf->areas[i];
    return NULL;
}

static void leave_area(struct shelf *shelf, struct area *area)
{
    munmap(area->at, AREA);
    area->at = NULL;
    (void)fallocate(shelf->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, place_of(shelf, area),
                    (off_t)AREA); /* where that cannot be done the room is lost until the end */
}

/* A new area of zeros, or NULL. */
static struct area *take_area(struct shelf *shelf, size_t bytes)
{
    struct area *area = &shelf->areas[shelf->n];

    if (shelf->n == AREAS || (shelf->fd < 0 && !open_file(shelf)))
        return NULL;
    void *at = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, shelf->fd,
                    place_of(shelf, area));
    if (at == MAP_FAILED)
        return NULL;
    (void)madvise(at, AREA, MADV_RANDOM); /* what is asked for alone, not its neighbours too */
    shelf->n++;
    *area = (struct area){.at = at};
    if (reserve(shelf, area, bytes))
        return area;
    leave_area(shelf, area);
    return NULL;
}

/* --- arrays --------------------------------------------------------------------------------- */

void *shelf_new(struct shelf *shelf, size_t n, size_t size)
{
    bool fits = shelf != NULL && n > 0 && size > 0 && n <= AREA / size && n * size >= shelf->least;
    struct area *area = fits ? take_area(shelf, n * size) : NULL;

    return area != NULL ? area->at : mem_new(n, size);
}

void shelf_free(struct shelf *shelf, void *at)
{
    struct area *area = shelf != NULL ? find_area(shelf, at) : NULL;

    if (area != NULL)
        leave_area(shelf, area);
    else
        free(at);
}

void *shelf_room(struct shelf *shelf, void *at, size_t n, size_t size)
{
    size_t capacity = mem_capacity(n);

    if (shelf == NULL || n == 0 || n < capacity)
        return mem_room(at, n, size);
    struct area *area = find_area(shelf, at);
    if (area != NULL && size <= AREA / (2 * n) && reserve(shelf, area, 2 * n * size))
        return at;
    if (area == NULL && 2 * n * size < shelf->least)
        return mem_room(at, n, size);
    char *moved = shelf_new(area == NULL ? shelf : NULL, 2 * n, size);
    memcpy(moved, at, n * size);
    shelf_free(shelf, at);
    return moved;
}

void shelf_rest(struct shelf *shelf)
{
    for (size_t i = 0; shelf != NULL && i < shelf->n; i++)
        if (shelf->areas[i].at != NULL)
            (void)madvise(shelf->areas[i].at, shelf->areas[i].bytes, MADV_DONTNEED);
}

int shelf_check(const struct shelf *shelf, struct err *err)
{
    if (shelf == NULL || shelf->fd < 0 ||
        sync_file_range(shelf->fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE) == 0)
        return 0;
    return err_sys(err, "what this night has put aside in a file without a name could not be "
                        "written");
}
