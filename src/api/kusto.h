/* What the files of the Kusto interface share: a table of cells, whoever holds them. */
#pragma once
#include "api/api_priv.h"
#include "kql/kql.h"
#include "kql/lexer.h"

struct kusto_table {
    struct kql_schema schema;
    size_t n_rows;
    const char *cut; /* rows are missing: because of which limit; NULL: none are */
    struct kql_value (*cell)(const void *self, size_t row, size_t column);
    const void *self;
};

/* ---- kusto_show.c: control commands ---- */
/* A command on its way through a reader. */
struct kusto_words {
    struct str text;
    const struct tok *toks;
    size_t n, at;
};
struct str kusto_word(const struct kusto_words *w, size_t i);
/* T, 'T' or ['T']; false: there is no name, and the place stays. */
bool kusto_take_name(struct kusto_words *w, struct arena *a, struct str *out) MUST_USE;
bool kusto_is_command(struct str csl); /* starts with '.', comments aside */
/* Runs a .show command. here: the database (workspace) of the request. Rows live in q->arena.
 * *out_rest: what stands behind the command's first '|', or empty. Errors: ERR_SYNTAX (no command,
 * with position), ERR_NOT_FOUND (table, database), ERR_UNSUPPORTED (another command). */
bool kusto_show(struct vedette *v, struct http_request *q, struct workspace *here, struct str csl,
                struct kusto_table *out, struct str *out_rest, struct err *e) MUST_USE;
/* Runs a command that changes functions; *out: what it leaves, as .show functions has it. False
 * with e->code ERR_OK: it is another command. Errors: ERR_FORBIDDEN (the right functions/write is
 * missing), those of library_save. */
bool kusto_change(struct vedette *v, struct http_request *q, struct workspace *here, struct str csl,
                  struct kusto_table *out, struct str *out_rest, struct err *e) MUST_USE;
/* Runs a command that changes a custom table's columns: ".alter column T.C type=string" gives a
 * wider type, ".alter-merge table T (C:string)" adds. *out: the table, as .show table T cslschema
 * has it. False with e->code ERR_OK: it is another command. Errors: ERR_FORBIDDEN (the right
 * tables/write is missing), ERR_SYNTAX, those of workspace_table_define. Sources: ".alter column
 * command", ".alter-merge table command". */
bool kusto_alter(struct vedette *v, struct http_request *q, struct workspace *here, struct str csl,
                 struct kusto_table *out, struct str *out_rest, struct err *e) MUST_USE;
/* The same rows as the text of a datatable, for the query behind the '|'. In a. */
struct str kusto_datatable(struct arena *a, const struct kusto_table *t);

/* ---- kusto_write.c ---- */
/* A v1 answer; several tables or query true: with properties, status and table of contents. */
void kusto_write_v1(const struct http_request *q, int64_t now, const struct kusto_table *tables,
                    size_t n, bool query, struct http_response *r);
/* A v2 answer: an array of frames. render may have no chart. */
void kusto_write_v2(const struct http_request *q, int64_t now, const struct kusto_table *tables,
                    size_t n, const struct kql_render *render, struct http_response *r);

/* ---- kusto_schema.c ---- */
/* {"Plugins": [], "Databases": {…}}, as .show schema as json gives it. */
struct str kusto_schema_json(struct vedette *v, struct http_request *q,
                             struct workspace *const *all, size_t n);
/* One table of it: {"Name", "OrderedColumns"}. */
struct str kusto_table_json(struct arena *a, const struct kql_table *t);
/* "a:string,b:long" */
struct str kusto_table_csl(struct arena *a, const struct kql_table *t);
