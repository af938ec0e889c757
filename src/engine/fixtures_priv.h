/* What fixtures.c and fixtures_rows.c share. */
#pragma once
#include "engine/engine_store.h"
#include "engine/fixtures.h"
#include "text/json.h"

struct fixture_table {
    struct kql_table t;
    bool filled; /* there is a table of that name in the database */
};
struct fixtures {
    struct arena *a;
    struct engine *engine;
    struct map *tables, *functions; /* name → struct fixture_table, kql_stored_function */
    VEC(struct fixture_table *) list;
    VEC(struct str) views; /* names of functions that are */
    struct kql_catalog catalog;
    struct engine_source source;
};
void fixtures_add(struct fixtures *f, struct fixture_table *t);
bool fixtures_read_file(struct arena *a, const char *path, struct str *out, struct err *e) MUST_USE;
/* Fills the tables that files of dir are named after. */
bool fixtures_load_dir(struct fixtures *f, const char *dir, struct err *e) MUST_USE;
