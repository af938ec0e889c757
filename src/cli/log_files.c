/* A folder of log files as one stream of records in order of time. */
#include "cli/log_files.h"
#include "cli/files.h"
#include "text/date.h"
#include "text/json.h"
#include "text/unpack.h"
#include <stdio.h>
#include <stdlib.h>

enum { READ_BYTES = 256 << 10 };

struct record {
    int64_t ticks;
    size_t order; /* of reading: records of one time stay as they were */
    const char *table;
    const char *text;
    size_t n;
};
struct log_files {
    struct arena *a;
    size_t left; /* bytes that may still be read */
    VEC(struct record) v;
};

static const char *const endings[] = {".ndjson",     ".jsonl",     ".json",
                                      ".ndjson.gz",  ".jsonl.gz",  ".json.gz",
                                      ".ndjson.zst", ".jsonl.zst", ".json.zst"};

/* "dir/SigninLogs.ndjson.gz" → "SigninLogs"; NULL: not a log file. */
static const char *table_of(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct str name = str_from(slash != NULL ? slash + 1 : path);
    for (size_t i = 0; i < COUNTOF(endings); i++)
        if (str_ends(name, str_from(endings[i])))
            return arena_strz(a, str_sub(name, 0, name.n - strlen(endings[i])));
    return NULL;
}

static bool read_all(struct log_files *f, const char *path, struct str *out, struct err *e)
{
    struct unpack *u = unpack_open(path, e);
    if (u == NULL)
        return false;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(f->left + 1);
    char *block = xmalloc(READ_BYTES);
    size_t n = 1;
    bool ok = true;
    while (ok && n > 0) {
        ok = unpack_read(u, block, READ_BYTES, &n, e);
        if (ok)
            sbuf_addmem(&b, block, n);
    }
    xfree(block);
    unpack_close(u);
    if (ok && !sbuf_ok(&b))
        ok = err_set(e, ERR_LIMIT, "the files are too large for a replay; use 'vedette ingest'");
    if (!ok)
        return false;
    f->left -= b.n;
    *out = arena_str(f->a, sbuf_str(&b));
    return true;
}

static bool add_line(struct log_files *f, const char *table, struct str line, int64_t *last,
                     struct err *e)
{
    struct json v = {0};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    if (!json_parse(a, line, NULL, &v, e))
        return false;
    if (v.type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "a JSON object expected");
    const struct json *time = json_get(&v, "TimeGenerated");
    if (time != NULL && !date_parse_iso(json_text(time, STR("")), last))
        return err_set(e, ERR_INVALID, "TimeGenerated is not an ISO 8601 time");
    struct record r = {*last, f->v.n, table, line.p, line.n};
    VEC_PUSH(f->a, &f->v, r);
    return true;
}

static bool add_file(struct log_files *f, const char *path, struct err *e)
{
    struct str text = STR("");
    const char *table = table_of(f->a, path);
    int64_t last = 0;
    size_t line_number = 0;
    if (table == NULL)
        return true;
    if (!read_all(f, path, &text, e))
        return false;
    while (text.n > 0) {
        size_t at = text.n;
        (void)str_find(text, STR("\n"), &at);
        struct str line = str_trim(str_sub(text, 0, at));
        text = str_sub(text, at + 1, text.n);
        line_number++;
        if (line.n > 0 && !add_line(f, table, line, &last, e)) {
            err_prefix(e, "%s:%zu", path, line_number);
            return false;
        }
    }
    return true;
}

static int by_time(const void *x, const void *y)
{
    const struct record *a = x, *b = y;
    if (a->ticks != b->ticks)
        return a->ticks < b->ticks ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

struct log_files *log_files_open(const char *dir, size_t max_bytes, struct err *e)
{
    struct log_files *f = xcalloc(1, sizeof(*f));
    char **paths = NULL;
    size_t n = 0;
    f->a = arena_new(max_bytes * 4);
    f->left = max_bytes;
    bool ok = folder_list(f->a, dir, "", &paths, &n, e);
    for (size_t i = 0; ok && i < n; i++)
        ok = add_file(f, paths[i], e);
    if (ok && f->v.n == 0)
        ok = err_set(e, ERR_NOT_FOUND, "no records: %s has no TABLE.ndjson with something in it",
                     dir);
    if (!ok) {
        log_files_close(f);
        return NULL;
    }
    qsort(f->v.p, f->v.n, sizeof(*f->v.p), by_time);
    return f;
}

void log_files_close(struct log_files *f)
{
    if (f == NULL)
        return;
    arena_free(f->a);
    xfree(f);
}

size_t log_files_count(const struct log_files *f)
{
    return f->v.n;
}

struct log_record log_files_get(const struct log_files *f, size_t i)
{
    const struct record *r = &f->v.p[i];
    return (struct log_record){r->ticks, r->table, {r->text, r->n}};
}
