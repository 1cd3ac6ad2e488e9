/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "clock.h"
#include "log.h"
#include "mem.h"
#include "serve.h"
#include "serve_gate.h"
#include "serve_site.h"
#include "signals.h"
#include "store_change.h"

enum { CONNECTIONS = 32, STREAMS = 8, HEAD_BYTES = 16384, IDLE_S = 20 };
enum { LOOK_MS = 1000, BEAT_S = 10, LEAST_S = 2, SPARING = 5 };

/* What may be due to a browser, lowest bit first. */
enum { DUE_GREETING = 1, DUE_CHANGED = 2, DUE_BEAT = 4 };
static const char *const due_texts[] = {"retry: 2000\n\n", "event: changed\ndata: record\n\n",
                                        ": still here\n\n"};

struct stream {                        /* of events, to one browser */
    struct MHD_Connection *connection; /* NULL: a free place */
    bool asleep;
    unsigned due;     /* DUE_… that are to be sent yet */
    const char *rest; /* of the one that is being sent */
};

struct serve {
    const struct serve_options *options;
    struct gate gate;
    struct serve_site site;
    struct store_change *change;
    bool stale, made; /* the report is older than the record; there is one */
    bool told;        /* browsers know that it is stale */
    double next_make; /* clock_s(): not before */
    double next_beat;
    bool ending;
    struct stream streams[STREAMS];
    struct MHD_Daemon *daemon;
};

/* --- answers ---------------------------------------------------------------------------------- */

static enum MHD_Result send_answer(struct MHD_Connection *connection, unsigned status,
                                   struct MHD_Response *response, const char *type,
                                   const char *policy)
{
    static const char *const always[][2] = {{"Cache-Control", "no-store"},
                                            {"X-Content-Type-Options", "nosniff"},
                                            {"Referrer-Policy", "no-referrer"},
                                            {"Cross-Origin-Resource-Policy", "same-origin"},
                                            {"Cross-Origin-Opener-Policy", "same-origin"}};

    if (response == NULL)
        return MHD_NO;
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        MHD_add_response_header(response, always[i][0], always[i][1]);
    MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "Content-Security-Policy", policy);
    enum MHD_Result rc = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return rc;
}

static struct MHD_Response *bytes_response(const char *bytes, size_t len)
{
    return MHD_create_response_from_buffer(len, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result send_words(struct MHD_Connection *connection, unsigned status,
                                  const char *words, const char *header, const char *value)
{
    struct str text = {0};

    str_add_printable(&text, words, strlen(words), 1000);
    str_add(&text, "\n");
    struct MHD_Response *response = bytes_response(str_text(&text), text.len);
    str_clear(&text);
    if (response != NULL && header != NULL)
        MHD_add_response_header(response, header, value);
    return send_answer(connection, status, response, "text/plain; charset=utf-8",
                       "default-src 'none'");
}

static enum MHD_Result send_welcome(struct serve *s, struct MHD_Connection *connection)
{
    char cookie[GATE_COOKIE];
    struct MHD_Response *response = bytes_response("", 0);

    gate_cookie(cookie, &s->gate);
    if (response != NULL) {
        MHD_add_response_header(response, "Set-Cookie", cookie);
        MHD_add_response_header(response, "Location", "/");
    }
    return send_answer(connection, MHD_HTTP_SEE_OTHER, response, "text/plain; charset=utf-8",
                       "default-src 'none'");
}

/* --- the report ------------------------------------------------------------------------------- */

static int make_report(struct serve *s, struct err *err)
{
    struct view view;
    double began = clock_s();
    int rc = view_open(&view, s->options->study, s->options->dir, err);

    if (rc == 0) {
        rc = serve_site_make(&s->site, &view, err);
        view_close(&view);
    }
    double took = clock_s() - began;
    s->next_make = clock_s() + (SPARING * took > LEAST_S ? SPARING * took : LEAST_S);
    s->stale = rc != 0;
    s->told = false;
    s->made |= rc == 0;
    return rc;
}

static enum MHD_Result send_page(struct serve *s, struct MHD_Connection *connection,
                                 const char *path)
{
    struct err err = {0};
    bool shell = strcmp(path, "/") == 0;

    if (!shell && s->stale && (!s->made || clock_s() >= s->next_make) &&
        make_report(s, &err) != 0) {
        log_warn("%s", err.text);
        if (!s->made)
            return send_words(connection, MHD_HTTP_SERVICE_UNAVAILABLE, err.text, NULL, NULL);
    }
    const struct serve_site_page *page = serve_site_find(&s->site, path);
    if (page == NULL)
        return send_words(connection, MHD_HTTP_NOT_FOUND, "there is nothing here", NULL, NULL);
    return send_answer(connection, MHD_HTTP_OK, bytes_response(page->bytes, page->len), page->type,
                       page->policy);
}

/* --- events ----------------------------------------------------------------------------------- */

struct reader { /* of one stream, for as long as its response lives */
    struct serve *serve;
    struct stream *stream;
};

/* The next text that is due, "" where nothing is. */
static const char *next_text(struct stream *stream)
{
    for (size_t i = 0; i < sizeof due_texts / sizeof *due_texts; i++)
        if ((stream->due & 1u << i) != 0) {
            stream->due &= ~(1u << i);
            return due_texts[i];
        }
    return "";
}

static ssize_t read_stream(void *into, uint64_t at, char *out, size_t most)
{
    const struct reader *reader = into;
    struct stream *stream = reader->stream;

    (void)at;
    if (reader->serve->ending)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (*stream->rest == '\0')
        stream->rest = next_text(stream);
    size_t len = strlen(stream->rest);
    if (len == 0) {
        stream->asleep = true;
        MHD_suspend_connection(stream->connection);
        return 0;
    }
    if (len > most)
        len = most;
    memcpy(out, stream->rest, len);
    stream->rest += len;
    return (ssize_t)len;
}

static void end_stream(void *into)
{
    struct reader *reader = into;

    reader->stream->connection = NULL;
    free(reader);
}

static enum MHD_Result send_events(struct serve *s, struct MHD_Connection *connection)
{
    struct stream *stream = s->streams;

    while (stream < s->streams + STREAMS && stream->connection != NULL)
        stream++;
    if (stream == s->streams + STREAMS)
        return send_words(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "too many are listening",
                          "Retry-After", "10");
    struct reader *reader = mem_new(1, sizeof *reader);
    *reader = (struct reader){.serve = s, .stream = stream};
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024, read_stream, reader, end_stream);
    if (response == NULL) {
        free(reader);
        return MHD_NO;
    }
    *stream = (struct stream){.connection = connection, .due = DUE_GREETING, .rest = ""};
    s->told = false; /* it may show a report that the others have replaced already */
    return send_answer(connection, MHD_HTTP_OK, response, "text/event-stream",
                       "default-src 'none'");
}

/* Tells who listens; 0: nothing new, for those who end.  One that is still being sent something
 * goes on to it by itself. */
static void tell(struct serve *s, unsigned due)
{
    for (size_t i = 0; i < STREAMS; i++) {
        struct stream *stream = &s->streams[i];
        if (stream->connection == NULL)
            continue;
        stream->due |= due;
        if (!stream->asleep)
            continue;
        stream->asleep = false;
        MHD_resume_connection(stream->connection);
    }
}

/* --- requests --------------------------------------------------------------------------------- */

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result answer(void *into, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *body,
                              size_t *body_len, void **request)
{
    struct serve *s = into;
    struct gate_request r = {
        .method = method,
        .host = header(connection, "Host"),
        .origin = header(connection, "Origin"),
        .cookies = header(connection, "Cookie"),
        .token = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token")};

    (void)version, (void)body, (void)body_len, (void)request;
    switch (gate_ask(&s->gate, &r)) {
    case GATE_BAD_HOST:
        return send_words(connection, MHD_HTTP_MISDIRECTED_REQUEST, "not the host that is here",
                          NULL, NULL);
    case GATE_BAD_ORIGIN:
        return send_words(connection, MHD_HTTP_FORBIDDEN, "not for other pages", NULL, NULL);
    case GATE_BAD_METHOD:
        return send_words(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "this only reads", "Allow",
                          "GET, HEAD");
    case GATE_NO_TOKEN:
        return send_words(connection, MHD_HTTP_FORBIDDEN,
                          "use the address that nightshift serve has printed", NULL, NULL);
    case GATE_WELCOME:
        return send_welcome(s, connection);
    case GATE_OPEN:
        break;
    }
    if (strcmp(path, "/events") == 0)
        return send_events(s, connection);
    return send_page(s, connection, path);
}

/* Nothing of ours is written with %XX, so nothing is read so: "%00" and "%2e" stay what they are.
 */
static size_t leave_escaped(void *into, struct MHD_Connection *connection, char *text)
{
    (void)into, (void)connection;
    return strlen(text);
}

/* --- the loop --------------------------------------------------------------------------------- */

static int start_daemon(struct serve *s, struct err *err)
{
    struct sockaddr_in here = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)s->options->port),
                               .sin_addr = {htonl(INADDR_LOOPBACK)}};

    s->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, (uint16_t)s->options->port, NULL, NULL, answer, s,
        MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&here, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_UNESCAPE_CALLBACK,
        leave_escaped, NULL, MHD_OPTION_END);
    if (s->daemon == NULL)
        return err_sys(err, "cannot listen on 127.0.0.1 port %u", s->options->port);
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT);
    s->gate.port = info != NULL ? info->port : s->options->port;
    return 0;
}

/* Who listens is told once that the record has changed, as soon as the report may be made anew. */
static void look(struct serve *s)
{
    double now = clock_s();

    if (store_change_seen(s->change))
        s->stale = true;
    if (s->stale && s->made && !s->told && now >= s->next_make) {
        tell(s, DUE_CHANGED);
        s->told = true;
    } else if (now >= s->next_beat) {
        tell(s, DUE_BEAT); /* a browser that is gone is noticed by it */
        s->next_beat = now + BEAT_S;
    }
}

static int wait_ms(struct serve *s)
{
    MHD_UNSIGNED_LONG_LONG most;

    return MHD_get_timeout(s->daemon, &most) == MHD_YES && most < LOOK_MS ? (int)most : LOOK_MS;
}

static void serve_until_signal(struct serve *s, int signals)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    double next_look = 0;

    struct pollfd fds[] = {{.fd = info->epoll_fd, .events = POLLIN},
                           {.fd = signals, .events = POLLIN}};
    while (signals_next(signals) == 0) {
        poll(fds, 2, wait_ms(s));
        if (clock_s() >= next_look) {
            look(s);
            next_look = clock_s() + LOOK_MS / 1000.0;
        }
        MHD_run(s->daemon);
    }
}

static int tell_address(const struct serve *s, struct err *err)
{
    struct str line = {0};

    log_info("the report of study '%s', for this machine alone; Ctrl-C ends it", s->site.name);
    str_addf(&line, "http://127.0.0.1:%u/?token=%s\n", s->gate.port, s->gate.token);
    int rc = view_print(&line, err);
    str_clear(&line);
    return rc == 0 && fflush(stdout) != 0 ? err_sys(err, "cannot write to standard output") : rc;
}

static void stop_daemon(struct serve *s)
{
    if (s->daemon == NULL)
        return;
    s->ending = true;
    tell(s, 0);
    MHD_run(s->daemon);
    MHD_stop_daemon(s->daemon);
}

/* The name for the page, and the record to be watched.  Also says at once what is wrong with it. */
static int open_site(struct serve *s, struct err *err)
{
    struct view view;

    if (view_open(&view, s->options->study, s->options->dir, err) != 0)
        return -1;
    int rc = serve_site_init(&s->site, view.record.study.name, err);
    if (rc == 0)
        rc = store_change_open(&s->change, view.place.db, err);
    view_close(&view);
    return rc;
}

static int serve_to_the_end(struct serve *s, int signals, struct err *err)
{
    int rc = -1;

    if (open_site(s, err) == 0 && start_daemon(s, err) == 0 && tell_address(s, err) == 0) {
        serve_until_signal(s, signals);
        rc = 0;
    }
    stop_daemon(s);
    store_change_close(s->change);
    serve_site_clear(&s->site);
    return rc;
}

/* Signals stay caught to the end of the program: until the folder is removed, or one that comes
 * late would leave it behind; and after that, or it would say that we were killed. */
int serve_run(const struct serve_options *options, struct err *err)
{
    static const int caught[] = {SIGINT, SIGTERM, SIGHUP, 0};
    struct serve s = {.options = options, .stale = true};

    if (gate_init(&s.gate, options->token, err) != 0)
        return -1;
    int signals = signals_open(caught, err);
    if (signals < 0)
        return -1;
    return serve_to_the_end(&s, signals, err);
}
