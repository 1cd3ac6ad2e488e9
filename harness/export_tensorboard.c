/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TensorBoard's event files, one for each run that ended, in DIR/EXPERIMENT/SEED: curves and last
 * values as scalars, and what its HPARAMS page reads: the parameters, the experiment as the group
 * that its seeds belong to, how it ended.
 *
 * Numbers of fields: tensorboard/compat/proto/event.proto and summary.proto,
 * tensorboard/plugins/hparams/plugin_data.proto and api.proto; google/protobuf/struct.proto.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "baseline.h"
#include "curve_reader.h"
#include "export.h"
#include "file.h"
#include "mem.h"
#include "protobuf.h"
#include "tfrecord.h"

enum event_field { EVENT_WALL_TIME = 1, EVENT_STEP = 2, EVENT_FILE_VERSION = 3, EVENT_SUMMARY = 5 };
enum summary_field { SUMMARY_VALUE = 1 };
enum value_field { VALUE_TAG = 1, VALUE_SIMPLE = 2, VALUE_METADATA = 9 };
enum metadata_field { METADATA_PLUGIN_DATA = 1 };
enum plugin_field { PLUGIN_NAME = 1, PLUGIN_CONTENT = 2 };
enum hparams_field { HPARAMS_START = 3, HPARAMS_END = 4 };
enum start_field { START_HPARAMS = 1, START_GROUP = 4, START_TIME = 5 };
enum end_field { END_STATUS = 1, END_TIME = 2 };
enum status { STATUS_SUCCESS = 1, STATUS_FAILURE = 2 };
enum entry_field { ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum struct_field { STRUCT_NUMBER = 2, STRUCT_TEXT = 3, STRUCT_BOOL = 4 };

/* One run's file as it grows. */
struct events {
    struct str file;
    double began, ended; /* Unix seconds */
};

/* Takes the inner message of the event. */
static void add_event(struct events *events, double when, int64_t step, enum event_field field,
                      struct str *inner)
{
    struct str event = {0};

    proto_double(&event, EVENT_WALL_TIME, when);
    proto_integer(&event, EVENT_STEP, step);
    proto_message(&event, field, inner);
    tfrecord_add(&events->file, &event);
    str_clear(&event);
}

static void add_version(struct events *events)
{
    struct str version = {0};

    str_add(&version, "brain.Event:2");
    add_event(events, events->began, 0, EVENT_FILE_VERSION, &version);
}

static void add_scalar(struct events *events, const char *tag, double when, int64_t step,
                       double value)
{
    struct str scalar = {0}, summary = {0};

    proto_text(&scalar, VALUE_TAG, tag);
    proto_float(&scalar, VALUE_SIMPLE, (float)value);
    proto_message(&summary, SUMMARY_VALUE, &scalar);
    add_event(events, when, step, EVENT_SUMMARY, &summary);
}

/* --- the HPARAMS page ------------------------------------------------------------------------- */

/* Takes `inner`, the message of the plugin's field. */
static void add_hparams(struct events *events, const char *tag, double when,
                        enum hparams_field field, struct str *inner)
{
    struct str data = {0}, plugin = {0}, metadata = {0}, value = {0}, summary = {0};

    proto_message(&data, field, inner);
    proto_text(&plugin, PLUGIN_NAME, "hparams");
    proto_message(&plugin, PLUGIN_CONTENT, &data);
    proto_message(&metadata, METADATA_PLUGIN_DATA, &plugin);
    proto_text(&value, VALUE_TAG, tag);
    proto_message(&value, VALUE_METADATA, &metadata);
    proto_message(&summary, SUMMARY_VALUE, &value);
    add_event(events, when, 0, EVENT_SUMMARY, &summary);
}

static void add_parameter(struct str *start, const char *name, const struct value *value)
{
    struct str entry = {0}, inner = {0};

    if (value->type == VALUE_NUMBER)
        proto_double(&inner, STRUCT_NUMBER, value->number);
    else if (value->type == VALUE_BOOL)
        proto_bool(&inner, STRUCT_BOOL, value->number != 0);
    else
        proto_text(&inner, STRUCT_TEXT, value->text);
    proto_text(&entry, ENTRY_KEY, name);
    proto_message(&entry, ENTRY_VALUE, &inner);
    proto_message(start, START_HPARAMS, &entry);
}

static void add_start(struct events *events, const struct view *view, const struct run *run)
{
    const struct space *space = &view->record.study.space;
    struct value *config = run_config(&view->record, run);
    char *group = mem_printf("experiment %lld", (long long)run->experiment);
    struct str start = {0};

    for (size_t i = 0; i < space->n; i++)
        if (config[i].type != VALUE_NONE)
            add_parameter(&start, space->params[i].name, &config[i]);
    proto_text(&start, START_GROUP, group);
    proto_double(&start, START_TIME, events->began);
    add_hparams(events, "_hparams_/session_start_info", events->began, HPARAMS_START, &start);
    free(group);
    free(config);
}

static void add_end(struct events *events, const struct run *run)
{
    struct str end = {0};
    bool fine = run->class == CLASS_OK || run->class == CLASS_STOPPED;

    proto_integer(&end, END_STATUS, fine ? STATUS_SUCCESS : STATUS_FAILURE);
    proto_double(&end, END_TIME, events->ended);
    add_hparams(events, "_hparams_/session_end_info", events->ended, HPARAMS_END, &end);
}

/* --- scalars ---------------------------------------------------------------------------------- */

/* A place on TensorBoard's axis: the trainer's step, or thousandths of its progress. */
static int64_t axis(const struct run_curves *curves, double place)
{
    return (int64_t)round(curves->kind == PLACE_PROGRESS ? place * 1000 : place);
}

/* Nobody noted when a point was printed: they are spread evenly over the run. */
static void add_curve(struct events *events, const struct run_curves *curves,
                      const struct curve *curve, const char *tag, double sign)
{
    double end = run_curves_end(curves);

    for (size_t i = 0; i < curve->n; i++) {
        const struct curve_point *point = &curve->points[i];
        double share = end > 0 ? point->place / end : 1;
        add_scalar(events, tag, events->began + share * (events->ended - events->began),
                   axis(curves, point->place), sign * point->value);
    }
}

/* What the run printed last under each name, unless its curve has that already. */
static int add_metrics(struct events *events, const struct view *view, const struct run *run,
                       const struct run_curves *curves, struct err *err)
{
    double end = run_curves_end(curves);
    int64_t at = curves->kind == PLACE_PROGRESS ? 1000 : run->steps;
    int64_t reached = isfinite(end) ? axis(curves, end) : -1;
    struct metric *metrics;
    size_t n;

    if (store_metrics(view->store, &metrics, &n, run->id, false, err) != 0)
        return -1;
    if (at < reached)
        at = reached;
    for (size_t i = 0; i < n; i++) {
        bool own = strcmp(metrics[i].name, view->record.study.metric) == 0;
        const struct curve *curve = own ? &curves->metric : &curves->train;
        bool has_curve = own || strcmp(metrics[i].name, "train_loss") == 0;
        bool drawn =
            has_curve && curve->n > 0 && axis(curves, curve->points[curve->n - 1].place) >= at;
        if (!drawn)
            add_scalar(events, metrics[i].name, events->ended, at > 0 ? at : 0, metrics[i].value);
    }
    metrics_free(metrics, n);
    return 0;
}

static int add_scalars(struct events *events, const struct view *view, const struct run *run,
                       struct err *err)
{
    const struct study *study = &view->record.study;
    char *dir = place_run_dir(&view->place, run);
    struct curve_reader reader;

    curve_reader_init(&reader, study);
    int rc = curve_reader_read(&reader, dir, err);
    if (rc == 0) {
        add_curve(events, &reader.curves, &reader.curves.metric, study->metric,
                  study->maximize ? -1 : 1);
        add_curve(events, &reader.curves, &reader.curves.train, "train_loss", 1);
        rc = add_metrics(events, view, run, &reader.curves, err);
    }
    curve_reader_clear(&reader);
    free(dir);
    return rc;
}

/* --- files ------------------------------------------------------------------------------------ */

/* DIR/EXPERIMENT/SEED, as in the run directory; the caller frees. */
static char *folder_of(const char *dir, const struct run *run)
{
    bool own = run->variant == RUN_OWN;

    return mem_printf("%s/%lld/%u%s%s", dir, (long long)run->experiment, run->seed, own ? "" : "-",
                      own ? "" : variant_names[run->variant]);
}

static int write_events(const char *dir, const struct run *run, const struct str *file,
                        struct err *err)
{
    char *folder = folder_of(dir, run);
    char *path =
        mem_printf("%s/events.out.tfevents.%010lld.nightshift", folder, (long long)run->started);
    int rc = file_mkdirs(folder, err);

    if (rc == 0)
        rc = file_write_unsynced(path, file->at, file->len, err);
    free(path);
    free(folder);
    return rc;
}

static int write_run(const char *dir, const struct view *view, const struct run *run,
                     struct err *err)
{
    struct events events = {.began = (double)run->started, .ended = (double)run->ended};
    int rc;

    add_version(&events);
    add_start(&events, view, run);
    rc = add_scalars(&events, view, run, err);
    add_end(&events, run);
    if (rc == 0)
        rc = write_events(dir, run, &events.file, err);
    str_clear(&events.file);
    return rc;
}

/* Of several attempts at a run the last one counts. */
int export_tensorboard(const char *dir, const struct view *view, struct err *err)
{
    const struct record *record = &view->record;

    for (size_t i = 0; i < record->n_runs; i++) {
        const struct run *run = &record->runs[i];
        bool last = record_variant(record, run->experiment, run->variant, run->seed) == run;
        if (last && run->class != CLASS_NONE && run->class != CLASS_INTERRUPTED &&
            write_run(dir, view, run, err) != 0)
            return -1;
    }
    return 0;
}
