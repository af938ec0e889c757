/* vedette ingest: files into tables. NDJSON, JSON array, CSV, Parquet, lines of syslog, CEF and
 * containers, and the formats of Windows, AWS and Azure; plain, gzip or Zstandard. Files are read
 * in chunks, each stored as a whole; TimeGenerated is kept as it is in the file. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ids.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/ingest_once.h"
#include "cli/ingest_parquet.h"
#include "cli/options.h"
#include "ingest/container.h"
#include "ingest/csv_names.h"
#include "text/unpack.h"

enum { CHUNK_BYTES = 8 << 20, RECORD_MAX_BYTES = 64 << 20, READ_BYTES = 256 << 10 };

static const char usage[] =
    "usage: vedette ingest [--data DIR|--url URL] [--workspace W] --table T "
    "[--format ndjson|json|csv|syslog|cef|cri|docker|parquet] FILE…\n"
    "       vedette ingest [--data DIR|--url URL] [--workspace W] [--table T] "
    "--format windows|cloudtrail|vpcflow|guardduty|azure|zeek|auditd FILE…\n"
    "  Files may be compressed (.gz, .zst); '-' is standard input. A table "
    "that ends in _CL is made when it is absent.\n"
    "  windows: events as XML, as Winlogbeat's or NXLog's JSON, or an .evtx file; SecurityEvent "
    "for "
    "channel Security, else Event; --table WindowsEvent for all.\n"
    "  cloudtrail, vpcflow, guardduty: files of AWS; azure: diagnostic settings "
    "({\"records\": […]} or a record a line), the table by category.\n"
    "  zeek: logs of Zeek, each in a table Zeek_<log>_CL; auditd: LinuxAudit_CL.\n"
    "  A file that is in the table already is left out; --again stores it once more.\n"
    "  CSV: --separator C|tab, --columns A,B,… (no line of names), --map 'Name in the "
    "file=Column,…'\n";

enum shape {
    SHAPE_AUTO,
    SHAPE_NDJSON,
    SHAPE_JSON,
    SHAPE_CSV,
    SHAPE_SYSLOG,
    SHAPE_CEF,
    SHAPE_CRI, /* and Docker's: lines tell which they are */
    SHAPE_DOCKER,
    SHAPE_PARQUET,
    SHAPE_FOREIGN /* a format whose records choose their table */
};
static const char *const shape_names[] = {
    [SHAPE_AUTO] = "auto", [SHAPE_NDJSON] = "ndjson", [SHAPE_JSON] = "json",
    [SHAPE_CSV] = "csv",   [SHAPE_SYSLOG] = "syslog", [SHAPE_CEF] = "cef",
    [SHAPE_CRI] = "cri",   [SHAPE_DOCKER] = "docker", [SHAPE_PARQUET] = "parquet"};
struct import {
    struct client *client;
    const char *target; /* of the import route, up to the format */
    const struct client_workspace *workspace;
    const char *table;
    struct ingest_result total;
    uint64_t repeated; /* records that were stored before */
    enum shape wanted;
    enum ingest_format foreign; /* SHAPE_FOREIGN: which */
    bool again;                 /* also what was stored before */
    struct csv_names csv;
    char file_id[FILE_ID_BYTES]; /* of the file under hand; empty: standard input */
    unsigned long long part;     /* of it */
};
/* Bytes of a file from which whole records are cut off in front. */
struct feed {
    struct import *im;
    const char *path;
    enum shape shape;
    struct sbuf buf;
    struct sbuf header; /* CSV: the first line, in front of each chunk */
    struct sbuf body;
    struct ingest_cut foreign;
    size_t scanned, cut; /* how far the scan is; end of the last whole record */
    int depth;           /* JSON array: nesting */
    bool in_string, escaped, started, closed;
};

static void add_count(uint64_t *to, const struct json *answer, const char *name)
{
    const struct json *v = json_get(answer, name);
    *to += v != NULL && v->type == JSON_INT ? (uint64_t)v->i : 0;
}

static void add_result(struct import *im, const struct json *answer)
{
    struct ingest_result *t = &im->total;
    if (json_is_true(json_get(answer, "duplicate"))) {
        add_count(&im->repeated, answer, "received");
        return;
    }
    add_count(&t->received, answer, "received");
    add_count(&t->stored, answer, "stored");
    add_count(&t->rejected, answer, "rejected");
    add_count(&t->nulled, answer, "nulled");
    add_count(&t->truncated, answer, "truncated");
    add_count(&t->dropped, answer, "dropped");
}

static bool is_container(enum shape s)
{
    return s == SHAPE_CRI || s == SHAPE_DOCKER;
}

/* The server takes them as what they become. */
static const char *sent_as(enum shape s)
{
    return is_container(s) || s == SHAPE_PARQUET ? shape_names[SHAPE_NDJSON] : shape_names[s];
}

static bool send(struct import *im, enum shape shape, struct str body, struct err *e)
{
    struct json answer = {0};
    struct str target =
        arena_fmt(im->client->a, "%s?format=%s", im->target,
                  shape == SHAPE_FOREIGN ? ingest_format_name(im->foreign) : sent_as(shape));
    if (shape == SHAPE_CSV && im->csv.separator != ',')
        target = arena_fmt(im->client->a, "%s&separator=%s", target.p,
                           client_encoded(im->client->a, (struct str){&im->csv.separator, 1}).p);
    if (im->file_id[0] != '\0') /* an import that was broken off goes on where it was */
        target = arena_fmt(im->client->a, "%s&request=%s.%llu", target.p, im->file_id, im->part++);
    if (!client_call(im->client, "POST", target.p, "application/octet-stream", body, &answer, e))
        return false;
    add_result(im, &answer);
    return true;
}

static bool store_chunk(struct feed *f, struct str records, struct err *e)
{
    sbuf_clear(&f->body);
    if (f->shape == SHAPE_JSON)
        sbuf_addc(&f->body, '[');
    else if (f->shape == SHAPE_CSV)
        sbuf_add(&f->body, sbuf_str(&f->header));
    if (is_container(f->shape)) {
        char real[PATH_MAX];
        struct container_origin o = {.computer = STR("")};
        container_origin_read(str_from(realpath(f->path, real) != NULL ? real : f->path), &o);
        container_origin_read(str_from(f->path), &o);
        container_records(records, &o, &f->body);
    } else {
        sbuf_add(&f->body, records);
    }
    if (f->shape == SHAPE_JSON)
        sbuf_addc(&f->body, ']');
    if (!sbuf_ok(&f->body))
        return err_set(e, ERR_LIMIT, "a chunk of the file is too large");
    return send(f->im, f->shape, sbuf_str(&f->body), e);
}

/* ---- where records end ---- */

static void scan_lines(struct feed *f, struct str s)
{
    if (is_container(f->shape)) {
        f->cut = container_cut(s);
        f->scanned = s.n;
        return;
    }
    if (f->shape != SHAPE_CSV) { /* one record a line */
        const char *nl = s.n > 0 ? memrchr(s.p, '\n', s.n) : NULL;
        f->cut = nl != NULL ? (size_t)(nl - s.p) + 1 : 0;
        f->scanned = s.n;
        return;
    }
    f->cut = csv_cut(s, f->im->csv.separator);
    f->scanned = s.n;
}

/* Depth 1 is inside the outer array: a comma there ends a record. */
static void scan_array(struct feed *f, struct str s)
{
    for (; f->scanned < s.n && !f->closed; f->scanned++) {
        char c = s.p[f->scanned];
        if (f->in_string) {
            f->in_string = f->escaped || c != '"';
            f->escaped = !f->escaped && c == '\\';
        } else if (c == '"') {
            f->in_string = true;
        } else if (c == '[' || c == '{') {
            f->depth++;
        } else if (c == ']' || c == '}') {
            f->closed = --f->depth == 0;
        }
        if (!f->in_string && (f->closed || (c == ',' && f->depth == 1)))
            f->cut = f->scanned;
    }
}

static void drop_front(struct feed *f, size_t n)
{
    sbuf_drop(&f->buf, n);
    f->scanned -= n;
    f->cut = 0;
}

static bool flush_foreign(struct feed *f, bool last, struct err *e)
{
    size_t taken = 1;
    while (taken > 0) {
        sbuf_clear(&f->body);
        if (!ingest_cut_next(&f->foreign, sbuf_str(&f->buf), last, &f->header, &f->body, &taken, e))
            return false;
        if (f->body.n > 0 && !send(f->im, f->shape, sbuf_str(&f->body), e))
            return false;
        drop_front(f, taken);
    }
    return f->buf.n <= RECORD_MAX_BYTES ||
           err_set(e, ERR_LIMIT, "a record is longer than %d bytes", RECORD_MAX_BYTES);
}

/* Stores the whole records that are there. */
static bool flush(struct feed *f, struct err *e)
{
    if (f->shape == SHAPE_FOREIGN)
        return flush_foreign(f, false, e);
    struct str s = sbuf_str(&f->buf);
    if (f->shape == SHAPE_JSON)
        scan_array(f, s);
    else
        scan_lines(f, s);
    if (f->cut == 0) {
        if (s.n > RECORD_MAX_BYTES)
            return err_set(e, ERR_LIMIT, "a record is longer than %d bytes", RECORD_MAX_BYTES);
        return true;
    }
    if (!store_chunk(f, str_sub(s, 0, f->cut), e))
        return false;
    drop_front(f, f->shape == SHAPE_JSON ? f->cut + 1 : f->cut);
    return true;
}

/* ---- the start of a file ---- */

static bool is_csv_name(const char *path)
{
    static const char *const ends[] = {".csv", ".csv.gz", ".csv.zst"};
    for (size_t i = 0; i < COUNTOF(ends); i++)
        if (str_ends(str_from(path), str_from(ends[i])))
            return true;
    return false;
}

static bool start(struct feed *f, const char *path, struct err *e)
{
    struct str s = sbuf_str(&f->buf);
    size_t skip = str_starts(s, STR("\xef\xbb\xbf")) ? 3 : 0;
    while (skip < s.n && str_holds(STR(" \t\r\n"), s.p[skip]))
        skip++;
    f->shape = f->im->wanted;
    if (f->shape == SHAPE_FOREIGN) {
        f->foreign = (struct ingest_cut){.format = f->im->foreign};
        f->started = true;
        return true;
    }
    if (f->shape == SHAPE_AUTO)
        f->shape = is_csv_name(path)                ? SHAPE_CSV
                   : skip < s.n && s.p[skip] == '[' ? SHAPE_JSON
                                                    : SHAPE_NDJSON;
    if (f->shape == SHAPE_JSON) {
        if (skip >= s.n || s.p[skip] != '[')
            return err_set(e, ERR_SYNTAX, "the file is not a JSON array");
        f->depth = 1;
        skip++;
    } else if (f->shape == SHAPE_CSV) {
        size_t n = 0;
        struct str from = str_sub(s, skip, s.n);
        if (s.n < CHUNK_BYTES &&
            memchr(from.p, '\n', from.n) == NULL) /* a line of names without end is all there is */
            sbuf_addc(&f->buf, '\n');
        s = sbuf_str(&f->buf);
        if (!csv_names_line(&f->im->csv, str_sub(s, skip, s.n), &f->header, &n))
            return err_set(e, ERR_SYNTAX, "the first line of the CSV is broken");
        skip += n;
        f->in_string = false;
    }
    f->scanned = skip;
    drop_front(f, skip);
    f->started = true;
    return true;
}

static bool finish(struct feed *f, struct err *e)
{
    if (f->started && f->shape == SHAPE_FOREIGN)
        return flush_foreign(f, true, e);
    if (!f->started || !flush(f, e))
        return !f->started;
    struct str rest = str_trim(sbuf_str(&f->buf));
    if (f->shape == SHAPE_JSON)
        return f->closed && rest.n == 0
                   ? true
                   : err_set(e, ERR_SYNTAX, "the JSON array is cut off or has text behind it");
    return rest.n == 0 || store_chunk(f, rest, e);
}

static bool import_stream(struct feed *f, struct unpack *u, const char *path, struct err *e)
{
    char *block = xmalloc(READ_BYTES);
    bool ok = true;
    size_t n = 1;
    while (ok && n > 0) {
        ok = unpack_read(u, block, READ_BYTES, &n, e);
        if (!ok || n == 0)
            break;
        sbuf_addmem(&f->buf, block, n);
        if (f->buf.n >= CHUNK_BYTES)
            ok = (f->started || start(f, path, e)) && flush(f, e);
    }
    if (ok && !f->started && f->buf.n > 0)
        ok = start(f, path, e);
    ok = ok && finish(f, e);
    xfree(block);
    return ok;
}

static bool send_parquet(void *self, struct str lines, struct err *e)
{
    return send(self, SHAPE_PARQUET, lines, e);
}

static bool import_bytes(struct import *im, const char *path, struct err *e)
{
    struct parquet_import parquet = {im->client, im->workspace, im->table, CHUNK_BYTES,
                                     im,         send_parquet};
    if (im->wanted == SHAPE_PARQUET ||
        (im->wanted == SHAPE_AUTO && strcmp(path, "-") != 0 && parquet_is(path)))
        return parquet_import(&parquet, path, e);
    struct unpack *u = unpack_open(path, e);
    if (u == NULL)
        return false;
    struct feed f = {
        .im = im, .path = path, .buf = sbuf_make(0), .header = sbuf_make(0), .body = sbuf_make(0)};
    bool ok = import_stream(&f, u, path, e);
    sbuf_fini(&f.buf);
    sbuf_fini(&f.header);
    sbuf_fini(&f.body);
    unpack_close(u);
    if (!ok)
        err_prefix(e, "%s", path);
    return ok;
}

/* A file whose content is in the table already is left out. */
static bool import_file(struct import *im, const char *path, struct err *e)
{
    struct str when = STR("");
    uint64_t before = im->total.received + im->repeated;
    bool named = strcmp(path, "-") != 0;
    char id[FILE_ID_BYTES] = "";
    if (named && !file_identity(path, id, e))
        return false;
    if (named && !im->again &&
        !import_known(im->client, im->workspace->id, im->table, id, &when, e))
        return false;
    if (when.n > 0) {
        printf("%s: stored already (%.*s); --again stores it once more\n", path, STR_ARG(when));
        return true;
    }
    memcpy(im->file_id, id, sizeof(id));
    if (named && im->again)
        guid_format(guid_new(), im->file_id);
    im->part = 0;
    bool ok = import_bytes(im, path, e);
    im->file_id[0] = '\0';
    return ok && (!named || import_done(im->client, im->workspace->id, im->table, id, path,
                                        im->total.received + im->repeated - before, e));
}

/* ---- the command ---- */

struct arguments {
    const char *data, *url, *workspace, *table, *separator, *columns, *map;
    enum shape shape;
    enum ingest_format foreign;
    bool again;
};

static bool parse_shape(const char *name, struct arguments *a)
{
    if (ingest_format_find(str_from(name), &a->foreign) && ingest_format_routes(a->foreign)) {
        a->shape = SHAPE_FOREIGN;
        return true;
    }
    for (size_t i = 0; i < COUNTOF(shape_names); i++) {
        if (strcmp(shape_names[i], name) == 0) {
            a->shape = (enum shape)i;
            return true;
        }
    }
    return false;
}

static bool import_all(struct client *client, const struct arguments *a, char **files, int n,
                       struct err *e)
{
    struct client_workspace w = {0};
    bool ok = client_workspace(client, a->workspace, &w, e);
    struct import im = {.client = client,
                        .workspace = &w,
                        .table = a->table != NULL ? a->table : "auto",
                        .wanted = a->shape,
                        .foreign = a->foreign,
                        .again = a->again,
                        .csv = {.separator = ','}};
    if (ok && a->separator != NULL &&
        !csv_separator_read(str_from(a->separator), &im.csv.separator))
        ok = err_set(e, ERR_INVALID, "--separator: one character of ASCII, or tab expected");
    if (ok && a->columns != NULL)
        ok = csv_names_read_columns(&im.csv, client->a, str_from(a->columns), e);
    if (ok && a->map != NULL)
        ok = csv_names_read_map(&im.csv, client->a, str_from(a->map), e);
    im.target = arena_fmt(client->a, "/vedette/v1/workspaces/%s/records/%s", w.id, im.table).p;
    /* An unknown table is said before the first file is read. */
    ok = ok && (a->table == NULL || send(&im, SHAPE_NDJSON, STR(""), e));
    for (int i = 0; ok && i < n; i++)
        ok = import_file(&im, files[i], e);
    const struct ingest_result *t = &im.total;
    if (ok || t->received > 0)
        printf("%s: %llu records: %llu stored, %llu rejected\n",
               a->table != NULL ? a->table : ingest_format_name(a->foreign),
               (unsigned long long)t->received, (unsigned long long)t->stored,
               (unsigned long long)t->rejected);
    if (im.repeated > 0)
        printf("  %llu more were stored before\n", (unsigned long long)im.repeated);
    if (t->rejected > 0)
        printf("  rejected records: vedette query \"VedetteDeadLetter | where Source == "
               "'operator'\"\n");
    if (t->nulled + t->truncated + t->dropped > 0)
        printf("  %llu values did not fit their column, %llu were cut, %llu properties have no "
               "column\n",
               (unsigned long long)t->nulled, (unsigned long long)t->truncated,
               (unsigned long long)t->dropped);
    return ok;
}

static bool take_format(void *ctx, char *value)
{
    return parse_shape(value, ctx);
}

int cli_ingest(int argc, char **argv)
{
    struct arguments a = {0};
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(a),
                                         {"table", .text = &a.table},
                                         {"format", .take = take_format, .ctx = &a},
                                         {"separator", .text = &a.separator},
                                         {"columns", .text = &a.columns},
                                         {"map", .text = &a.map},
                                         {"again", .flag = &a.again}};
    int code = options_read(usage, options, COUNTOF(options), argc, argv);
    if (code >= 0)
        return code;
    if ((a.table == NULL && a.shape != SHAPE_FOREIGN) || optind >= argc)
        return options_misused(usage);
    struct err e = {0};
    struct client client = {0};
    bool ok = client_open(&client, a.data, a.url, true, &e);
    if (ok) {
        ok = import_all(&client, &a, argv + optind, argc - optind, &e);
        client_close(&client);
    }
    if (!ok)
        complain("ingest", &e);
    return ok ? 0 : 1;
}
