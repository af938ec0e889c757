/* vedette ingest: files into a table. NDJSON, JSON array, CSV; plain, gzip or Zstandard. Files are
 * read in chunks, each stored as a whole; TimeGenerated is kept as it is in the file. */
#include <getopt.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/direct.h"
#include "text/unpack.h"

enum { CHUNK_BYTES = 8 << 20, RECORD_MAX_BYTES = 64 << 20, READ_BYTES = 256 << 10 };

static const char usage[] = "usage: vedette ingest [--data DIR] [--workspace W] --table T "
                            "[--format ndjson|json|csv] FILE…\n"
                            "  Files may be compressed (.gz, .zst); '-' is standard input. A table "
                            "that ends in _CL is made when it is absent.\n";

enum shape { SHAPE_AUTO, SHAPE_NDJSON, SHAPE_JSON, SHAPE_CSV };
struct import {
    struct ingest *in;
    struct ingest_request request;
    struct ingest_result total;
    enum shape wanted;
};
/* Bytes of a file from which whole records are cut off in front. */
struct feed {
    struct import *im;
    enum shape shape;
    struct sbuf buf;
    struct sbuf header; /* CSV: the first line, in front of each chunk */
    struct sbuf body;
    size_t scanned, cut; /* how far the scan is; end of the last whole record */
    int depth;           /* JSON array: nesting */
    bool in_string, escaped, started, closed;
};

static void add_result(struct ingest_result *t, const struct ingest_result *r)
{
    t->received += r->received;
    t->stored += r->stored;
    t->rejected += r->rejected;
    t->nulled += r->nulled;
    t->truncated += r->truncated;
    t->dropped += r->dropped;
    t->times_replaced += r->times_replaced;
}

static bool store_chunk(struct feed *f, struct str records, struct err *e)
{
    struct ingest_request *r = &f->im->request;
    struct ingest_result result;
    sbuf_clear(&f->body);
    if (f->shape == SHAPE_JSON)
        sbuf_addc(&f->body, '[');
    else if (f->shape == SHAPE_CSV)
        sbuf_add(&f->body, sbuf_str(&f->header));
    sbuf_add(&f->body, records);
    if (f->shape == SHAPE_JSON)
        sbuf_addc(&f->body, ']');
    if (!sbuf_ok(&f->body))
        return err_set(e, ERR_LIMIT, "a chunk of the file is too large");
    r->format = f->shape == SHAPE_JSON  ? INGEST_JSON
                : f->shape == SHAPE_CSV ? INGEST_CSV
                                        : INGEST_NDJSON;
    r->body = sbuf_str(&f->body);
    if (!ingest_logs(f->im->in, r, &result, e))
        return false;
    add_result(&f->im->total, &result);
    return true;
}

/* ---- where records end ---- */

static void scan_lines(struct feed *f, struct str s)
{
    if (f->shape == SHAPE_NDJSON) {
        const char *nl = s.n > 0 ? memrchr(s.p, '\n', s.n) : NULL;
        f->cut = nl != NULL ? (size_t)(nl - s.p) + 1 : 0;
        f->scanned = s.n;
        return;
    }
    for (; f->scanned < s.n; f->scanned++) {
        char c = s.p[f->scanned];
        if (c == '"')
            f->in_string = !f->in_string;
        else if (c == '\n' && !f->in_string)
            f->cut = f->scanned + 1;
    }
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
    struct str s = sbuf_str(&f->buf);
    AUTO(sbuf_fini) struct sbuf rest = sbuf_make(0);
    sbuf_add(&rest, str_sub(s, n, s.n));
    sbuf_clear(&f->buf);
    sbuf_add(&f->buf, sbuf_str(&rest));
    f->scanned -= n;
    f->cut = 0;
}

/* Stores the whole records that are there. */
static bool flush(struct feed *f, struct err *e)
{
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
    while (skip < s.n && memchr(" \t\r\n", s.p[skip], 4) != NULL)
        skip++;
    if (str_starts(s, STR("PAR1")))
        return err_set(e, ERR_UNSUPPORTED, "Parquet files are not supported yet");
    f->shape = f->im->wanted;
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
        scan_lines(f, s);
        const char *nl = memchr(s.p + skip, '\n', s.n - skip);
        size_t n = nl != NULL ? (size_t)(nl - s.p) + 1 : s.n;
        sbuf_add(&f->header, str_sub(s, skip, n - skip));
        skip = n;
        f->in_string = false;
    }
    f->scanned = skip;
    drop_front(f, skip);
    f->started = true;
    return true;
}

static bool finish(struct feed *f, struct err *e)
{
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

static bool import_file(struct import *im, const char *path, struct err *e)
{
    struct unpack *u = unpack_open(path, e);
    if (u == NULL)
        return false;
    struct feed f = {.im = im, .buf = sbuf_make(0), .header = sbuf_make(0), .body = sbuf_make(0)};
    bool ok = import_stream(&f, u, path, e);
    sbuf_fini(&f.buf);
    sbuf_fini(&f.header);
    sbuf_fini(&f.body);
    unpack_close(u);
    if (!ok)
        err_prefix(e, "%s", path);
    return ok;
}

/* ---- the command ---- */

struct arguments {
    const char *data, *workspace, *table;
    enum shape shape;
};

static bool parse_shape(const char *name, enum shape *out)
{
    static const char *const names[] = {[SHAPE_AUTO] = "auto",
                                        [SHAPE_NDJSON] = "ndjson",
                                        [SHAPE_JSON] = "json",
                                        [SHAPE_CSV] = "csv"};
    for (size_t i = 0; i < COUNTOF(names); i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum shape)i;
            return true;
        }
    }
    return false;
}

static bool import_all(struct direct *d, const struct arguments *a, char **files, int n,
                       struct err *e)
{
    struct ingest_options o = {.store = d->store, .clock = d->clock};
    o.limits.max_body_bytes = (size_t)1 << 30;
    o.limits.max_records = SIZE_MAX;
    o.limits.max_record_bytes = RECORD_MAX_BYTES;
    struct import im = {.in = ingest_open(&o), .wanted = a->shape};
    struct arena *arena = arena_new(1 << 20);
    bool custom = str_ends(str_from(a->table), STR("_CL"));
    im.request = (struct ingest_request){
        .workspace = d->workspace, .source = STR("cli"), .create_table = true};
    im.request.stream = arena_fmt(arena, "%s-%s", custom ? "Custom" : "Microsoft", a->table);
    im.request.keep_times = true;
    struct str target;
    bool ok = custom || ingest_stream_table(d->workspace, arena, im.request.stream, &target, e);
    for (int i = 0; ok && i < n; i++)
        ok = import_file(&im, files[i], e);
    const struct ingest_result *t = &im.total;
    if (ok || t->received > 0)
        printf("%s: %llu records: %llu stored, %llu rejected\n", a->table,
               (unsigned long long)t->received, (unsigned long long)t->stored,
               (unsigned long long)t->rejected);
    if (t->rejected > 0)
        printf("  rejected records: vedette query \"VedetteDeadLetter | where Source == 'cli'\"\n");
    if (t->nulled + t->truncated + t->dropped > 0)
        printf("  %llu values did not fit their column, %llu were cut, %llu properties have no "
               "column\n",
               (unsigned long long)t->nulled, (unsigned long long)t->truncated,
               (unsigned long long)t->dropped);
    arena_free(arena);
    ingest_close(im.in);
    return ok;
}

int cli_ingest(int argc, char **argv)
{
    static const struct option options[] = {
        {"data", required_argument, NULL, 'd'},  {"workspace", required_argument, NULL, 'w'},
        {"table", required_argument, NULL, 't'}, {"format", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    struct arguments a = {0};
    bool good = true;
    int c;
    while ((c = getopt_long(argc, argv, "d:w:t:f:h", options, NULL)) != -1) {
        if (c == 'd')
            a.data = optarg;
        else if (c == 'w')
            a.workspace = optarg;
        else if (c == 't')
            a.table = optarg;
        else if (c == 'f')
            good = parse_shape(optarg, &a.shape);
        if (c == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        good = good && c != '?';
    }
    if (!good || a.table == NULL || optind >= argc) {
        fputs(usage, stderr);
        return 2;
    }
    struct err e = {0};
    struct direct d;
    bool ok = direct_open(&d, a.data, str_from(a.workspace), true, &e);
    if (ok)
        ok = import_all(&d, &a, argv + optind, argc - optind, &e);
    if (!ok)
        direct_complain("ingest", &e);
    direct_close(&d);
    return ok ? 0 : 1;
}
