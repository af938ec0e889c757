/* Tables that files describe and fill, in a database in memory: for `vedette kql` and for tests. */
#pragma once
#include "engine/engine.h"

struct fixtures;
struct fixtures_options {
    const char *dir;            /* a table for each T.ndjson, T.json, T.jsonl, T.csv; NULL: none */
    const char *schemas_file;   /* {"Table":[["column","type"], …]}; NULL: none */
    const char *functions_file; /* [{"name","parameters","body"}, …]; NULL: none */
    const struct engine_fetch *fetch; /* of externaldata; NULL: none */
    const char *geoip_file;           /* where addresses are (MaxMind DB); NULL: none */
    size_t memory_bytes;              /* of the engine; 0 = its default */
    unsigned threads;
};
/* A file whose table has no schema gets columns from its rows. Errors name the file and line. */
struct fixtures *fixtures_open(const struct fixtures_options *o, struct err *e) MUST_USE;
void fixtures_close(struct fixtures *f); /* NULL is fine */
struct engine *fixtures_engine(struct fixtures *f);
const struct kql_catalog *fixtures_catalog(struct fixtures *f);
const struct engine_source *fixtures_source(struct fixtures *f);
