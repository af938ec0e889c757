/* Plays logs into a server as if they happened. */
#include "cli/replay.h"
#include "cli/files.h"
#include "text/date.h"
#include <stdio.h>

enum { MAX_TABLES = 256, BATCH_BYTES = 900 << 10, BODY_BYTES = 64 << 20 };
#define LONG_STEP TICKS_PER_DAY
/* Not longer than the delay between a rule's window and its run: whatever a due run may see has
 * been sent in the steps before. */
#define SHORT_STEP (5 * TICKS_PER_MINUTE)

struct waiting { /* records of one table */
    char *table;
    struct sbuf body; /* "[{…},{…}" */
};
struct replay {
    struct replay_options o;
    struct waiting tables[MAX_TABLES];
    size_t n;
    int64_t next; /* end of the step that is being filled; 0: before the first record */
    int64_t now;  /* the server's clock */
    bool rules_in;
    struct sbuf token;
    int64_t token_until;
    struct replay_stats stats;
};

struct replay *replay_new(const struct replay_options *o)
{
    struct replay *r = xcalloc(1, sizeof(*r));
    r->o = *o;
    r->token = sbuf_make(16 << 10);
    return r;
}

void replay_free(struct replay *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->n; i++) {
        xfree(r->tables[i].table);
        sbuf_fini(&r->tables[i].body);
    }
    sbuf_fini(&r->token);
    xfree(r);
}

struct replay_stats replay_stats(const struct replay *r)
{
    return r->stats;
}

/* ---- sending: as any application would, with a token of its own ---- */

static bool http_post(struct replay *r, const char *url, const char *bearer, const char *type,
                      struct str body, int *status, struct sbuf *answer, struct err *e)
{
    int retry = 0;
    struct http_call call = {.method = "POST",
                             .url = url,
                             .ca_file = r->o.client->ca_file,
                             .bearer = bearer,
                             .content_type = type,
                             .body = body,
                             .gzip_body = bearer != NULL};
    return http_call(&call, status, answer, &retry, e);
}

static bool fetch_token(struct replay *r, int64_t now, struct err *e)
{
    int status = 0;
    struct json v = {0};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf answer = sbuf_make(64 << 10);
    struct str url = arena_fmt(a, "%s/%s/oauth2/v2.0/token", r->o.client->url, r->o.tenant);
    struct str form = arena_fmt(a,
                                "grant_type=client_credentials&scope=https%%3A%%2F%%2F"
                                "monitor.azure.com%%2F.default&client_id=%s&client_secret=%s",
                                r->o.client_id, r->o.client_secret);
    if (!http_post(r, url.p, NULL, "application/x-www-form-urlencoded", form, &status, &answer,
                   e) ||
        !json_parse(a, sbuf_str(&answer), NULL, &v, e))
        return false;
    if (status != 200)
        return err_set(e, ERR_UNAUTHENTICATED, "no token: %.*s",
                       STR_ARG(json_text(json_get(&v, "error_description"), STR(""))));
    sbuf_clear(&r->token);
    sbuf_add(&r->token, json_text(json_get(&v, "access_token"), STR("")));
    const struct json *life = json_get(&v, "expires_in");
    r->token_until = now + (life != NULL ? life->i : 0) * TICKS_PER_SECOND;
    return true;
}

static bool send_body(struct replay *r, const char *stream, struct str body, struct err *e)
{
    int status = 0;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf answer = sbuf_make(1 << 20);
    if (r->now >= r->token_until && !fetch_token(r, r->now, e))
        return false;
    struct str url = arena_fmt(a, "%s/dataCollectionRules/%s/streams/%s?api-version=2023-01-01",
                               r->o.client->url, r->o.workspace.dcr, stream);
    if (!http_post(r, url.p, sbuf_str(&r->token).p, "application/json", body, &status, &answer, e))
        return false;
    r->stats.requests++;
    r->stats.bytes += body.n;
    return status == 204 || err_set(e, ERR_INVALID, "stream %s: the server answered %d: %.*s",
                                    stream, status, STR_ARG(str_sub(sbuf_str(&answer), 0, 300)));
}

static bool send_table(struct replay *r, struct waiting *t, struct err *e)
{
    char stream[256];
    if (t->body.n == 0)
        return true;
    bool custom = str_ends(str_from(t->table), STR("_CL"));
    snprintf(stream, sizeof(stream), "%s-%s", custom ? "Custom" : "Microsoft", t->table);
    sbuf_addc(&t->body, ']');
    int64_t began = clock_mono_us();
    bool ok = sbuf_ok(&t->body) ? send_body(r, stream, sbuf_str(&t->body), e)
                                : err_set(e, ERR_LIMIT, "a record is too large");
    r->stats.send_us += clock_mono_us() - began;
    sbuf_clear(&t->body);
    return ok;
}

static bool send_all(struct replay *r, struct err *e)
{
    for (size_t i = 0; i < r->n; i++)
        if (!send_table(r, &r->tables[i], e))
            return false;
    return true;
}

/* ---- the clock and the rules ---- */

static bool move_clock(struct replay *r, int64_t to, struct err *e)
{
    char time[29];
    struct json v = {0};
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(1024);
    struct json_out w = json_out_make(&body);
    date_format(to, time);
    json_obj(&w);
    json_kv_z(&w, "now", time);
    json_obj_end(&w);
    int64_t began = clock_mono_us();
    if (!client_call(r->o.client, "POST", "/vedette/v1/clock", NULL, sbuf_str(&body), &v, e))
        return false;
    r->stats.rules_us += clock_mono_us() - began;
    r->now = to;
    const struct json *runs = json_get(&v, "runs");
    r->stats.runs += runs != NULL ? (uint64_t)runs->i : 0;
    if (r->o.progress != NULL)
        r->o.progress(r->o.self, to, r->stats.events, r->stats.runs);
    return true;
}

static bool import_rules(struct replay *r, struct err *e)
{
    char **files = NULL;
    size_t n = 0;
    int64_t began = clock_mono_us();
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str target = arena_fmt(a, "/vedette/v1/workspaces/%s/rules", r->o.workspace.id);
    if (!folder_list(a, r->o.rules_dir, ".yaml", &files, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct str text = STR("");
        if (!file_read(a, files[i], 1 << 20, &text, e) ||
            !client_call(r->o.client, "POST", target.p, "application/yaml", text, NULL, e)) {
            err_prefix(e, "%s", files[i]);
            return false;
        }
        r->stats.rules++;
    }
    r->stats.import_us += clock_mono_us() - began;
    r->rules_in = true;
    return true;
}

/* Ends the step: its end is now, and what happened in it arrives. */
static bool end_step(struct replay *r, struct err *e)
{
    if (!move_clock(r, r->next, e) || !send_all(r, e))
        return false;
    return r->rules_in || r->next < r->o.rules_from || import_rules(r, e);
}

static int64_t step_after(const struct replay *r, int64_t at)
{
    int64_t step = at >= r->o.rules_from ? SHORT_STEP : LONG_STEP;
    int64_t end = at - at % step + step;
    return at < r->o.rules_from && end > r->o.rules_from ? r->o.rules_from : end;
}

/* A custom table has to be there before its stream is; its other columns come with the records. */
static bool define_table(struct replay *r, const char *table, struct err *e)
{
    struct arena *a = r->o.client->a;
    struct str target =
        arena_fmt(a, "%s/tables/%s?api-version=2025-07-01", r->o.workspace.arm, table);
    return client_call(r->o.client, "PUT", target.p, NULL,
                       STR("{\"properties\":{\"schema\":{\"columns\":["
                           "{\"name\":\"TimeGenerated\",\"type\":\"dateTime\"}]}}}"),
                       NULL, e);
}

static struct waiting *table_of(struct replay *r, const char *table, struct err *e)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->tables[i].table, table) == 0)
            return &r->tables[i];
    if (r->n == MAX_TABLES) {
        err_set(e, ERR_LIMIT, "more than %d tables", MAX_TABLES);
        return NULL;
    }
    if (str_ends(str_from(table), STR("_CL")) && !define_table(r, table, e))
        return NULL;
    r->tables[r->n] = (struct waiting){xstrdup(table), sbuf_make(BODY_BYTES)};
    return &r->tables[r->n++];
}

bool replay_event(struct replay *r, int64_t ticks, const char *table, struct str json,
                  struct err *e)
{
    if (r->next == 0)
        r->next = step_after(r, ticks);
    while (ticks >= r->next) {
        if (!end_step(r, e))
            return false;
        r->next = step_after(r, r->next);
    }
    struct waiting *t = table_of(r, table, e);
    if (t == NULL || (t->body.n + json.n > BATCH_BYTES && !send_table(r, t, e)))
        return false;
    sbuf_addc(&t->body, t->body.n == 0 ? '[' : ',');
    sbuf_add(&t->body, json);
    r->stats.events++;
    return true;
}

bool replay_finish(struct replay *r, int64_t until, struct err *e)
{
    while (r->next != 0 && r->next < until) {
        if (!end_step(r, e))
            return false;
        r->next = step_after(r, r->next);
    }
    r->next = until;
    return until <= r->now ? send_all(r, e) : end_step(r, e);
}
