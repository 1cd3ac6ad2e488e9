/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>

#include "schema.h"

/*
 * Unknown is NULL, never 0.  `bits` is the IEEE-754 pattern of a double as a signed 64-bit integer:
 * SQLite's REAL turns -0.0 into 0.0 and NaN into NULL; the REAL beside it is for queries by hand.
 * ANY is a text that may be packed (pack.h).
 */
const char *const schema[] = {
    "CREATE TABLE meta ("
    "  key TEXT PRIMARY KEY,"
    "  value TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID",

    /* texts that rows refer to, whole or as what they differ from (pack.h) */
    "CREATE TABLE pattern ("
    "  id INTEGER PRIMARY KEY,"
    "  kind TEXT NOT NULL,"
    "  text TEXT NOT NULL"
    ") STRICT",
    "CREATE TRIGGER pattern_stays BEFORE UPDATE ON pattern"
    "  BEGIN SELECT RAISE(ABORT, 'a pattern is never changed'); END",
    "CREATE TRIGGER pattern_remains BEFORE DELETE ON pattern"
    "  BEGIN SELECT RAISE(ABORT, 'a pattern is never deleted'); END",

    "CREATE TABLE session ("
    "  id INTEGER PRIMARY KEY,"
    "  environment TEXT NOT NULL,"
    "  started INTEGER NOT NULL"
    ") STRICT",

    "CREATE TABLE experiment ("
    "  id INTEGER PRIMARY KEY,"
    "  purpose TEXT NOT NULL"
    "    CHECK (purpose IN ('baseline', 'proposal', 'placebo', 'enqueued', 'hypothesis')),"
    "  config TEXT NOT NULL,"
    "  sha TEXT NOT NULL,"
    "  against INTEGER REFERENCES experiment,"
    "  steps INTEGER,"
    "  remark TEXT,"
    "  created INTEGER,"
    "  source TEXT"
    ") STRICT",

    "CREATE TABLE run ("
    "  id INTEGER PRIMARY KEY,"
    "  experiment INTEGER NOT NULL REFERENCES experiment,"
    "  variant TEXT NOT NULL"
    "    CHECK (variant IN ('own', 'repeat', 'neighbour', 'salted')),"
    "  seed INTEGER NOT NULL,"
    "  attempt INTEGER NOT NULL CHECK (attempt >= 1),"
    "  session INTEGER REFERENCES session,"
    "  class TEXT NOT NULL"
    "    CHECK (class IN ('none', 'ok', 'exit', 'signal', 'timeout', 'oom', 'nonfinite', "
    "'protocol',"
    "                     'output_flood', 'spawn', 'stopped', 'interrupted')),"
    "  exit_code INTEGER,"
    "  signal INTEGER,"
    "  bits INTEGER NOT NULL,"
    "  value REAL,"
    "  wall_s REAL,"
    "  cpu_s REAL,"
    "  peak_mib REAL,"
    "  steps INTEGER,"
    "  flops REAL,"
    "  started INTEGER,"
    "  ended INTEGER,"
    "  detail TEXT,"
    "  argv ANY,"
    "  limits ANY,"
    "  usage ANY,"
    "  UNIQUE (experiment, variant, seed, attempt)"
    ") STRICT",
    "CREATE UNIQUE INDEX one_ok ON run (experiment, variant, seed) WHERE class = 'ok'",

    /* against NULL: the experiment alone, on a seed of the selection panel (test 0) */
    "CREATE TABLE pair ("
    "  id INTEGER PRIMARY KEY,"
    "  experiment INTEGER NOT NULL REFERENCES experiment,"
    "  against INTEGER REFERENCES experiment,"
    "  idx INTEGER NOT NULL CHECK (idx >= 0),"
    "  seed INTEGER NOT NULL,"
    "  test INTEGER NOT NULL CHECK (test >= 0),"
    "  after INTEGER NOT NULL CHECK (after >= 0),"
    "  CHECK ((against IS NULL) = (test = 0))"
    ") STRICT",
    "CREATE UNIQUE INDEX pair_index ON pair (experiment, test, idx)",
    "CREATE UNIQUE INDEX pair_seed ON pair (seed) WHERE test > 0",

    "CREATE TABLE decision ("
    "  number INTEGER PRIMARY KEY,"
    "  kind TEXT NOT NULL"
    "    CHECK (kind IN ('head', 'verify', 'placebo', 'confirm', 'hypothesis')),"
    "  experiment INTEGER NOT NULL REFERENCES experiment,"
    "  against INTEGER REFERENCES experiment,"
    "  test INTEGER NOT NULL CHECK (test >= 0),"
    "  verdict TEXT NOT NULL CHECK (verdict IN ('keep', 'revert', 'failed')),"
    "  verified INTEGER NOT NULL CHECK (verified IN (0, 1)),"
    "  alpha REAL,"
    "  n INTEGER NOT NULL,"
    "  mean REAL,"
    "  low REAL,"
    "  high REAL,"
    "  z REAL,"
    "  sd REAL,"
    "  df REAL,"
    "  reason TEXT,"
    "  incumbent INTEGER REFERENCES experiment,"
    "  head INTEGER REFERENCES experiment,"
    "  body ANY"
    ") STRICT",
    "CREATE TRIGGER decision_stays BEFORE UPDATE ON decision"
    "  BEGIN SELECT RAISE(ABORT, 'a decision is never changed'); END",
    "CREATE TRIGGER decision_remains BEFORE DELETE ON decision"
    "  BEGIN SELECT RAISE(ABORT, 'a decision is never deleted'); END",
    "CREATE TRIGGER decision_follows BEFORE INSERT ON decision"
    "  WHEN NEW.number IS NOT (SELECT ifnull(max(number), 0) + 1 FROM decision)"
    "  BEGIN SELECT RAISE(ABORT, 'a decision is only ever appended'); END",

    "CREATE TABLE closing ("
    "  after INTEGER PRIMARY KEY,"
    "  placebo INTEGER NOT NULL CHECK (placebo IN (0, 1))"
    ") STRICT",

    "CREATE TABLE outbox ("
    "  id INTEGER PRIMARY KEY,"
    "  decision INTEGER NOT NULL REFERENCES decision,"
    "  ref INTEGER NOT NULL REFERENCES pattern,"
    "  parent BLOB NOT NULL CHECK (length(parent) IN (0, 20)),"
    "  tree BLOB NOT NULL CHECK (length(tree) = 20),"
    "  commit_id BLOB NOT NULL CHECK (length(commit_id) = 20),"
    "  done INTEGER NOT NULL CHECK (done IN (0, 1)),"
    "  UNIQUE (decision, ref)"
    ") STRICT",
    "CREATE TRIGGER outbox_stays"
    "  BEFORE UPDATE OF id, decision, ref, parent, tree, commit_id ON outbox"
    "  BEGIN SELECT RAISE(ABORT, 'a planned commit is never changed'); END",
    "CREATE TRIGGER outbox_remains BEFORE DELETE ON outbox"
    "  BEGIN SELECT RAISE(ABORT, 'a planned commit is never deleted'); END",

    /* the bytes of a commit until it is published; then git holds them, under their own hash */
    "CREATE TABLE intent ("
    "  outbox INTEGER PRIMARY KEY REFERENCES outbox,"
    "  bytes BLOB NOT NULL"
    ") STRICT",
    "CREATE TRIGGER intent_stays BEFORE UPDATE ON intent"
    "  BEGIN SELECT RAISE(ABORT, 'an intent is never changed'); END",
    "CREATE TRIGGER intent_remains BEFORE DELETE ON intent"
    "  WHEN NOT (SELECT done FROM outbox WHERE id = OLD.outbox)"
    "  BEGIN SELECT RAISE(ABORT, 'an intent stands until its commit is published'); END",

    "CREATE TABLE metric ("
    "  run INTEGER NOT NULL REFERENCES run,"
    "  name TEXT NOT NULL,"
    "  bits INTEGER NOT NULL,"
    "  value REAL,"
    "  PRIMARY KEY (run, name)"
    ") STRICT, WITHOUT ROWID",

    /* what an outside program answered when asked for an experiment, in order; refusal NULL: it
     * became that experiment */
    "CREATE TABLE answer ("
    "  id INTEGER PRIMARY KEY,"
    "  experiment INTEGER NOT NULL CHECK (experiment > 1),"
    "  text TEXT,"
    "  refusal TEXT,"
    "  source TEXT,"
    "  CHECK (text IS NOT NULL OR refusal IS NOT NULL)"
    ") STRICT",
    "CREATE UNIQUE INDEX one_taken ON answer (experiment) WHERE refusal IS NULL",
    "CREATE TRIGGER answer_stays BEFORE UPDATE ON answer"
    "  BEGIN SELECT RAISE(ABORT, 'an answer is never changed'); END",
    "CREATE TRIGGER answer_remains BEFORE DELETE ON answer"
    "  BEGIN SELECT RAISE(ABORT, 'an answer is never deleted'); END",

    /* in studies with early_terminate: what whole runs, and those that were ended early up to
     * there, printed on their way; the place is `progress` or else `step` */
    "CREATE TABLE curve ("
    "  run INTEGER NOT NULL REFERENCES run,"
    "  name TEXT NOT NULL,"
    "  idx INTEGER NOT NULL CHECK (idx >= 0),"
    "  progress REAL,"
    "  step REAL,"
    "  value REAL NOT NULL,"
    "  PRIMARY KEY (run, name, idx),"
    "  CHECK ((progress IS NULL) <> (step IS NULL))"
    ") STRICT, WITHOUT ROWID",

    /* run NULL: an input of the whole study */
    "CREATE TABLE artifact ("
    "  id INTEGER PRIMARY KEY,"
    "  run INTEGER REFERENCES run,"
    "  path TEXT NOT NULL,"
    "  sha TEXT NOT NULL,"
    "  bytes INTEGER NOT NULL"
    ") STRICT",
    "CREATE UNIQUE INDEX artifact_path ON artifact (ifnull(run, 0), path)",

    /* Every change of the tables above and below, and remarks.  `row`: which row of its kind's
     * table it tells of (event_kind.h); `number`: its place in the study's own chain, NULL for what
     * depends on the night; `sha`: the last word of the text where that is a SHA-256.  event.h says
     * what is hashed. */
    "CREATE TABLE event ("
    "  seq INTEGER PRIMARY KEY,"
    "  number INTEGER,"
    "  experiment INTEGER REFERENCES experiment,"
    "  row INTEGER NOT NULL,"
    "  time INTEGER NOT NULL,"
    "  kind TEXT NOT NULL,"
    "  text TEXT NOT NULL,"
    "  hash BLOB NOT NULL CHECK (length(hash) = 32),"
    "  sha BLOB CHECK (length(sha) = 32)"
    ") STRICT",
    "CREATE UNIQUE INDEX event_number ON event (number) WHERE number IS NOT NULL",
    "CREATE TRIGGER event_stays BEFORE UPDATE ON event"
    "  BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END",
    "CREATE TRIGGER event_remains BEFORE DELETE ON event"
    "  BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END",
    "CREATE TRIGGER event_follows BEFORE INSERT ON event"
    "  WHEN NEW.seq IS NOT (SELECT ifnull(max(seq), 0) + 1 FROM event)"
    "  BEGIN SELECT RAISE(ABORT, 'an event is only ever appended'); END",

    /* taken without an experiment: refused, since it is not allowed or not new */
    "CREATE TABLE queue ("
    "  id INTEGER PRIMARY KEY,"
    "  config TEXT NOT NULL,"
    "  taken INTEGER NOT NULL CHECK (taken IN (0, 1)),"
    "  experiment INTEGER REFERENCES experiment"
    ") STRICT",
    NULL,
};
