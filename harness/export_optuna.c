/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Optuna's SQLite storage (optuna.storages.RDBStorage), made in memory.  The tables are those that
 * Optuna's models.py declares; alembic_version says which of its schemas they are: v3.0.0.d is
 * opened by 3.0 and 3.1, and v3.2.0.a, which adds an index alone, by 3.2 and later.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "export.h"
#include "json.h"
#include "optuna_trial.h"

static const char *const tables[] = {
    "CREATE TABLE studies (study_id INTEGER NOT NULL, study_name VARCHAR(512) NOT NULL,"
    " PRIMARY KEY (study_id))",
    "CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name)",
    "CREATE TABLE version_info (version_info_id INTEGER NOT NULL, schema_version INTEGER,"
    " library_version VARCHAR(256), PRIMARY KEY (version_info_id), CHECK (version_info_id = 1))",
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
    " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))",
    "CREATE TABLE study_directions (study_direction_id INTEGER NOT NULL,"
    " direction VARCHAR(8) NOT NULL, study_id INTEGER NOT NULL, objective INTEGER NOT NULL,"
    " PRIMARY KEY (study_direction_id), UNIQUE (study_id, objective),"
    " FOREIGN KEY (study_id) REFERENCES studies (study_id))",
    "CREATE TABLE study_user_attributes (study_user_attribute_id INTEGER NOT NULL,"
    " study_id INTEGER, \"key\" VARCHAR(512), value_json TEXT,"
    " PRIMARY KEY (study_user_attribute_id), UNIQUE (study_id, \"key\"),"
    " FOREIGN KEY (study_id) REFERENCES studies (study_id))",
    "CREATE TABLE study_system_attributes (study_system_attribute_id INTEGER NOT NULL,"
    " study_id INTEGER, \"key\" VARCHAR(512), value_json TEXT,"
    " PRIMARY KEY (study_system_attribute_id), UNIQUE (study_id, \"key\"),"
    " FOREIGN KEY (study_id) REFERENCES studies (study_id))",
    "CREATE TABLE trials (trial_id INTEGER NOT NULL, number INTEGER, study_id INTEGER,"
    " state VARCHAR(8) NOT NULL, datetime_start DATETIME, datetime_complete DATETIME,"
    " PRIMARY KEY (trial_id), FOREIGN KEY (study_id) REFERENCES studies (study_id))",
    "CREATE TABLE trial_user_attributes (trial_user_attribute_id INTEGER NOT NULL,"
    " trial_id INTEGER, \"key\" VARCHAR(512), value_json TEXT,"
    " PRIMARY KEY (trial_user_attribute_id), UNIQUE (trial_id, \"key\"),"
    " FOREIGN KEY (trial_id) REFERENCES trials (trial_id))",
    "CREATE TABLE trial_system_attributes (trial_system_attribute_id INTEGER NOT NULL,"
    " trial_id INTEGER, \"key\" VARCHAR(512), value_json TEXT,"
    " PRIMARY KEY (trial_system_attribute_id), UNIQUE (trial_id, \"key\"),"
    " FOREIGN KEY (trial_id) REFERENCES trials (trial_id))",
    "CREATE TABLE trial_params (param_id INTEGER NOT NULL, trial_id INTEGER,"
    " param_name VARCHAR(512), param_value FLOAT, distribution_json TEXT,"
    " PRIMARY KEY (param_id), UNIQUE (trial_id, param_name),"
    " FOREIGN KEY (trial_id) REFERENCES trials (trial_id))",
    "CREATE TABLE trial_values (trial_value_id INTEGER NOT NULL, trial_id INTEGER NOT NULL,"
    " objective INTEGER NOT NULL, value FLOAT, value_type VARCHAR(7) NOT NULL,"
    " PRIMARY KEY (trial_value_id), UNIQUE (trial_id, objective),"
    " FOREIGN KEY (trial_id) REFERENCES trials (trial_id))",
    "CREATE TABLE trial_intermediate_values (trial_intermediate_value_id INTEGER NOT NULL,"
    " trial_id INTEGER NOT NULL, step INTEGER NOT NULL, intermediate_value FLOAT,"
    " intermediate_value_type VARCHAR(7) NOT NULL, PRIMARY KEY (trial_intermediate_value_id),"
    " UNIQUE (trial_id, step), FOREIGN KEY (trial_id) REFERENCES trials (trial_id))",
    "CREATE TABLE trial_heartbeats (trial_heartbeat_id INTEGER NOT NULL,"
    " trial_id INTEGER NOT NULL, heartbeat DATETIME NOT NULL, PRIMARY KEY (trial_heartbeat_id),"
    " UNIQUE (trial_id), FOREIGN KEY (trial_id) REFERENCES trials (trial_id))",
    NULL,
};

static const char *const schema_3_0[] = {
    "INSERT INTO version_info VALUES (1, 12, '3.1.0')",
    "INSERT INTO alembic_version VALUES ('v3.0.0.d')",
    NULL,
};

static const char *const schema_3_2[] = {
    "CREATE INDEX trials_study_id_key ON trials (study_id)",
    "INSERT INTO version_info VALUES (1, 12, '4.0.0')",
    "INSERT INTO alembic_version VALUES ('v3.2.0.a')",
    NULL,
};

/* --- rows ------------------------------------------------------------------------------------- */

/* The statements that write rows; the first column of each counts by itself. */
enum statement { STUDY_ATTRIBUTE, TRIAL, PARAM, VALUE, POINT, ATTRIBUTE, STATEMENTS };

static const char *const inserts[STATEMENTS] = {
    [STUDY_ATTRIBUTE] = "INSERT INTO study_user_attributes VALUES (NULL, 1, ?, ?)",
    [TRIAL] = "INSERT INTO trials VALUES (?, ?, 1, ?, ?, ?)",
    [PARAM] = "INSERT INTO trial_params VALUES (NULL, ?, ?, ?, ?)",
    [VALUE] = "INSERT INTO trial_values VALUES (NULL, ?, 0, ?, 'FINITE')",
    [POINT] = "INSERT INTO trial_intermediate_values VALUES (NULL, ?, ?, ?, 'FINITE')",
    [ATTRIBUTE] = "INSERT INTO trial_user_attributes VALUES (NULL, ?, ?, ?)",
};

struct writer {
    const struct view *view;
    char **distributions; /* [space.n] JSON of each parameter's, NULL for a constant */
    sqlite3 *db;
    sqlite3_stmt *insert[STATEMENTS];
};

static int fail(const struct writer *w, struct err *err)
{
    return err_environment(err, "cannot make Optuna's storage: %s", sqlite3_errmsg(w->db));
}

static void put_text(sqlite3_stmt *row, int column, const char *text)
{
    sqlite3_bind_text(row, column, text, -1, SQLITE_TRANSIENT);
}

static void put_json(sqlite3_stmt *row, int column, const json_t *value)
{
    struct str text = {0};

    json_write(&text, value);
    put_text(row, column, str_text(&text));
    str_clear(&text);
}

static void put_time(sqlite3_stmt *row, int column, int64_t when)
{
    char text[OPTUNA_TIME];

    if (when <= 0) {
        sqlite3_bind_null(row, column);
        return;
    }
    optuna_time(text, when, ' ');
    put_text(row, column, text);
}

static int write_row(const struct writer *w, sqlite3_stmt *row, struct err *err)
{
    int rc = sqlite3_step(row);

    sqlite3_reset(row);
    return rc == SQLITE_DONE ? 0 : fail(w, err);
}

static int write_study_attributes(const struct writer *w, json_t *attributes, struct err *err)
{
    sqlite3_stmt *row = w->insert[STUDY_ATTRIBUTE];
    const char *key;
    json_t *value;

    json_object_foreach (attributes, key, value) {
        put_text(row, 1, key);
        put_json(row, 2, value);
        if (write_row(w, row, err) != 0)
            return -1;
    }
    return 0;
}

static int write_attributes(const struct writer *w, int64_t trial, const struct json_line *line,
                            struct err *err)
{
    sqlite3_stmt *row = w->insert[ATTRIBUTE];
    size_t len;

    for (size_t i = 0; i < line->n; i++) {
        const char *value = json_line_value(&len, line, i);
        sqlite3_bind_int64(row, 1, trial);
        sqlite3_bind_text(row, 2, line->members[i].name, -1, SQLITE_STATIC);
        sqlite3_bind_text64(row, 3, value, len, SQLITE_STATIC, SQLITE_UTF8);
        if (write_row(w, row, err) != 0)
            return -1;
    }
    return 0;
}

static int write_params(const struct writer *w, int64_t id, struct err *err)
{
    const struct space *space = &w->view->record.study.space;
    const struct value *config = w->view->record.experiments[id - 1].config;
    sqlite3_stmt *row = w->insert[PARAM];
    int rc = 0;

    for (size_t i = 0; i < space->n && rc == 0; i++) {
        const struct param *param = &space->params[i];
        if (w->distributions[i] == NULL || config[i].type == VALUE_NONE)
            continue;
        sqlite3_bind_int64(row, 1, id);
        sqlite3_bind_text(row, 2, param->name, -1, SQLITE_STATIC);
        sqlite3_bind_double(row, 3, optuna_value(param, &config[i]));
        sqlite3_bind_text(row, 4, w->distributions[i], -1, SQLITE_STATIC);
        rc = write_row(w, row, err);
    }
    return rc;
}

static int write_points(const struct writer *w, int64_t id, const struct optuna_trial *trial,
                        struct err *err)
{
    sqlite3_stmt *row = w->insert[POINT];

    for (size_t i = 0; i < trial->n_points; i++) {
        sqlite3_bind_int64(row, 1, id);
        sqlite3_bind_int64(row, 2, trial->points[i].step);
        sqlite3_bind_double(row, 3, trial->points[i].value);
        if (write_row(w, row, err) != 0)
            return -1;
    }
    return 0;
}

static int write_value(const struct writer *w, int64_t id, const struct optuna_trial *trial,
                       struct err *err)
{
    if (!isfinite(trial->value))
        return 0;
    sqlite3_bind_int64(w->insert[VALUE], 1, id);
    sqlite3_bind_double(w->insert[VALUE], 2, trial->value);
    return write_row(w, w->insert[VALUE], err);
}

static int write_trial(const struct writer *w, int64_t id, struct err *err)
{
    sqlite3_stmt *row = w->insert[TRIAL];
    struct optuna_trial trial;

    if (optuna_trial_read(&trial, w->view, id, err) != 0)
        return -1;
    sqlite3_bind_int64(row, 1, id);
    sqlite3_bind_int64(row, 2, id - 1);
    put_text(row, 3, optuna_state_names[trial.state]);
    put_time(row, 4, trial.started);
    put_time(row, 5, trial.ended);
    int rc = write_row(w, row, err);
    if (rc == 0)
        rc = write_params(w, id, err);
    if (rc == 0)
        rc = write_value(w, id, &trial, err);
    if (rc == 0)
        rc = write_points(w, id, &trial, err);
    if (rc == 0)
        rc = write_attributes(w, id, &trial.attributes, err);
    optuna_trial_clear(&trial);
    return rc;
}

/* --- the file --------------------------------------------------------------------------------- */

static int execute(const struct writer *w, const char *const *statements, struct err *err)
{
    for (; *statements != NULL; statements++)
        if (sqlite3_exec(w->db, *statements, NULL, NULL, NULL) != SQLITE_OK)
            return fail(w, err);
    return 0;
}

static int write_study(const struct writer *w, struct err *err)
{
    const struct study *study = &w->view->record.study;
    char *rows[] = {
        sqlite3_mprintf("INSERT INTO studies VALUES (1, %Q)", study->name),
        sqlite3_mprintf("INSERT INTO study_directions VALUES (1, %Q, 1, 0)",
                        study->maximize ? "MAXIMIZE" : "MINIMIZE"),
        NULL,
    };
    int rc = execute(w, (const char *const *)rows, err);

    sqlite3_free(rows[0]);
    sqlite3_free(rows[1]);
    if (rc != 0)
        return -1;
    json_t *attributes = optuna_study_attributes(w->view);
    rc = write_study_attributes(w, attributes, err);
    json_decref(attributes);
    return rc;
}

static int prepare(struct writer *w, const char *const *version, struct err *err)
{
    static const char *const begin[] = {"BEGIN", NULL};

    if (sqlite3_open(":memory:", &w->db) != SQLITE_OK)
        return fail(w, err);
    if (execute(w, tables, err) != 0 || execute(w, version, err) != 0 ||
        execute(w, begin, err) != 0)
        return -1;
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v2(w->db, inserts[i], -1, &w->insert[i], NULL) != SQLITE_OK)
            return fail(w, err);
    return 0;
}

static int serialize(struct str *out, const struct writer *w, struct err *err)
{
    static const char *const commit[] = {"COMMIT", NULL};
    sqlite3_int64 len = 0;

    if (execute(w, commit, err) != 0)
        return -1;
    unsigned char *bytes = sqlite3_serialize(w->db, "main", &len, 0);
    if (bytes == NULL)
        return fail(w, err);
    str_addn(out, (const char *)bytes, (size_t)len);
    sqlite3_free(bytes);
    return 0;
}

static int write_all(struct str *out, struct writer *w, const char *const *version, struct err *err)
{
    if (prepare(w, version, err) != 0 || write_study(w, err) != 0)
        return -1;
    for (size_t i = 0; i < w->view->record.n_experiments; i++)
        if (write_trial(w, (int64_t)i + 1, err) != 0)
            return -1;
    return serialize(out, w, err);
}

static int write_storage(struct str *out, const struct view *view, const char *const *version,
                         struct err *err)
{
    const struct space *space = &view->record.study.space;
    struct writer w = {.view = view, .distributions = optuna_distributions(space)};
    int rc = write_all(out, &w, version, err);

    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(w.insert[i]);
    sqlite3_close(w.db);
    optuna_distributions_free(w.distributions, space);
    return rc;
}

int export_optuna(struct str *out, const struct view *view, struct err *err)
{
    return write_storage(out, view, schema_3_0, err);
}

int export_optuna4(struct str *out, const struct view *view, struct err *err)
{
    return write_storage(out, view, schema_3_2, err);
}
