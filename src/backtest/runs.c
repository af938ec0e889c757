/* What follows from one run of a rule under test. */
#include "backtest/backtest_priv.h"
#include <stdatomic.h>
#include <stdlib.h>

enum { MAX_ENTITIES = 200000, ENTITIES_LISTED = 5 };

/* Of the last runs only. */
static void note_run(struct subject *x, int64_t s, int64_t rows)
{
    size_t at = (size_t)((s - x->grid.first) / x->grid.frequency);
    if (at + x->n_runs >= x->grid.n)
        x->runs[at + x->n_runs - x->grid.n] = rows;
}

void subject_saw(struct subject *x, int64_t s, size_t rows)
{
    x->rows += rows;
    x->made = true;
    note_run(x, s, (int64_t)rows);
}

bool subject_may_run(struct subject *x, int64_t s)
{
    if (s >= x->suppressed_until)
        return true;
    x->suppressed++;
    x->made = false;
    note_run(x, s, RUN_NOT_MADE);
    return false;
}

void subject_failed(struct subject *x, int64_t s, const struct err *why)
{
    note_run(x, s, RUN_NOT_MADE);
    x->made = false;
    late_failed(x, why);
}

void late_failed(struct subject *x, const struct err *why)
{
    if (x->failed++ == 0)
        x->first_error = *why;
}

/* ---- entities ---- */

static struct str member(const struct json *entity, const char *key)
{
    return json_text(json_get(entity, key), STR(""));
}

/* How people call it: user@suffix, DOMAIN\user, host.domain, or its first text. */
static struct str entity_name(struct arena *a, const struct json *v)
{
    struct str type = member(v, "Type"), name = member(v, "Name"), host = member(v, "HostName");
    struct str suffix = member(v, "UPNSuffix"), nt = member(v, "NTDomain");
    struct str dns = member(v, "DnsDomain");
    if (str_eqz(type, "account") && name.n > 0 && suffix.n > 0)
        return arena_fmt(a, "%.*s@%.*s", STR_ARG(name), STR_ARG(suffix));
    if (str_eqz(type, "account") && name.n > 0 && nt.n > 0)
        return arena_fmt(a, "%.*s\\%.*s", STR_ARG(nt), STR_ARG(name));
    if (str_eqz(type, "host") && host.n > 0 && dns.n > 0)
        return arena_fmt(a, "%.*s.%.*s", STR_ARG(host), STR_ARG(dns));
    if (name.n > 0)
        return name;
    for (size_t i = 0; i < v->n; i++)
        if (v->keys[i].n > 0 && v->keys[i].p[0] != '$' && !str_eqz(v->keys[i], "Type") &&
            v->items[i].type == JSON_STRING && v->items[i].text.n > 0)
            return v->items[i].text;
    return STR("");
}

static void count_entity(struct subject *x, struct str type, struct str name)
{
    AUTO(sbuf_fini) struct sbuf key = sbuf_make(0);
    sbuf_add(&key, type);
    sbuf_addc(&key, '\x1f');
    sbuf_add(&key, name);
    struct tally *t = map_get(x->entities, sbuf_str(&key));
    if (t == NULL && map_count(x->entities) < MAX_ENTITIES) {
        t = arena_new_of(x->a, struct tally);
        struct str kept = arena_str(x->a, sbuf_str(&key));
        t->type = str_sub(kept, 0, type.n);
        t->name = str_sub(kept, type.n + 1, name.n);
        map_put(x->entities, kept, t);
    }
    if (t != NULL)
        t->alerts++;
}

/* The entities of one alert; the first few of the run are shown with it. */
static void read_entities(struct subject *x, const struct detect_alert *al, struct json_out *shown,
                          size_t *n_shown)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json list = {0};
    if (!json_parse(a, al->entities, NULL, &list, NULL) || list.type != JSON_ARRAY)
        return;
    for (size_t i = 0; i < list.n; i++) {
        struct str type = member(&list.items[i], "Type"), name = entity_name(a, &list.items[i]);
        if (name.n == 0)
            continue;
        count_entity(x, type, name);
        if ((*n_shown)++ >= ENTITIES_LISTED)
            continue;
        json_obj(shown);
        json_kv_str(shown, "type", type);
        json_kv_str(shown, "name", name);
        json_obj_end(shown);
    }
}

static int more_alerts_first(const void *p, const void *q)
{
    const struct tally *x = p, *y = q;
    if (x->alerts != y->alerts)
        return x->alerts < y->alerts ? 1 : -1;
    int by_type = str_cmp(x->type, y->type);
    return by_type != 0 ? by_type : str_cmp(x->name, y->name);
}

size_t subject_entities(const struct subject *x, struct arena *a, struct tally **out)
{
    size_t n = 0;
    struct str key;
    void *t;
    *out = arena_array(a, struct tally, map_count(x->entities) + 1);
    for (size_t i = 0; map_next(x->entities, &i, &key, &t);)
        (*out)[n++] = *(const struct tally *)t;
    if (n > 1)
        qsort(*out, n, sizeof(**out), more_alerts_first);
    return n;
}

/* ---- one run ---- */

static void note_firing(struct subject *x, int64_t window, int64_t s,
                        const struct detect_result *result)
{
    size_t n_shown = 0;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    size_t max = x->q->max_firings != 0 ? x->q->max_firings : 100;
    json_arr(&w);
    for (size_t i = 0; i < result->n_alerts; i++)
        read_entities(x, &result->alerts[i], &w, &n_shown);
    json_arr_end(&w);
    size_t day = (size_t)((s - x->q->from - 1) / TICKS_PER_DAY);
    if (day < x->n_days)
        x->days[day]++;
    if (x->firings.n >= max)
        return;
    const struct detect_alert *first = &result->alerts[0];
    struct firing f = {.s = window, .run = s, .rows = result->rows, .alerts = result->n_alerts};
    f.title = arena_str(x->a, first->name);
    f.severity = str_from(rule_severity_name(first->severity));
    f.entities = arena_str(x->a, sbuf_str(&b));
    VEC_PUSH(x->a, &x->firings, f);
}

static bool follow(struct subject *x, int64_t window, int64_t s, const struct detect_result *result,
                   struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    if (result->n_alerts == 0)
        return true;
    x->fired++;
    x->alerts += result->n_alerts;
    atomic_fetch_add(&x->progress->fired, 1);
    if (x->r->suppression)
        x->suppressed_until = s + x->r->suppression_duration;
    note_firing(x, window, s, result);
    return trial_alerts(x->trial, a, x->r, result, s + x->delay, e);
}

bool subject_found(struct subject *x, int64_t s, const struct detect_result *result, struct err *e)
{
    subject_saw(x, s, result->rows);
    return follow(x, s, s, result, e);
}

bool subject_found_late(struct subject *x, int64_t window, int64_t s,
                        const struct detect_result *result, struct err *e)
{
    x->late_runs++;
    x->late_alerts += result->n_alerts;
    return follow(x, window, s, result, e);
}
