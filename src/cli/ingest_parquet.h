/* Parquet files for vedette ingest. */
#pragma once
#include "cli/client.h"

struct parquet_import {
    struct client *client;
    const struct client_workspace *workspace;
    const char *table;
    size_t chunk_bytes; /* about so much is sent at once */
    void *self;
    bool (*send)(void *self, struct str lines, struct err *e); /* NDJSON */
};
/* A file by its first bytes. */
bool parquet_is(const char *path);
/* Gives a custom table the file's columns, with their types, then sends the rows. */
bool parquet_import(const struct parquet_import *p, const char *path, struct err *e) MUST_USE;
