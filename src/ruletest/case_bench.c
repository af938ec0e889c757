/* What test cases of rules run in. The engine, its functions and the schemas are made once a
 * thread; a case makes an empty workspace and takes it away. */
#include "ruletest/case_bench.h"
#include "ingest/ingest.h"
#include "library/library.h"
#include "text/csv.h"
#include "text/files.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CASE_WORKSPACE "00000000-0000-4000-8000-000000000001"
/* Rows of a case have arrived half a minute before its time. */
#define ARRIVED_BEFORE (30 * TICKS_PER_SECOND)
enum { MAX_FUNCTIONS_FILE = 32 << 20, MAX_BODY = 1 << 30, MAX_ROWS = 10000000 };

struct case_bench {
    struct case_bench_options o;
    char dir[64];
    struct clock *first, *clock; /* of the store before a case, and of the case */
    struct store *store;
    struct workspace *w;
    struct trial *trial;
    struct ingest *ingest;
    struct state *state; /* of watchlists and functions; made when one is put */
    struct incidents *incidents;
    struct library *library;
};

/* ---- the store ---- */

/* In memory where the system has a place for that: nothing is worth a disk's time. */
static bool make_dir(struct case_bench *b, struct err *e)
{
    static const char *const places[] = {"/dev/shm", "/tmp"};
    for (size_t i = 0; i < COUNTOF(places); i++) {
        snprintf(b->dir, sizeof(b->dir), "%s/vedette-rules-XXXXXX", places[i]);
        if (access(places[i], W_OK) == 0 && mkdtemp(b->dir) != NULL)
            return true;
    }
    b->dir[0] = '\0';
    return err_errno(e, "can't make a folder in", "/tmp");
}

struct case_bench *case_bench_open(const struct case_bench_options *given, struct err *e)
{
    struct case_bench *b = xcalloc(1, sizeof(*b));
    b->o = *given;
    b->first = clock_new_manual(0);
    struct store_options o = {.data_dir = b->dir,
                              .clock = b->first,
                              .memory_bytes = given->memory_bytes,
                              .threads = 1,
                              .lake = {.by_hand = true}};
    if (make_dir(b, e) && (b->store = store_open(&o, e)) != NULL)
        return b;
    case_bench_close(b);
    return NULL;
}

void case_bench_close(struct case_bench *b)
{
    if (b == NULL)
        return;
    case_finish(b);
    if (b->store != NULL)
        store_close(b->store);
    clock_free(b->first);
    if (b->dir[0] != '\0')
        remove_tree(b->dir);
    xfree(b);
}

/* ---- a case ---- */

static void close_library(struct case_bench *b)
{
    library_close(b->library);
    if (b->incidents != NULL)
        incidents_close(b->incidents);
    state_close(b->state);
    b->library = NULL;
    b->incidents = NULL;
    b->state = NULL;
}

void case_finish(struct case_bench *b)
{
    char path[160];
    trial_close(b->trial);
    b->trial = NULL;
    close_library(b);
    if (b->ingest != NULL)
        ingest_close(b->ingest);
    b->ingest = NULL;
    if (b->w != NULL) {
        store_workspace_close(b->store, b->w);
        snprintf(path, sizeof(path), "%s/workspaces/%s", b->dir, CASE_WORKSPACE);
        remove_tree(path);
    }
    b->w = NULL;
    if (b->clock != NULL) {
        store_clock_set(b->store, b->first);
        clock_free(b->clock);
    }
    b->clock = NULL;
}

bool case_begin(struct case_bench *b, int64_t now, struct err *e)
{
    case_finish(b);
    b->clock = clock_new_manual(now - ARRIVED_BEFORE);
    store_clock_set(b->store, b->clock);
    b->w = store_workspace_create(b->store, STR(CASE_WORKSPACE), STR("fixture"), e);
    struct ingest_options io = {.store = b->store, .clock = b->clock};
    io.limits.max_body_bytes = MAX_BODY;
    io.limits.max_record_bytes = MAX_BODY;
    io.limits.max_records = MAX_ROWS;
    b->ingest = ingest_open(&io);
    struct trial_options to = {
        .store = b->store, .workspace = b->w, .delay = 0, .timeout_us = b->o.timeout_us};
    if (b->w != NULL)
        b->trial = trial_open(&to, e);
    return b->trial != NULL;
}

struct workspace *case_workspace(struct case_bench *b)
{
    return b->w;
}

struct trial *case_trial(struct case_bench *b)
{
    return b->trial;
}

bool case_put_rows(struct case_bench *b, struct arena *a, struct str table, struct str ndjson,
                   bool strict, struct err *e)
{
    struct ingest_result done = {0};
    bool custom = str_ends(table, STR("_CL"));
    struct ingest_request r = {
        .workspace = b->w,
        .stream = arena_fmt(a, "%s-%.*s", custom ? "Custom" : "Microsoft", STR_ARG(table)),
        .format = INGEST_NDJSON,
        .body = ndjson,
        .source = STR("fixture"),
        .create_table = custom,
        .keep_times = true};
    if (!ingest_logs(b->ingest, &r, &done, e)) {
        err_prefix(e, "table %.*s", STR_ARG(table));
        return false;
    }
    if (done.rejected > 0 || (done.dropped > 0 && strict) || done.nulled > 0)
        return err_set(e, ERR_INVALID,
                       "table %.*s: %llu rows rejected, %llu values without a column, %llu of "
                       "another type than their column",
                       STR_ARG(table), (unsigned long long)done.rejected,
                       (unsigned long long)done.dropped, (unsigned long long)done.nulled);
    return true;
}

/* ---- watchlists and functions ---- */

static bool open_library(struct case_bench *b, struct err *e)
{
    struct arm_scope scope = {0};
    if (b->library != NULL)
        return true;
    b->state = state_open(NULL, e);
    if (b->state == NULL)
        return false;
    b->incidents = incidents_open(b->store, b->state, b->clock, &scope);
    struct library_options o = {b->store, b->state, b->clock, b->incidents, scope};
    b->library = library_open(&o, e);
    return b->library != NULL;
}

static bool put_watchlist(struct case_bench *b, struct arena *a, struct str alias, struct str csv,
                          struct err *e)
{
    struct json body = {0};
    struct state_watchlist made = {0};
    struct str *names = NULL;
    size_t at = 0, n = 0;
    bool created = false;
    AUTO(sbuf_fini) struct sbuf s = sbuf_make(0);
    struct json_out o = json_out_make(&s);
    if (!csv_line(a, csv, &at, &names, &n, e) || n == 0)
        return err_set(e, ERR_SYNTAX, "a line of column names expected");
    json_obj(&o);
    json_key(&o, "properties");
    json_obj(&o);
    json_kv_str(&o, "displayName", alias);
    json_kv_z(&o, "provider", "Test");
    json_kv_z(&o, "source", "test.csv");
    json_kv_str(&o, "itemsSearchKey", str_trim(names[0]));
    json_kv_z(&o, "contentType", "text/csv");
    json_kv_str(&o, "rawContent", csv);
    json_obj_end(&o);
    json_obj_end(&o);
    return open_library(b, e) && json_parse(a, arena_str(a, sbuf_str(&s)), NULL, &body, e) &&
           library_watchlist_put(b->library, a, b->w, alias, &body, STR(""), STR("test"), &made,
                                 &created, e);
}

bool case_put_watchlist(struct case_bench *b, struct arena *a, struct str alias, struct str csv,
                        struct err *e)
{
    if (put_watchlist(b, a, alias, csv, e))
        return true;
    err_prefix(e, "watchlist %.*s", STR_ARG(alias));
    return false;
}

bool case_put_function(struct case_bench *b, const struct kql_stored_function *f, struct err *e)
{
    if (workspace_function_put(b->w, f, e))
        return true;
    err_prefix(e, "function %.*s", STR_ARG(f->name));
    return false;
}

/* A function that may be called by the text is taken: a name in a comment costs a little time. */
bool case_put_functions(struct case_bench *b, struct arena *a, const struct case_functions *f,
                        struct str text, struct err *e)
{
    bool *taken = arena_array(a, bool, f->n + 1);
    VEC(struct str) texts = {0};
    VEC_PUSH(a, &texts, text);
    for (size_t at = 0; at < texts.n; at++)
        for (size_t i = 0; i < f->n; i++) {
            size_t where;
            if (taken[i] || !str_find(texts.p[at], f->p[i].name, &where))
                continue;
            taken[i] = true;
            VEC_PUSH(a, &texts, f->p[i].body);
            if (!case_put_function(b, &f->p[i], e))
                return false;
        }
    return true;
}

/* ---- reading functions ---- */

static bool import_file(struct case_bench *b, struct arena *a, const char *path, struct err *e)
{
    struct str text = STR("");
    struct library_import out = {0};
    const char *slash = strrchr(path, '/');
    if (file_read(a, path, MAX_FUNCTIONS_FILE, &text, e) &&
        library_import(b->library, a, b->w, text, str_from(slash != NULL ? slash + 1 : path),
                       STR("test"), &out, e))
        return true;
    err_prefix(e, "%s", path);
    return false;
}

static bool import_path(struct case_bench *b, struct arena *a, char *path, struct err *e)
{
    struct file_paths files = {0};
    if (!files_at(a, path, library_suffixes, &files, e))
        return false;
    for (size_t i = 0; i < files.n; i++)
        if (!import_file(b, a, files.p[i], e))
            return false;
    return true;
}

bool case_functions_of(struct library *l, struct workspace *w, struct case_functions *out,
                       struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_saved *list = NULL;
    size_t n = 0;
    if (!library_saved_list(l, a, w, true, &list, &n, e))
        return false;
    struct kql_stored_function *all =
        arena_array(out->a, struct kql_stored_function, out->n + n + 1);
    if (out->n > 0)
        memcpy(all, out->p, out->n * sizeof(*all));
    for (size_t i = 0; i < n; i++) {
        struct kql_stored_function *f = &all[out->n++];
        f->name = arena_str(out->a, list[i].alias);
        f->parameters = arena_str(out->a, library_parameters(a, &list[i]));
        f->body = arena_str(out->a, library_body(a, &list[i]));
    }
    out->p = all;
    return true;
}

bool case_functions_read(struct case_bench *b, char *const *paths, size_t n,
                         struct case_functions *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    bool ok = case_begin(b, TICKS_UNIX_EPOCH + 20000 * TICKS_PER_DAY, e) && open_library(b, e);
    for (size_t i = 0; ok && i < n; i++)
        ok = import_path(b, a, paths[i], e);
    ok = ok && case_functions_of(b->library, b->w, out, e);
    case_finish(b);
    return ok;
}
