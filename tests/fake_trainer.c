/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fake_trainer - a trainer for tests: quick, deterministic, and able to fail in every known way.
 *
 *     fake_trainer MODE [--config FILE] [--seed N] [--noise S] [--sleep-ms N] [--metric NAME]
 *                       [--mode-from-config] [--dir DIR] [--steps N]
 *
 * MODE `ok` behaves: it echoes its config, prints three records (--steps N: so many) and a value of
 * the metric that depends on (config, seed) alone:
 *
 *     1 + sum over parameters of d^2 + S (z(seed) + z(seed, config)) / sqrt(2)
 *
 * where d is log10(x) + 3 for parameters whose name ends in "lr", x - 0.3 for the others, and z is
 * standard normal; numbers beyond 100 are constants, not parameters.  The part of the noise that
 * the seed alone decides is what pairing takes away.  The other modes: see the table at the end.
 */
#include <ctype.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct options {
    const char *mode, *config, *metric;
    uint64_t seed;
    double noise;
    long sleep_ms, steps;
    bool mode_from_config;
    char text[1 << 16]; /* of the config file */
    char mode_text[64];
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "fake_trainer: %s\n", what);
    exit(2);
}

static void pause_ms(long ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&left, &left) != 0)
        ;
}

static _Noreturn void sleep_forever(void)
{
    for (;;)
        pause();
}

/* --- the config: a flat JSON object, as the harness writes it --- */

static void read_config(struct options *o)
{
    FILE *in = o->config == NULL ? NULL : fopen(o->config, "re");

    strcpy(o->text, "{}");
    if (o->config == NULL)
        return;
    if (in == NULL)
        die("cannot read the config");
    size_t n = fread(o->text, 1, sizeof o->text - 1, in);
    o->text[n] = '\0';
    o->text[strcspn(o->text, "\n")] = '\0';
    fclose(in);
}

/* The next `"key": value` from *at on; false at the end.  value points at its first character. */
static bool next_field(const char **at, char key[64], const char **value)
{
    const char *open = strchr(*at, '"'), *close = open == NULL ? NULL : strchr(open + 1, '"');

    if (close == NULL)
        return false;
    snprintf(key, 64, "%.*s", (int)(close - open - 1), open + 1);
    *value = close + 1 + strspn(close + 1, ": \t");
    const char *end = **value == '"' ? strchr(*value + 1, '"') : *value + strcspn(*value, ",}");
    if (end == NULL)
        return false;
    *at = end + (*end == '"');
    return true;
}

static void take_mode(struct options *o)
{
    const char *at = o->text, *value;
    char key[64];

    while (next_field(&at, key, &value))
        if (strcmp(key, "mode") == 0 && *value == '"') {
            snprintf(o->mode_text, sizeof o->mode_text, "%.*s", (int)strcspn(value + 1, "\""),
                     value + 1);
            o->mode = o->mode_text;
        }
}

static double distance(const char *key, double x)
{
    size_t n = strlen(key);

    if (n >= 2 && strcmp(key + n - 2, "lr") == 0 && x > 0)
        return log10(x) + 3;
    return fabs(x) > 100 ? 0 : x - 0.3;
}

static double quadratic(const struct options *o)
{
    const char *at = o->text, *value;
    char key[64], *end;
    double sum = 1;

    while (next_field(&at, key, &value)) {
        double x = strtod(value, &end);
        if (end != value)
            sum += distance(key, x) * distance(key, x);
    }
    return sum;
}

/* --- noise --- */

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static uint64_t hash(const char *text, uint64_t h)
{
    for (; *text != '\0'; text++)
        h = mix(h ^ (unsigned char)*text);
    return h;
}

/* Box and Muller 1958. */
static double normal(uint64_t key)
{
    double u = ((double)(mix(key) >> 11) + 0.5) * 0x1p-53;
    double v = (double)(mix(key + 1) >> 11) * 0x1p-53;

    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static double loss(const struct options *o)
{
    double shared = normal(mix(o->seed)), own = normal(hash(o->text, mix(o->seed) + 7));

    return quadratic(o) + o->noise * (shared + own) / sqrt(2);
}

/* --- behaving --- */

static void echo(const char *config)
{
    printf("{\"config\": %s}\n", config);
    fflush(stdout);
}

static void print_steps(const struct options *o, long from, long to)
{
    for (long step = from; step <= to; step++) {
        pause_ms(o->sleep_ms / o->steps);
        printf("{\"step\": %ld, \"train_loss\": %.17g, \"progress\": %.3f}\n", step,
               loss(o) + 1.0 / (double)step, (double)step / (double)o->steps);
        fflush(stdout);
    }
}

static void print_curve(const struct options *o)
{
    print_steps(o, 1, o->steps);
}

static void print_result(const struct options *o)
{
    printf("{\"%s\": %.17g, \"steps\": %ld}\n", o->metric, loss(o), o->steps);
    fflush(stdout);
}

static int be_ok(const struct options *o)
{
    echo(o->text);
    print_curve(o);
    print_result(o);
    return 0;
}

static int be_stuck(const struct options *o)
{
    echo(o->text);
    print_steps(o, 1, o->steps / 2);
    if (loss(o) > 1.8)
        sleep_forever();
    print_steps(o, o->steps / 2 + 1, o->steps);
    print_result(o);
    return 0;
}

static int be_plain(const struct options *o)
{
    printf("---\n%s:          %.6f\ntraining_seconds: 0.1\n", o->metric, loss(o));
    return 0;
}

static int be_slow(const struct options *o)
{
    pause_ms(o->sleep_ms > 0 ? o->sleep_ms : 300);
    print_result(o);
    return 0;
}

static int be_silent(const struct options *o)
{
    (void)o;
    return 0;
}

/* --- failing --- */

static int be_crash(const struct options *o)
{
    print_curve(o);
    fputs("warming up\nout of cheese\n\n", stderr);
    return 3;
}

static int be_abort(const struct options *o)
{
    (void)o;
    fputs("assertion failed: cheese\n", stderr);
    abort();
}

static int be_hang(const struct options *o)
{
    print_curve(o);
    sleep_forever();
}

static int be_deaf(const struct options *o)
{
    signal(SIGTERM, SIG_IGN);
    return be_hang(o);
}

static int be_nan(const struct options *o)
{
    printf("{\"%s\": 1.5}\n{\"%s\": NaN}\n", o->metric, o->metric);
    return 0;
}

static int be_infinite(const struct options *o)
{
    printf("%s: inf\n", o->metric);
    return 1;
}

static int be_nonfinite(const struct options *o)
{
    printf("{\"%s\": 1.5}\n{\"nonfinite\": \"train_loss\", \"step\": 7}\n", o->metric);
    return 1;
}

static int be_flood(const struct options *o)
{
    char line[4096];

    (void)o;
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    while (fwrite(line, sizeof line, 1, stdout) == 1)
        ;
    return 0;
}

static int be_echo_wrong(const struct options *o)
{
    echo("{\"x\": -12345, \"lr\": -12345}");
    print_result(o);
    return 0;
}

static int be_partial(const struct options *o)
{
    printf("{\"%s\": %.17g}", o->metric, loss(o));
    return 0;
}

static int be_garbage(const struct options *o)
{
    uint64_t state = o->seed;

    for (int i = 0; i < 100000; i++) {
        state = mix(state);
        putchar((int)(state & 0xff));
    }
    putchar('\n');
    print_result(o);
    return 0;
}

static int be_hog(const struct options *o)
{
    const size_t chunk = 16u << 20;

    for (int i = 0; i < 64; i++) {
        void *at = mmap(NULL, chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED)
            return 4;
        memset(at, i + 1, chunk);
    }
    print_result(o);
    return 0;
}

/* --- leaving others behind --- */

/* A daemon: new session, twice forked, deaf to TERM; it keeps the trainer's descriptors. */
static void leave_daemon(bool close_all)
{
    if (fork() != 0)
        return;
    setsid();
    if (fork() != 0)
        _exit(0);
    signal(SIGTERM, SIG_IGN);
    for (int fd = 0; close_all && fd < 64; fd++)
        close(fd);
    sleep_forever();
}

static int be_grandchild(const struct options *o)
{
    leave_daemon(false);
    pause_ms(30);
    print_result(o);
    return 0;
}

static int be_daemon(const struct options *o)
{
    leave_daemon(true);
    pause_ms(30);
    print_result(o);
    return 0;
}

static int be_orphan_hold(const struct options *o)
{
    if (fork() == 0)
        sleep_forever();
    print_result(o);
    return 0;
}

/* A helper that ends by itself a moment later, and prints the value on the way. */
static int be_late(const struct options *o)
{
    if (fork() == 0) {
        pause_ms(10);
        print_result(o);
        _exit(0);
    }
    return 0;
}

/* 64 processes in four generations, most in sessions of their own, deaf, and never ending. */
static int be_tree(const struct options *o)
{
    (void)o;
    signal(SIGTERM, SIG_IGN);
    for (int generation = 0; generation < 3; generation++)
        for (int i = 0; i < 3; i++)
            if (fork() == 0) {
                setsid();
                break;
            }
    sleep_forever();
}

/* --- which modes there are --- */

static const struct {
    const char *name;
    int (*be)(const struct options *o);
    const char *summary;
} modes[] = {
    {"ok", be_ok, "records and a value"},
    {"echo-right", be_ok, "the same"},
    {"stuck", be_stuck, "as ok, but half way never goes on where the loss is above 1.8"},
    {"plain", be_plain, "`name: number` lines"},
    {"slow", be_slow, "sleeps --sleep-ms, then a value"},
    {"silent", be_silent, "exit 0, nothing printed"},
    {"crash", be_crash, "exit 3 with last words"},
    {"abort", be_abort, "SIGABRT"},
    {"hang", be_hang, "never ends"},
    {"ignore-term", be_deaf, "never ends and ignores TERM"},
    {"nan", be_nan, "NaN as Python prints it, exit 0"},
    {"inf", be_infinite, "`name: inf`, exit 1"},
    {"nonfinite", be_nonfinite, "says so in a record, exit 1"},
    {"flood", be_flood, "prints without end"},
    {"echo-wrong", be_echo_wrong, "an effective config that was not asked for"},
    {"partial-line", be_partial, "the value on a line without its end"},
    {"garbage", be_garbage, "100,000 random bytes, then a value"},
    {"hog", be_hog, "takes a GiB of memory"},
    {"grandchild", be_grandchild, "leaves a deaf daemon that holds stdout, exit 0"},
    {"daemon", be_daemon, "leaves a deaf daemon without any descriptor, exit 0"},
    {"orphan-hold", be_orphan_hold, "leaves a child that holds stdout, exit 0"},
    {"late", be_late, "a helper prints the value after the trainer's end"},
    {"tree", be_tree, "many deaf processes in many sessions"},
};

static int be(const struct options *o)
{
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(modes[i].name, o->mode) == 0)
            return modes[i].be(o);
    die("unknown mode");
}

static const char *operand(char **argv, int argc, int *i)
{
    if (++*i >= argc)
        die("an option wants a value");
    return argv[*i];
}

static void read_options(struct options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0)
            o->config = operand(argv, argc, &i);
        else if (strcmp(argv[i], "--seed") == 0)
            o->seed = strtoull(operand(argv, argc, &i), NULL, 10);
        else if (strcmp(argv[i], "--noise") == 0)
            o->noise = strtod(operand(argv, argc, &i), NULL);
        else if (strcmp(argv[i], "--steps") == 0)
            o->steps = strtol(operand(argv, argc, &i), NULL, 10);
        else if (strcmp(argv[i], "--sleep-ms") == 0)
            o->sleep_ms = strtol(operand(argv, argc, &i), NULL, 10);
        else if (strcmp(argv[i], "--metric") == 0)
            o->metric = operand(argv, argc, &i);
        else if (strcmp(argv[i], "--dir") == 0 && chdir(operand(argv, argc, &i)) != 0)
            die("cannot enter --dir");
        else if (strcmp(argv[i], "--mode-from-config") == 0)
            o->mode_from_config = true;
        else if (argv[i][0] != '-')
            o->mode = argv[i];
    }
}

int main(int argc, char **argv)
{
    static struct options o = {.mode = "ok", .metric = "val_loss", .noise = 0.01, .steps = 3};

    read_options(&o, argc, argv);
    read_config(&o);
    if (o.mode_from_config)
        take_mode(&o);
    return be(&o);
}
