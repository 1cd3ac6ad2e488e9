/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Disk and memory before a start: room.h, available.h; texts of runs, plain and packed: run_text.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "available.h"
#include "executor.h"
#include "room.h"
#include "run_text.h"
#include "scratch.h"
#include "stream.h"

/* --- room ------------------------------------------------------------------------------------- */

static struct policy asking(double min_free, double min_memory)
{
    struct policy policy;

    policy_init(&policy);
    policy.min_free = min_free;
    policy.min_memory = min_memory;
    return policy;
}

static void a_floor_that_no_disk_has_is_short_and_says_so(void **state)
{
    struct policy policy = asking(0x1p60, 0);
    struct room room;
    struct str why = {0};

    (void)state;
    room_look(&room, "/tmp", &policy);
    assert_true(room.free >= 0);
    assert_true(isnan(room.memory));
    assert_true(room_is_short(&room) && room_is_short_of_disk(&room));
    room_describe(&why, &room);
    assert_non_null(strstr(why.at, "of disk are free and"));
    assert_non_null(strstr(why.at, "must be (min_free)"));
    str_clear(&why);
}

static void a_floor_of_one_byte_is_met(void **state)
{
    struct policy policy = asking(1, 1);
    struct room room;
    struct str why = {0};

    (void)state;
    room_look(&room, "/tmp", &policy);
    assert_true(room.memory > 0x1p20);
    assert_false(room_is_short(&room));
    room_describe(&why, &room);
    assert_int_equal(why.len, 0);
}

static void memory_alone_may_be_short(void **state)
{
    struct policy policy = asking(0, 0x1p60);
    struct room room;

    (void)state;
    room_look(&room, "/tmp", &policy);
    assert_true(room_is_short(&room));
    assert_false(room_is_short_of_disk(&room));
}

static void what_is_off_is_not_looked_at(void **state)
{
    struct policy policy = asking(0, 0);
    struct room room;

    (void)state;
    room_look(&room, "/proc/no/such/folder", &policy);
    assert_true(isnan(room.free) && isnan(room.memory));
    assert_false(room_is_short(&room));
}

static void the_usual_floor_fits_a_small_disk(void **state)
{
    struct policy policy = asking(FLOOR_USUAL, FLOOR_USUAL);
    struct room room;

    (void)state;
    room_look(&room, "/tmp", &policy);
    assert_true(room.min_free > 0 && room.min_free <= 0x1p30);
    assert_true(room.min_memory > 0 && room.min_memory <= 0x1p28);
}

static void a_folder_that_is_still_to_be_made_has_the_disk_of_the_one_above(void **state)
{
    struct policy policy = asking(1, 0);
    struct room here, below;

    (void)state;
    room_look(&here, "/tmp", &policy);
    room_look(&below, "/tmp/no-such-nightshift/runs/x", &policy);
    assert_true(isfinite(below.free));
    assert_true(here.min_free == below.min_free);
}

static void whether_a_block_can_be_written_is_tried_and_leaves_nothing(void **state)
{
    char *dir = scratch_new(), *probe = path_join(dir, ".room");

    (void)state;
    assert_true(room_can_write(dir));
    assert_false(file_exists(probe));
    char *below = path_join(dir, "not/yet/there");
    assert_true(room_can_write(below));
    free(below);
    assert_false(file_exists(probe));
    assert_false(room_can_write("/proc"));
    assert_int_equal(symlink("/tmp/nightshift-no-such-target", probe), 0);
    assert_false(room_can_write(dir)); /* a link is not followed */
    assert_false(file_exists("/tmp/nightshift-no-such-target"));
    free(probe);
    scratch_remove(dir);
}

static void only_errors_about_a_full_disk_are_waited_for(void **state)
{
    struct err err = {0};

    (void)state;
    errno = ENOSPC;
    err_sys(&err, "cannot write 'x'");
    err_wrap(&err, "run 7");
    assert_true(room_is_cause(&err, "/tmp"));
    errno = EDQUOT;
    err_sys(&err, "cannot write 'x'");
    assert_true(room_is_cause(&err, "/tmp"));
    err_environment(&err, "record 'x': database or disk is full");
    assert_true(room_is_cause(&err, "/tmp"));
    errno = EIO;
    err_sys(&err, "cannot write 'x'");
    assert_false(room_is_cause(&err, "/tmp"));
    err_integrity(&err, "database or disk is full");
    assert_false(room_is_cause(&err, "/tmp"));
}

static void sizes_read_as_people_write_them(void **state)
{
    static const struct {
        double bytes;
        const char *text;
    } cases[] = {{0, "0 bytes"},
                 {1023, "1023 bytes"},
                 {1024, "1 KiB"},
                 {1.5 * 0x1p30, "1.5 GiB"},
                 {0x1p52, "4096 TiB"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str out = {0};
        room_add_bytes(&out, cases[i].bytes);
        assert_string_equal(out.at, cases[i].text);
        str_clear(&out);
    }
}

/* --- control groups --------------------------------------------------------------------------- */

static void put(const char *dir, const char *name, const char *text)
{
    struct err err = {0};
    char *path = path_join(dir, name), *above = path_dir(path);

    assert_int_equal(file_mkdirs(above, &err), 0);
    scratch_write(dir, name, text, strlen(text));
    free(above);
    free(path);
}

static void a_group_leaves_what_is_below_its_limit_and_what_is_only_cached(void **state)
{
    char *dir = scratch_new(), *member = path_join(dir, "cgroup");
    double whole;

    (void)state;
    put(dir, "cgroup", "0::/a/b\n");
    put(dir, "a/b/memory.max", "max\n");
    put(dir, "a/memory.max", "1000000\n");
    put(dir, "a/memory.current", "700000\n");
    put(dir, "a/memory.stat", "anon 1\ninactive_file 50000\nactive_file 7\n");
    assert_true(memory_available_in_groups(&whole, member, dir) == 350000);
    assert_true(whole == 1000000);
    put(dir, "cgroup", "5:cpu:/x\n4:cpuacct,memory:/c\n0::/a/b\n");
    put(dir, "memory/c/memory.limit_in_bytes", "500000\n");
    put(dir, "memory/c/memory.usage_in_bytes", "400000\n");
    put(dir, "memory/c/memory.stat", "total_inactive_file 1000\n");
    put(dir, "memory/memory.limit_in_bytes", "9223372036854771712\n");
    assert_true(memory_available_in_groups(&whole, member, dir) == 101000);
    assert_true(whole == 500000);
    free(member);
    scratch_remove(dir);
}

static void groups_without_a_limit_leave_everything(void **state)
{
    char *dir = scratch_new(), *member = path_join(dir, "cgroup");
    double whole;

    (void)state;
    put(dir, "cgroup", "0::/\n");
    assert_true(isinf(memory_available_in_groups(&whole, member, dir)));
    assert_true(isinf(memory_available_in_groups(&whole, "/no/such/file", dir)));
    assert_true(memory_available(&whole) > 0);
    assert_true(isfinite(whole));
    free(member);
    scratch_remove(dir);
}

/* --- texts of runs ---------------------------------------------------------------------------- */

/* `lines` lines of records, the last one with the value. */
static char *long_stream(int lines)
{
    struct str text = {0};

    for (int i = 1; i <= lines; i++)
        str_addf(&text, "{\"step\": %d, \"val_loss\": %d.5}\n", i, i);
    return str_take(&text);
}

static char *all_of(const char *dir, const char *name)
{
    struct err err = {0};
    struct str text = {0};
    FILE *file;
    int c;

    if (run_text_open(&file, dir, name, &err) != 0)
        fail_msg("%s", err.text);
    while (file != NULL && (c = getc(file)) != EOF)
        str_addn(&text, &(char){(char)c}, 1);
    assert_true(file == NULL || !ferror(file));
    if (file != NULL)
        fclose(file);
    return str_take(&text);
}

static void a_packed_text_reads_as_the_plain_one_did(void **state)
{
    char *dir = scratch_new(), *text = long_stream(20000);
    char *plain = path_join(dir, RUN_STREAM), *packed = mem_printf("%s" RUN_TEXT_PACKED, plain);
    struct err err = {0};
    struct stat st;
    struct stream stream;
    bool found;

    (void)state;
    scratch_write(dir, RUN_STREAM, text, strlen(text));
    assert_int_equal(run_text_pack(dir, RUN_STREAM, &err), 0);
    assert_false(file_exists(plain));
    assert_int_equal(stat(packed, &st), 0);
    assert_true((size_t)st.st_size < strlen(text) / 4);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(run_text_is_there(dir, RUN_STREAM));
    char *again = all_of(dir, RUN_STREAM);
    assert_string_equal(again, text);
    free(again);
    assert_int_equal(stream_read(&stream, dir, &err), 0);
    assert_true(stream_metric(&stream, "val_loss", &found) == 20000.5);
    assert_int_equal(stream.lines, 20000);
    stream_clear(&stream);
    free(packed);
    free(plain);
    free(text);
    scratch_remove(dir);
}

static void a_text_of_one_block_stays_plain_and_none_is_fine(void **state)
{
    char *dir = scratch_new(), *plain = path_join(dir, RUN_LOG);
    struct err err = {0};

    (void)state;
    assert_int_equal(run_text_pack(dir, RUN_LOG, &err), 0);
    assert_false(run_text_is_there(dir, RUN_LOG));
    scratch_write(dir, RUN_LOG, "short\n", 6);
    assert_int_equal(run_text_pack(dir, RUN_LOG, &err), 0);
    assert_true(file_exists(plain));
    free(plain);
    scratch_remove(dir);
}

static void a_packed_text_that_was_cut_or_changed_is_an_error(void **state)
{
    char *dir = scratch_new(), *text = long_stream(5000), *bytes;
    char *packed = mem_printf("%s/" RUN_STREAM RUN_TEXT_PACKED, dir);
    struct err err = {0};
    struct stream stream;
    size_t len;

    (void)state;
    scratch_write(dir, RUN_STREAM, text, strlen(text));
    assert_int_equal(run_text_pack(dir, RUN_STREAM, &err), 0);
    assert_int_equal(file_read(&bytes, &len, packed, 1 << 20, &err), 0);
    for (size_t cut = 1; cut < len; cut += len / 7) {
        scratch_write(dir, RUN_STREAM RUN_TEXT_PACKED, bytes, cut);
        assert_int_equal(stream_read(&stream, dir, &err), -1);
        assert_non_null(strstr(err.text, "cannot read 'stream'"));
    }
    bytes[len / 2] ^= 0x10;
    scratch_write(dir, RUN_STREAM RUN_TEXT_PACKED, bytes, len);
    assert_int_equal(stream_read(&stream, dir, &err), -1);
    free(bytes);
    free(packed);
    free(text);
    scratch_remove(dir);
}

static void links_and_folders_are_no_texts(void **state)
{
    char *dir = scratch_new(), *stream = path_join(dir, RUN_STREAM);
    struct err err = {0};
    FILE *file;

    (void)state;
    assert_int_equal(symlink("/etc/passwd", stream), 0);
    assert_int_equal(run_text_open(&file, dir, RUN_STREAM, &err), -1);
    assert_int_equal(run_text_pack(dir, RUN_STREAM, &err), -1);
    assert_int_equal(unlink(stream), 0);
    assert_int_equal(mkdir(stream, 0700), 0);
    assert_int_equal(run_text_open(&file, dir, RUN_STREAM, &err), -1);
    assert_non_null(strstr(err.text, "is no regular file"));
    free(stream);
    scratch_remove(dir);
}

static void the_tail_is_the_last_lines_of_either_form(void **state)
{
    char *dir = scratch_new();
    struct err err = {0};
    struct str tail = {0}, text = {0};

    (void)state;
    run_text_tail(&tail, dir, 3);
    assert_int_equal(tail.len, 0);
    scratch_write(dir, RUN_STREAM, "one\ntwo\nthree\nfour", 18);
    run_text_tail(&tail, dir, 3);
    assert_string_equal(tail.at, "two\nthree\nfour");
    str_clear(&tail);
    for (int i = 0; i < 9000; i++)
        str_addf(&text, "line %d\n", i);
    scratch_write(dir, RUN_LOG, text.at, text.len);
    for (int packed = 0; packed < 2; packed++) {
        run_text_tail(&tail, dir, 2);
        assert_string_equal(tail.at, "line 8998\nline 8999\n");
        str_clear(&tail);
        assert_int_equal(run_text_pack(dir, RUN_LOG, &err), 0);
    }
    str_clear(&text);
    scratch_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_floor_that_no_disk_has_is_short_and_says_so),
        cmocka_unit_test(a_floor_of_one_byte_is_met),
        cmocka_unit_test(memory_alone_may_be_short),
        cmocka_unit_test(what_is_off_is_not_looked_at),
        cmocka_unit_test(the_usual_floor_fits_a_small_disk),
        cmocka_unit_test(a_folder_that_is_still_to_be_made_has_the_disk_of_the_one_above),
        cmocka_unit_test(whether_a_block_can_be_written_is_tried_and_leaves_nothing),
        cmocka_unit_test(only_errors_about_a_full_disk_are_waited_for),
        cmocka_unit_test(sizes_read_as_people_write_them),
        cmocka_unit_test(a_group_leaves_what_is_below_its_limit_and_what_is_only_cached),
        cmocka_unit_test(groups_without_a_limit_leave_everything),
        cmocka_unit_test(a_packed_text_reads_as_the_plain_one_did),
        cmocka_unit_test(a_text_of_one_block_stays_plain_and_none_is_fine),
        cmocka_unit_test(a_packed_text_that_was_cut_or_changed_is_an_error),
        cmocka_unit_test(links_and_folders_are_no_texts),
        cmocka_unit_test(the_tail_is_the_last_lines_of_either_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
