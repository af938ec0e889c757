/* Checks rules against the tables that ship: in a store of their own. */
#include "cli/rules_test.h"
#include "api/api.h"
#include "base/log.h"
#include "cli/files.h"
#include <stdio.h>
#include <stdlib.h>

struct bench { /* what one case runs in */
    struct arena *a;
    char dir[64];
    struct clock *clock;
    struct store *store;
    struct workspace *w;
    struct state *state;
    struct ingest *ingest;
    struct incidents *incidents;
    struct detect *detect;
};

static void bench_close(struct bench *b)
{
    detect_close(b->detect);
    incidents_close(b->incidents);
    if (b->ingest != NULL)
        ingest_close(b->ingest);
    state_close(b->state);
    if (b->store != NULL)
        store_close(b->store);
    if (b->clock != NULL)
        clock_free(b->clock);
    if (b->dir[0] != '\0')
        remove_tree(b->dir);
    memset(b, 0, sizeof(*b));
}

static bool bench_open(struct bench *b, struct arena *a, int64_t now, struct err *e)
{
    memset(b, 0, sizeof(*b));
    b->a = a;
    snprintf(b->dir, sizeof(b->dir), "/tmp/vedette-rules-XXXXXX");
    if (mkdtemp(b->dir) == NULL) {
        b->dir[0] = '\0';
        return err_errno(e, "can't make a folder in", "/tmp");
    }
    b->clock = clock_new_manual(now - 30 * TICKS_PER_SECOND);
    struct store_options so = {.data_dir = b->dir, .clock = b->clock, .threads = 1};
    b->store = store_open(&so, e);
    b->state = state_open(NULL, e);
    if (b->store == NULL || b->state == NULL)
        return false;
    b->w = store_workspace_create(b->store, STR("00000000-0000-4000-8000-000000000001"),
                                  STR("fixture"), e);
    struct ingest_options io = {.store = b->store, .clock = b->clock};
    io.limits.max_body_bytes = 64 << 20;
    b->ingest = ingest_open(&io);
    struct arm_scope scope = {0};
    b->incidents = incidents_open(b->store, b->state, b->clock, &scope);
    struct detect_options d = {
        .store = b->store, .state = b->state, .clock = b->clock, .incidents = b->incidents};
    b->detect = b->w != NULL ? detect_open(&d, e) : NULL;
    return b->detect != NULL;
}

/* ---- validate ---- */

static void print_issue(const struct rule_issue *x)
{
    fprintf(stderr, "%.*s:%u: %s: %.*s%s%.*s\n", STR_ARG(x->file), x->line,
            x->warning ? "warning" : "error", STR_ARG(x->key), x->key.n > 0 ? ": " : "",
            STR_ARG(x->message));
    fprintf(stderr, "%.*s", STR_ARG(x->excerpt));
}

bool rules_validate_file(const char *path, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str text = STR("");
    struct rule rule = {0};
    struct rule_issues is = {.a = a, .file = str_from(path)};
    struct bench b = {0};
    int64_t now = TICKS_UNIX_EPOCH + 20000 * TICKS_PER_DAY;
    log_setup(LOG_ERROR, 2);
    if (!file_read(a, path, 1 << 20, &text, e)) {
        fprintf(stderr, "%s\n", e->msg);
        return false;
    }
    bool ok = rule_read_yaml(a, text, &rule, &is);
    if (ok) {
        ok = bench_open(&b, a, now, e) && rule_check_query(a, b.w, &rule, now, &is);
        bench_close(&b);
    }
    for (size_t i = 0; i < is.v.n; i++)
        print_issue(&is.v.p[i]);
    return ok;
}
