/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What others are told: the service manager (service.h), the user's command (notify.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "json.h"
#include "notify.h"
#include "scratch.h"
#include "service.h"
#include "study_fixture.h"

/* --- the service manager ---------------------------------------------------------------------- */

/* A manager's socket at `name` (a path, or '@' and an abstract name). */
static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    size_t len = strlen(name);

    assert_true(fd >= 0 && len < sizeof address.sun_path);
    memcpy(address.sun_path, name, len);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static void assert_hears(int manager, const char *expected)
{
    char text[512];
    ssize_t n = recv(manager, text, sizeof text - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    assert_string_equal(text, expected);
}

static void a_manager_hears_what_becomes_of_us(void **state)
{
    char *dir = scratch_new(), *path = path_join(dir, "notify");
    char *abstract = mem_printf("@nightshift-test-%d", (int)getpid());
    const char *const names[] = {path, abstract};
    struct service service;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int manager = listen_at(names[i]);
        service_open(&service);
        service_ready(&service);
        assert_hears(manager, "READY=1\n");
        service_status(&service, "3 experiments");
        assert_hears(manager, "STATUS=3 experiments\n");
        service_status(&service, "3 experiments"); /* nothing new */
        assert_hears(manager, "");
        service_status(&service, "4 experiments");
        assert_hears(manager, "STATUS=4 experiments\n");
        service_stopping(&service);
        assert_hears(manager, "STOPPING=1\n");
        service_close(&service);
        close(manager);
    }
    unsetenv("NOTIFY_SOCKET");
    free(abstract);
    free(path);
    scratch_remove(dir);
}

static void the_watchdog_is_fed_when_half_its_time_is_over(void **state)
{
    char *dir = scratch_new(), *path = path_join(dir, "notify"), *own = mem_printf("%d", getpid());
    int manager = listen_at(path);
    struct service service;

    (void)state;
    setenv("WATCHDOG_USEC", "20000000", 1);
    setenv("WATCHDOG_PID", own, 1);
    service_open(&service);
    service.fed = clock_s() - 9.9;
    service_alive(&service);
    assert_hears(manager, "");
    service.fed = clock_s() - 10;
    service_alive(&service);
    assert_hears(manager, "WATCHDOG=1\n");
    service_alive(&service);
    assert_hears(manager, "");
    service_close(&service);
    setenv("WATCHDOG_PID", "1", 1); /* meant for another */
    service_open(&service);
    assert_true(service.watchdog_s == 0);
    service_close(&service);
    setenv("WATCHDOG_USEC", "soon", 1);
    unsetenv("WATCHDOG_PID");
    service_open(&service);
    assert_true(service.watchdog_s == 0);
    service_close(&service);
    unsetenv("WATCHDOG_USEC");
    unsetenv("NOTIFY_SOCKET");
    close(manager);
    free(own);
    free(path);
    scratch_remove(dir);
}

static void where_nobody_listens_nothing_happens(void **state)
{
    static const char *const names[] = {NULL, "", "relative", "/no/such/socket", "@"};
    struct service service;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unsetenv("NOTIFY_SOCKET");
        if (names[i] != NULL)
            setenv("NOTIFY_SOCKET", names[i], 1);
        service_open(&service);
        service_ready(&service);
        service_status(&service, "x");
        service_alive(&service);
        service_close(&service);
    }
    unsetenv("NOTIFY_SOCKET");
    service_ready(NULL);
    service_status(NULL, "x");
    service_alive(NULL);
}

/* --- the user's command ----------------------------------------------------------------------- */

struct told { /* a study that tells a script, which writes down what it hears */
    char *dir;
    struct study study;
};

static void tell_script(struct told *told, const char *arguments, const char *script)
{
    char *line = mem_printf("notify: [./tell.sh%s]", arguments),
         *text = sound_with("jobs: 2", line);
    char *path;

    told->dir = scratch_new();
    path = path_join(told->dir, "tell.sh");
    scratch_write(told->dir, "tell.sh", script, strlen(script));
    assert_int_equal(chmod(path, 0700), 0);
    parse_good(&told->study, text);
    free(path);
    free(text);
    free(line);
}

static void end_told(struct told *told)
{
    study_clear(&told->study);
    scratch_remove(told->dir);
}

/* What the script has left in a file; "" where there is none.  The caller frees. */
static char *heard(const struct told *told, const char *name)
{
    char *path = path_join(told->dir, name), *text = NULL;
    struct err err = {0};

    if (!file_exists(path))
        text = mem_strdup("");
    else if (file_read(&text, NULL, path, 1 << 20, &err) != 0)
        fail_msg("%s", err.text);
    free(path);
    return text;
}

static void a_command_gets_the_event_as_json_and_in_its_arguments(void **state)
{
    struct told told;
    json_t *json;
    struct err err = {0};

    (void)state;
    tell_script(
        &told, ", 'is:{event}', '{message}', plain",
        "#!/bin/sh\ncd \"${0%/*}\" && printf '%s\\n' \"$#\" \"$@\" >arguments && cat >json\n");
    struct notifier *notifier = notifier_new(&told.study, told.dir, 10);
    notify(notifier, "pause", "the $(touch x) disk is \"full\"; `rm -rf`\n\x1b[2J",
           json_pack("{s:i}", "experiment", 7));
    notifier_free(notifier);
    char *arguments = heard(&told, "arguments"), *text = heard(&told, "json");
    assert_string_equal(arguments, "3\nis:pause\nthe $(touch x) disk is \"full\"; `rm "
                                   "-rf`\\x0a\\x1b[2J\nplain\n");
    assert_int_equal(json_read(&json, text, strlen(text), "json", &err), 0);
    assert_string_equal(json_string_value(json_object_get(json, "event")), "pause");
    assert_string_equal(json_string_value(json_object_get(json, "study")), "kjv");
    assert_int_equal(json_integer_value(json_object_get(json, "experiment")), 7);
    assert_non_null(strstr(json_string_value(json_object_get(json, "message")), "\"full\""));
    json_decref(json);
    free(text);
    free(arguments);
    end_told(&told);
}

static void events_are_told_one_after_the_other(void **state)
{
    struct told told;

    (void)state;
    tell_script(&told, ", '{event}'", "#!/bin/sh\ncd \"${0%/*}\" && echo \"$1\" >>all\n");
    struct notifier *notifier = notifier_new(&told.study, told.dir, 10);
    notify(notifier, "verified", "a", NULL);
    notify(notifier, "pause", "b", NULL);
    notify(notifier, "finish", "c", NULL);
    notifier_free(notifier);
    char *all = heard(&told, "all");
    assert_string_equal(all, "verified\npause\nfinish\n");
    free(all);
    end_told(&told);
}

static void a_command_that_does_not_end_is_killed_with_all_it_has_started(void **state)
{
    struct told told;
    double began = clock_s();

    (void)state;
    tell_script(
        &told, ", '{event}'",
        "#!/bin/sh\ncd \"${0%/*}\"\nif [ \"$1\" = pause ]; then (trap '' TERM; sleep 60) &\n"
        "echo $! >child; wait; fi\necho \"$1\" >>all\n");
    struct notifier *notifier = notifier_new(&told.study, told.dir, 0.5);
    notify(notifier, "pause", "a", NULL);
    notify(notifier, "finish", "b", NULL);
    notifier_free(notifier);
    assert_true(clock_s() - began < 30);
    char *all = heard(&told, "all"), *child = heard(&told, "child");
    assert_string_equal(all, "finish\n");
    char *state_of = mem_printf("/proc/%ld/environ", strtol(child, NULL, 10));
    for (int i = 0; i < 200 && access(state_of, R_OK) == 0; i++)
        poll(NULL, 0, 10);
    assert_int_not_equal(access(state_of, R_OK), 0);
    free(state_of);
    free(child);
    free(all);
    end_told(&told);
}

static void a_command_that_fails_or_is_missing_is_only_logged(void **state)
{
    struct told told;

    (void)state;
    tell_script(&told, "", "#!/bin/sh\nexit 3\n");
    struct notifier *notifier = notifier_new(&told.study, told.dir, 10);
    notify(notifier, "finish", "a", NULL);
    notifier_free(notifier);
    notifier = notifier_new(&told.study, "/no/such/folder", 10);
    notify(notifier, "finish", "b", NULL);
    notifier_free(notifier);
    end_told(&told);
}

static void a_command_sees_no_secret_of_our_environment(void **state)
{
    struct told told;

    (void)state;
    setenv("NIGHTSHIFT_TEST_TOKEN", "s3cr3t-s3cr3t", 1);
    tell_script(&told, "",
                "#!/bin/sh\ncd \"${0%/*}\" && env >env; cat >>env; ls /proc/$$/fd >fds\n");
    struct notifier *notifier = notifier_new(&told.study, told.dir, 10);
    notify(notifier, "finish", "done", NULL);
    notifier_free(notifier);
    unsetenv("NIGHTSHIFT_TEST_TOKEN");
    char *env = heard(&told, "env");
    assert_null(strstr(env, "s3cr3t"));
    assert_null(strstr(env, "NIGHTSHIFT_TEST"));
    assert_non_null(strstr(env, "PATH="));
    char *fds = heard(&told, "fds");
    assert_null(strstr(fds, "\n3\n")); /* nor any file of ours */
    free(fds);
    free(env);
    end_told(&told);
}

static void who_tells_nobody_does_nothing(void **state)
{
    struct study study;

    (void)state;
    parse_good(&study, sound);
    assert_null(notifier_new(&study, "/tmp", 10));
    notify(NULL, "finish", "x", json_object());
    notifier_tend(NULL);
    notifier_free(NULL);
    study_clear(&study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manager_hears_what_becomes_of_us),
        cmocka_unit_test(the_watchdog_is_fed_when_half_its_time_is_over),
        cmocka_unit_test(where_nobody_listens_nothing_happens),
        cmocka_unit_test(a_command_gets_the_event_as_json_and_in_its_arguments),
        cmocka_unit_test(events_are_told_one_after_the_other),
        cmocka_unit_test(a_command_that_does_not_end_is_killed_with_all_it_has_started),
        cmocka_unit_test(a_command_that_fails_or_is_missing_is_only_logged),
        cmocka_unit_test(a_command_sees_no_secret_of_our_environment),
        cmocka_unit_test(who_tells_nobody_does_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
