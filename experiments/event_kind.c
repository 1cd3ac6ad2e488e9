/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <string.h>

#include "event_kind.h"

/* A row that the study has one of is row 0. */
const struct event_kind event_kinds[] = {
    {"begun", true, true,
     "SELECT NULL, 'study ' || sha256((SELECT value FROM meta WHERE key = 'study'))"
     " || ' spec ' || sha256((SELECT value FROM meta WHERE key = 'spec')) WHERE ? = 0",
     "SELECT 0 FROM meta WHERE key = 'spec'"},

    {"inputs", false, false,
     "SELECT NULL, count(*) || ' ' || sha256(ifnull(group_concat(exact(path) || exact(sha)"
     " || exact(bytes), ''), '')) FROM (SELECT * FROM artifact WHERE run IS NULL ORDER BY path)"
     " WHERE ? = 0",
     "SELECT 0 FROM meta WHERE key = 'spec'"},

    {"session", false, true,
     "SELECT NULL, 'environment ' || sha256(environment) FROM session WHERE id = ?",
     "SELECT id FROM session ORDER BY id"},

    {"enqueued", false, true, "SELECT NULL, config FROM queue WHERE id = ?",
     "SELECT id FROM queue ORDER BY id"},

    {"proposed", false, true,
     "SELECT id, purpose || ' against ' || ifnull(against, 0) || ' config ' || sha256(config)"
     " || ifnull(' source ' || source, '') FROM experiment WHERE id = ?",
     "SELECT id FROM experiment ORDER BY id"},

    /* The experiment that was asked for is not there yet. */
    {"answered", false, true,
     "SELECT NULL, iif(refusal IS NULL, 'taken', 'refused') || ' for experiment ' || experiment"
     " || ' ' || sha256(exact(text) || exact(refusal) || exact(source)) FROM answer WHERE id = ?",
     "SELECT id FROM answer ORDER BY id"},

    {"taken", false, true,
     "SELECT experiment, iif(experiment, 'tried', 'refused') FROM queue WHERE id = ? AND taken",
     "SELECT id FROM queue WHERE taken ORDER BY id"},

    {"noted", false, false, "SELECT id, sha256(remark) FROM experiment WHERE id = ?",
     "SELECT id FROM experiment WHERE remark IS NOT NULL ORDER BY id"},

    {"planned", false, true,
     "SELECT experiment, 'against ' || ifnull(against, 0) || ' test ' || test || ' index ' || idx"
     " || ' seed ' || seed || ' after ' || after FROM pair WHERE id = ?",
     "SELECT id FROM pair ORDER BY id"},

    {"started", false, true,
     "SELECT experiment, variant || ' seed ' || seed || ' attempt ' || attempt FROM run"
     " WHERE id = ?",
     "SELECT id FROM run ORDER BY id"},

    {"ended", false, true,
     "SELECT experiment, class || ' ' || printf('%016x', bits) || ' ' || sha256("
     " exact(session) || exact(exit_code) || exact(signal) || exact(wall_s) || exact(cpu_s)"
     " || exact(peak_mib) || exact(steps) || exact(flops) || exact(started) || exact(ended)"
     " || exact(detail) || exact(unpacked(argv)) || exact(unpacked(limits))"
     " || exact(unpacked(usage))"
     " || (SELECT ifnull(group_concat(exact(name) || exact(bits), ''), '')"
     "     FROM (SELECT * FROM metric WHERE run = run.id ORDER BY name))"
     " || (SELECT ifnull(group_concat(exact(path) || exact(sha) || exact(bytes), ''), '')"
     "     FROM (SELECT * FROM artifact WHERE ifnull(run, 0) = run.id ORDER BY path))"
     " || (SELECT ifnull(group_concat(exact(name) || exact(progress) || exact(step)"
     "     || exact(value), ''), '')"
     "     FROM (SELECT * FROM curve WHERE run = run.id ORDER BY name, idx)))"
     " FROM run WHERE id = ? AND class <> 'none'",
     "SELECT id FROM run WHERE class <> 'none' ORDER BY id"},

    {"calibrated", false, false, "SELECT id, 'steps ' || steps FROM experiment WHERE id = ?",
     "SELECT id FROM experiment WHERE steps IS NOT NULL ORDER BY id"},

    {"decided", true, true,
     "SELECT experiment, kind || ' ' || verdict || ' ' || sha256("
     " exact(against) || exact(test) || exact(verified) || exact(alpha) || exact(n) || exact(mean)"
     " || exact(low) || exact(high) || exact(z) || exact(sd) || exact(df) || exact(reason)"
     " || exact(incumbent) || exact(head) || exact(unpacked(body))"
     " || (SELECT ifnull(group_concat(exact(ref) || exact(parent) || exact(tree)"
     "     || exact(commit_id), ''), '')"
     "     FROM (SELECT text AS ref, lower(hex(parent)) AS parent, lower(hex(tree)) AS tree,"
     "         lower(hex(commit_id)) AS commit_id"
     "       FROM outbox JOIN pattern ON pattern.id = outbox.ref"
     "       WHERE decision = number ORDER BY text)))"
     " FROM decision WHERE number = ?",
     "SELECT number FROM decision ORDER BY number"},

    {"closed", true, true, "SELECT NULL, 'placebo ' || placebo FROM closing WHERE after = ?",
     "SELECT after FROM closing ORDER BY after"},

    {NULL, false, false, NULL, NULL},
};

const struct event_kind *event_kind_find(const char *name)
{
    for (const struct event_kind *kind = event_kinds; kind->name != NULL; kind++)
        if (strcmp(kind->name, name) == 0)
            return kind;
    return NULL;
}
