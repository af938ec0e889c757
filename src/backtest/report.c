/* What is told of a rule under test. */
#include "backtest/backtest_priv.h"
#include "text/date.h"

static const char *method_name(enum method m)
{
    switch (m) {
    case METHOD_NONE:
        return "none";
    case METHOD_AT_ONCE:
        return "allAtOnce";
    case METHOD_PRUNED:
        return "windowsWithRows";
    case METHOD_EACH:
        return "eachWindow";
    }
    UNREACHABLE();
}

static void write_firings(const struct subject *x, struct json_out *out)
{
    json_key(out, "firings");
    json_arr(out);
    for (size_t i = 0; i < x->firings.n; i++) {
        const struct firing *f = &x->firings.p[i];
        json_obj(out);
        json_kv_time(out, "windowEnd", f->s);
        json_kv_time(out, "time", f->run + x->delay);
        json_kv_bool(out, "late", f->run != f->s);
        json_kv_int(out, "rows", (int64_t)f->rows);
        json_kv_int(out, "alerts", (int64_t)f->alerts);
        json_kv_str(out, "title", f->title);
        json_kv_str(out, "severity", f->severity);
        json_key(out, "entities");
        json_raw(out, f->entities);
        json_obj_end(out);
    }
    json_arr_end(out);
}

static void write_incidents(const struct subject *x, struct json_out *out)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_incident *list = NULL;
    struct err e = {0};
    size_t n = 0, max = x->q->max_firings != 0 ? x->q->max_firings : 100;
    if (x->trial == NULL || !trial_incidents(x->trial, a, &list, &n, &e))
        n = 0;
    json_kv_int(out, "incidents", (int64_t)n);
    json_key(out, "incidentList");
    json_arr(out);
    for (size_t i = 0; i < n && i < max; i++) {
        json_obj(out);
        json_kv_time(out, "created", list[i].created);
        json_kv_str(out, "title", list[i].title);
        json_kv_str(out, "severity", list[i].severity);
        json_kv_int(out, "alerts", list[i].alerts);
        json_obj_end(out);
    }
    json_arr_end(out);
}

static void write_entities(const struct subject *x, struct json_out *out)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct tally *list = NULL;
    size_t n = subject_entities(x, a, &list);
    size_t top = x->q->top_entities != 0 ? x->q->top_entities : 10;
    json_kv_int(out, "entities", (int64_t)n);
    json_key(out, "topEntities");
    json_arr(out);
    for (size_t i = 0; i < n && i < top; i++) {
        json_obj(out);
        json_kv_str(out, "type", list[i].type);
        json_kv_str(out, "name", list[i].name);
        json_kv_int(out, "alerts", (int64_t)list[i].alerts);
        json_obj_end(out);
    }
    json_arr_end(out);
}

/* Runs that fired in each day of 24 hours from the range's start on. */
static void write_days(const struct subject *x, struct json_out *out)
{
    json_key(out, "days");
    json_arr(out);
    for (size_t i = 0; i < x->n_days; i++)
        json_int(out, x->days[i]);
    json_arr_end(out);
}

/* What each of the last runs gave; rows are null where it was suppressed or failed. */
static void write_runs(const struct subject *x, struct json_out *out)
{
    json_key(out, "runs");
    json_arr(out);
    for (size_t i = 0; i < x->n_runs; i++) {
        json_obj(out);
        json_kv_time(out, "windowEnd", grid_at(&x->grid, x->grid.n - x->n_runs + i));
        json_key(out, "rows");
        if (x->runs[i] == RUN_NOT_MADE)
            json_null(out);
        else
            json_int(out, x->runs[i]);
        json_obj_end(out);
    }
    json_arr_end(out);
}

static void write_cost(const struct subject *x, struct volumes *v, bool known, struct json_out *out)
{
    int64_t rows = known ? volumes_in_windows(v, x->r, &x->grid) : 0;
    json_key(out, "cost");
    json_obj(out);
    json_kv_real(out, "cpuSeconds", (double)x->cpu_us / 1e6);
    json_kv_real(out, "elapsedSeconds", (double)x->elapsed_us / 1e6);
    json_kv_int(out, "rowsInWindows", rows);
    json_kv_real(out, "rowsPerRun", x->grid.n > 0 ? (double)rows / (double)x->grid.n : 0);
    json_obj_end(out);
}

static void write_error(const struct err *e, struct json_out *out)
{
    json_key(out, "error");
    json_obj(out);
    json_kv_z(out, "code", err_code_name(e->code));
    json_kv_z(out, "message", e->msg);
    json_obj_end(out);
}

void subject_write(const struct subject *x, struct volumes *v, const struct err *refused,
                   struct json_out *out)
{
    const struct rule *r = x->r;
    json_obj(out);
    json_kv_str(out, "id", r->id);
    json_kv_str(out, "name", r->name);
    json_kv_z(out, "kind", rule_kind_name(r->kind));
    json_kv_z(out, "severity", rule_severity_name(r->severity));
    json_kv_z(out, "status", refused != NULL ? "Refused" : x->failed > 0 ? "Failing" : "Ran");
    if (refused != NULL || x->failed > 0)
        write_error(refused != NULL ? refused : &x->first_error, out);
    json_kv_z(out, "method", method_name(x->method));
    json_kv_int(out, "windows", (int64_t)x->grid.n);
    json_kv_int(out, "queries", (int64_t)x->evaluated);
    json_kv_int(out, "fired", (int64_t)x->fired);
    json_kv_int(out, "alerts", (int64_t)x->alerts);
    json_kv_int(out, "suppressed", (int64_t)x->suppressed);
    json_kv_int(out, "failed", (int64_t)x->failed);
    json_kv_int(out, "resultRows", (int64_t)x->rows);
    json_kv_int(out, "lateRuns", (int64_t)x->late_runs);
    json_kv_int(out, "lateAlerts", (int64_t)x->late_alerts);
    write_incidents(x, out);
    write_firings(x, out);
    write_entities(x, out);
    write_days(x, out);
    write_runs(x, out);
    write_cost(x, v, refused == NULL, out);
    json_obj_end(out);
}
