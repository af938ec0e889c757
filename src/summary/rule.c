/* Keeping summary rules. */
#include "base/ids.h"
#include "summary/summary_priv.h"
#include "text/date.h"

enum { MAX_ID = 128 };

static struct str key_of(struct arena *a, struct str id)
{
    char *p = arena_strz(a, id);
    for (size_t i = 0; i < id.n; i++)
        if (p[i] >= 'A' && p[i] <= 'Z')
            p[i] = (char)(p[i] + ('a' - 'A'));
    return (struct str){p, id.n};
}

static struct str new_etag(struct arena *a)
{
    char text[37];
    guid_format(guid_new(), text);
    return arena_str(a, str_from(text));
}

/* ---- time ---- */

int64_t summary_delay(const struct state_summary *x)
{
    const int64_t usual = 7 * TICKS_PER_MINUTE / 2;
    if (x->bin_delay >= 0)
        return x->bin_delay;
    return x->bin_size / 10 < usual ? x->bin_size / 10 : usual;
}

int64_t summary_bin_from(const struct state_summary *x, int64_t t)
{
    if (t <= x->bin_start)
        return x->bin_start;
    return x->bin_start + (t - x->bin_start + x->bin_size - 1) / x->bin_size * x->bin_size;
}

static int64_t whole_hour(int64_t t)
{
    return (t + TICKS_PER_HOUR - 1) / TICKS_PER_HOUR * TICKS_PER_HOUR;
}

/* Where the first bin begins: at a whole hour that is at most one bin ago; else the next one. */
static bool first_bin(struct state_summary *x, int64_t now, struct err *e)
{
    int64_t earliest = whole_hour(now - x->bin_size);
    char text[29];
    if (x->bin_start == 0)
        x->bin_start = whole_hour(now);
    if (x->bin_start % TICKS_PER_HOUR != 0)
        return err_set(e, ERR_INVALID,
                       "properties.ruleDefinition.binStartTime: a whole hour expected");
    if (x->bin_start >= earliest)
        return true;
    date_format(earliest, text);
    return err_set(e, ERR_INVALID,
                   "properties.ruleDefinition.binStartTime: %s or later expected: one bin before "
                   "now, at a whole hour",
                   text);
}

/* ---- keeping ---- */

static bool id_ok(struct str id, struct err *e)
{
    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
        if (!ok)
            id.n = 0;
    }
    return (id.n > 0 && id.n <= MAX_ID) ||
           err_set(e, ERR_INVALID,
                   "a summary rule's name: 1 to %d letters, digits, '-' and '_' expected", MAX_ID);
}

static bool has_room(struct summaries *s, struct arena *a, const struct state_summary *x,
                     struct err *e)
{
    struct state_summary *all = NULL;
    size_t n = 0, active = 0;
    if (!state_summary_list(s->o.state, a, x->workspace, &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        active += all[i].active && !str_eq(all[i].key, x->key);
    return active < SUMMARY_MAX_ACTIVE ||
           err_set(e, ERR_LIMIT, "the workspace has %d active summary rules already: stop one",
                   SUMMARY_MAX_ACTIVE);
}

/* old: the rule as it was, or empty. */
static bool schedule(const struct state_summary *old, struct state_summary *x, int64_t now,
                     struct err *e)
{
    bool same = old->bin_size == x->bin_size && old->id.n > 0 &&
                (x->bin_start == 0 || x->bin_start == old->bin_start);
    if (same) {
        x->bin_start = old->bin_start;
        x->next_bin = old->next_bin;
        return true;
    }
    if (!first_bin(x, now, e))
        return false;
    x->next_bin = x->bin_start;
    return true;
}

static bool find_old(struct summaries *s, struct arena *a, struct str workspace, struct str key,
                     struct str if_match, struct state_summary *old, struct err *e)
{
    struct err why = {0};
    if (!state_summary_get(s->o.state, a, workspace, key, old, &why)) {
        *old = (struct state_summary){0};
        if (why.code != ERR_NOT_FOUND) {
            *e = why;
            return false;
        }
        return if_match.n == 0 || str_eqz(if_match, "*") ||
               err_set(e, ERR_CONFLICT, "etag: there is no such rule");
    }
    return etag_fits(if_match, old->etag) ||
           err_set(e, ERR_CONFLICT, "etag: the rule was changed meanwhile; its etag is %.*s",
                   STR_ARG(old->etag));
}

static bool keep(struct summaries *s, struct arena *a, struct str if_match, struct state_summary *x,
                 bool *out_created, struct err *e)
{
    struct state_summary old = {0};
    int64_t now = clock_now(s->o.clock);
    if (!find_old(s, a, x->workspace, x->key, if_match, &old, e) || !schedule(&old, x, now, e) ||
        !has_room(s, a, x, e))
        return false;
    *out_created = old.id.n == 0;
    x->etag = new_etag(a);
    x->active = true;
    x->status_code = STR("");
    x->created = *out_created ? now : old.created;
    x->modified = now;
    return state_summary_put(s->o.state, x, e);
}

bool summary_put(struct summaries *s, struct arena *a, struct workspace *w, struct str id,
                 const struct json *body, struct str if_match, struct str who,
                 struct state_summary *out, bool *out_created, struct err *e)
{
    struct state_summary x = {.workspace = workspace_id(w), .id = id, .modified_by = who};
    if (!id_ok(id, e) || !summary_read(a, body, &x, e) ||
        !summary_check(a, w, &x, clock_now(s->o.clock), e))
        return false;
    x.key = key_of(a, id);
    if (!state_begin(s->o.state, e))
        return false;
    if (!state_end(s->o.state, keep(s, a, if_match, &x, out_created, e), e))
        return false;
    *out = x;
    clock_wake(s->o.clock);
    return true;
}

bool summary_get(struct summaries *s, struct arena *a, struct workspace *w, struct str id,
                 struct state_summary *out, struct err *e)
{
    return state_summary_get(s->o.state, a, workspace_id(w), key_of(a, id), out, e);
}

bool summary_list(struct summaries *s, struct arena *a, struct workspace *w,
                  struct state_summary **out, size_t *n, struct err *e)
{
    return state_summary_list(s->o.state, a, workspace_id(w), out, n, e);
}

bool summary_delete(struct summaries *s, struct workspace *w, struct str id, bool *out_was_there,
                    struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    return state_summary_delete(s->o.state, workspace_id(w), key_of(a, id), out_was_there, e);
}

/* ---- starting, stopping, once more ---- */

/* A change of a rule that is there, in a transaction. */
static bool change(struct summaries *s, struct workspace *w, struct str id,
                   bool (*fn)(struct summaries *s, struct arena *a, struct state_summary *x,
                              int64_t arg, struct err *e),
                   int64_t arg, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_summary x = {0};
    if (!state_begin(s->o.state, e))
        return false;
    bool ok = summary_get(s, a, w, id, &x, e) && fn(s, a, &x, arg, e);
    if (!state_end(s->o.state, ok, e))
        return false;
    clock_wake(s->o.clock);
    return true;
}

static bool activate(struct summaries *s, struct arena *a, struct state_summary *x, int64_t active,
                     struct err *e)
{
    if (x->active == (active != 0))
        return true;
    if (active && !has_room(s, a, x, e))
        return false;
    x->active = active != 0;
    x->status_code = active ? STR("") : STR("UserAction");
    x->etag = new_etag(a);
    x->skipped = 0;
    if (active) {
        int64_t from = summary_bin_from(x, clock_now(s->o.clock));
        x->next_bin = from > x->next_bin ? from : x->next_bin;
    }
    return state_summary_put(s->o.state, x, e);
}

bool summary_activate(struct summaries *s, struct workspace *w, struct str id, bool active,
                      struct err *e)
{
    return change(s, w, id, activate, active, e);
}

static bool once_more(struct summaries *s, struct arena *a, struct state_summary *x, int64_t bin,
                      struct err *e)
{
    (void)a;
    int64_t now = clock_now(s->o.clock);
    if (!x->active)
        return err_set(e, ERR_CONFLICT, "the rule is stopped: start it first");
    if (bin < x->bin_start || (bin - x->bin_start) % x->bin_size != 0)
        return err_set(e, ERR_INVALID,
                       "properties.retryBinStartTime: no bin of the rule begins then");
    if (bin >= x->next_bin || bin + x->bin_size > now)
        return err_set(e, ERR_INVALID,
                       "properties.retryBinStartTime: the bin has not had its turn yet");
    struct state_summary_bin b = {
        .workspace = x->workspace, .key = x->key, .bin = bin, .due = now, .since = now};
    return state_summary_bin_put(s->o.state, &b, e);
}

bool summary_retry(struct summaries *s, struct workspace *w, struct str id, int64_t bin,
                   struct err *e)
{
    return change(s, w, id, once_more, bin, e);
}
