/* Rules from outside: their properties are understood, or each thing that is wrong has a code, a
 * place and words; and their transformations run over a record or fail with words. The first line
 * of the input is the record, the rest the rule's properties; the rule is
 * of kind WorkspaceTransforms when the line is empty. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "dcr/dcr_priv.h"

enum { MAX_INPUT = 16384 };

static struct store *store;
static struct clock *hand;
static struct ingest *in;

static char dir[] = "/tmp/vedette-fuzz-XXXXXX";

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)kind, (void)at;
    return remove(path);
}

static void remove_all(void)
{
    (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void open_once(void)
{
    struct err e = {0};
    if (store != NULL)
        return;
    CHECK(mkdtemp(dir) != NULL);
    CHECK(atexit(remove_all) == 0);
    hand = clock_new_manual(TICKS_UNIX_EPOCH);
    struct store_options o = {.data_dir = dir, .clock = hand, .threads = 1};
    o.memory_bytes = (size_t)256 << 20;
    o.lake.by_hand = true;
    store = store_open(&o, &e);
    CHECK(store != NULL);
    CHECK(store_workspace_create(store, STR("11111111-2222-4333-8444-555555555555"), STR("main"),
                                 &e) != NULL);
    struct ingest_options io = {.store = store, .clock = hand, .limits = {.max_records = 100}};
    in = ingest_open(&io);
}

static void run_flow(struct arena *a, const struct dcr_model *m, const struct dcr_flow *f,
                     struct str body)
{
    struct kql_schema columns = {0};
    struct ingest_transformed x = {0};
    struct err e = {0};
    struct json rows = {0};
    if (f->n_to == 0 || f->n_streams == 0)
        return;
    CHECK(dcr_model_columns(a, m, f->to[0], f->streams[0], &columns, NULL));
    const struct ingest_transform t = {f->transform.n > 0 ? f->transform : STR("source"), &columns};
    const struct ingest_request r = {.workspace = f->to[0], .body = body};
    bool ok = ingest_transform_run(in, a, &t, &r, &x, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    if (ok) /* each record gives a row at most */
        CHECK(json_parse(a, sbuf_str(&x.body), NULL, &rows, NULL) && rows.type == JSON_ARRAY &&
              rows.n == x.given && x.given + x.n_rejects <= x.read);
    sbuf_fini(&x.body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    size_t line = 0;
    struct json properties = {0};
    struct dcr_model m;
    open_once();
    if (size > MAX_INPUT || !str_find(text, STR("\n"), &line))
        return 0;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct dcr_issues issues = {.a = a};
    if (!json_parse(a, str_sub(text, line + 1, size), NULL, &properties, NULL))
        return 0;
    const struct dcr_about about = {store, clock_now(hand), line == 0};
    bool good = dcr_model_read(a, &about, &properties, &m, &issues);
    CHECK(good == (issues.list.n == 0));
    for (size_t i = 0; i < issues.list.n; i++)
        CHECK(issues.list.p[i].code[0] != '\0' && issues.list.p[i].message.n > 0 &&
              issues.list.p[i].target.n > 0);
    for (size_t i = 0; good && i < m.n_flows; i++)
        run_flow(a, &m, &m.flows[i], str_sub(text, 0, line));
    return 0;
}
