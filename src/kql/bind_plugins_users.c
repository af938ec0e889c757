/* Plugins about what users do over time: a row in the table is the plugin's arguments and the same
 * question in plain KQL, which is bound in the plugin's place. Counts of distinct values are exact.
 * Source: the plugins' own pages of the Kusto reference. */
#include "kql/bind_plugins_users.h"
#include "text/json.h"

enum {
    MAX_PERIODS = 100000, /* that a row is copied to */
    MAX_COHORTS = 10000   /* each is compared to all that follow */
};

/* What stands in a template is told in bind_plugins_users.h. */
struct user_plugin {
    const char *name;
    const char *arguments; /* by position; with '?': only when there are that many */
    const char *text;      /* NULL: made by a function */
    bool from_start;       /* periods start at _start, not at multiples of _step */
};

#define PERIODS "let B = _T $W | extend _b = $B; let D = B | distinct _id, _b$D;"

static const struct user_plugin plugins[] = {
    {"active_users_count", "id time start end lookback period active step dims",
     "let A = _T | where _t >= _start - _lookback and _t <= _end"
     " | extend _p = bin_at(_t, _period, _start);"
     /* The last time of each period is a mark. Between the ends of a window are as many marks as
      * it has periods, but for that of its last time. Marks are counted in order of time. */
     "let Q = A $W | distinct _id, _t$D;"
     "let Z = union (A | summarize _u = max(_t) by _id, _p$D"
     " | project _id, _t = _u, _x = _u - 0 * _lookback, _m = 1$D),"
     " (Q | extend _x = _t - 0 * _lookback, _m = 0), (Q | extend _x = _t - _lookback, _m = 0)"
     " | sort by _id asc$A, _x asc, _m asc"
     " | extend _c = row_cumsum(_m, row_number() == 1 or _id != prev(_id)$P);"
     "let R = Z | where _m == 0 | summarize _n = 1 + max(_c) - min(_c) by _id, _t$D"
     " | where _n >= _active;"
     "R | extend _b = $B | summarize dcount_values = count_distinct(_id) by _b$D"
     " | project _b$D, dcount_values | sort by _b asc",
     true},
    {"activity_counts_metrics", "id time start end step dims",
     PERIODS "let N = D | summarize _b = min(_b) by _id$D | summarize new_dcount = count() by _b$D;"
             "B | summarize ['count'] = count(), ['dcount'] = count_distinct(_id) by _b$D"
             " | lookup N on _b$D | extend new_dcount = coalesce(new_dcount, 0), _z = 1"
             " | sort by _z asc$A, _b asc"
             " | extend aggregated_dcount = row_cumsum(new_dcount, false$P)"
             " | project _b$D, ['count'], ['dcount'], new_dcount, aggregated_dcount",
     false},
    {"activity_engagement", "id time start? end? inner outer dims",
     "let B = _T $W | extend _b = $E; let D = B | distinct _id, _b$D;"
     "let I = D | summarize dcount_activities_inner = count() by _b$D;"
     "let O = D | extend _k = range(0, tolong(_outer / _inner) - 1, 1) | mv-expand _k to "
     "typeof(long)"
     " | extend _b = _b + _k * _inner | $L | distinct _id, _b$D"
     " | summarize dcount_activities_outer = count() by _b$D;"
     "O | lookup I on _b$D"
     " | extend dcount_activities_inner = coalesce(dcount_activities_inner, 0)"
     " | project _b, dcount_activities_inner, dcount_activities_outer, activity_ratio = "
     "todouble(dcount_activities_inner) / dcount_activities_outer$D | sort by _b asc",
     false},
    {"activity_metrics", "id time start? end? step dims",
     PERIODS
     "let V = D | summarize dcount_values = count() by _b$D;"
     "let N = D | summarize _b = min(_b) by _id$D | summarize dcount_newvalues = count() by _b$D;"
     "let R = D | join kind=inner (D | extend _b = $N) on _id, _b$D | summarize _r = count() by "
     "_b$D;"
     "let Q = V | project _b = $N, _p = dcount_values$D;"
     "V | lookup N on _b$D | lookup R on _b$D | lookup Q on _b$D"
     " | extend retention_rate = todouble(coalesce(_r, 0)) / coalesce(_p, 0)"
     " | project _b, dcount_values, dcount_newvalues = coalesce(dcount_newvalues, 0), "
     "retention_rate, churn_rate = 1.0 - retention_rate$D | sort by _b asc",
     false},
    {"funnel_sequence", "id time start end window step state sequence", NULL, true},
    {"funnel_sequence_completion", "id time start end step state sequence periods", NULL, true},
    {"new_activity_metrics", "id time start end step cohort? dims lookback?",
     PERIODS
     "let F = D | summarize _f = min(_b) by _id$D $K;"
     "let A = D | join kind=inner (F) on _id$D | project _id, _b, _f$D;"
     "let C = F | summarize _c = count() by _f$D;"
     "let X = C $H | extend _one = 1 | join kind=inner ($R | extend _one = 1) on _one"
     " | where _b >= _f | project _f, _b, _c$D;"
     "let R = A | summarize _r = count() by _f, _b$D;"
     "let W = X | join kind=inner (R | project _u = _f, _b, _q = _r$D) on _b$D"
     " | where _u > _f or (_u == _f and _b == _f) | summarize _n = sum(_q) by _f, _b$D;"
     "X | lookup R on _f, _b$D | lookup W on _f, _b$D | extend _r = coalesce(_r, 0)"
     " | project _from = _f, _to = _b, dcount_new_values = coalesce(_n, 0), dcount_retained_values "
     "= "
     "_r, dcount_churn_values = _c - _r, retention_rate = todouble(_r) / _c, churn_rate = 1.0 - "
     "todouble(_r) / _c$D | sort by _from asc, _to asc",
     true},
    {"session_count", "id time start end step lookback dims",
     "_T $W | sort by _id asc$A, _t asc"
     " | extend _new = row_number() == 1 or _id != prev(_id)$P or _t - prev(_t) >= _lookback"
     " | where _new | extend _b = $B | summarize count_sessions = count() by _b$D"
     " | project _b$D, count_sessions | sort by _b asc",
     false},
    {"sliding_window_counts", "id time start end lookback step dims",
     "let B = _T | where _t >= $X and _t <= _end | extend _b = $B;"
     "let R = B | summarize _n = count() by _id, _b$D"
     " | extend _k = range(0, $T - 1, 1) | mv-expand _k to typeof(long)"
     " | extend _b = $O | where _b >= $F and _b <= _end;"
     "R | summarize ['Count'] = sum(_n), Dcount = count_distinct(_id) by _b$D"
     " | project _b$D, ['Count'], Dcount | sort by _b asc",
     true},
};

/* ---- arguments ---- */
static void add_column(struct user_call *u, const char *name, const struct plan_col *c)
{
    struct plan_col col = plan_fresh(u->v->b, str_from(name), c->type);
    u->list[u->n_list++] = (struct named_expr){col, ex_column(u->v->b, c, u->v->call)};
}

static size_t count_items(struct binder *b, const struct expr *e, const struct syn *at)
{
    struct json v;
    bool list = e->kind == EX_CONST && e->type == KQL_DYNAMIC &&
                json_parse(b->a, e->value.s, NULL, &v, NULL) && v.type == JSON_ARRAY;
    if (!list || v.n == 0 || v.n > MAX_SEQUENCE) {
        bind_error(b, "SEM0219", at, "an array of 1 to %d values is expected here", MAX_SEQUENCE);
        return 0;
    }
    return v.n;
}

static bool has_repeats(struct binder *b, const struct expr *e)
{
    struct json v;
    if (e->kind != EX_CONST || !json_parse(b->a, e->value.s, NULL, &v, NULL))
        return false;
    for (size_t i = 1; v.type == JSON_ARRAY && i < v.n; i++)
        if (str_eq(v.items[i].text, v.items[i - 1].text))
            return true;
    return false;
}

/* false: only the rows will tell. */
static bool known_number(const struct expr *e, double *out)
{
    if (e == NULL || e->kind != EX_CONST || e->value.is_null || e->type == KQL_DECIMAL)
        return false;
    *out = e->type == KQL_REAL ? e->value.d : (double)e->value.i;
    return kql_type_is_number(e->type) || e->type == KQL_TIMESPAN || e->type == KQL_DATETIME;
}

static const struct expr *constant_of(const struct user_call *u, const char *role)
{
    for (size_t i = 0; i < u->n_constants; i++)
        if (str_eqz(u->constants[i].role, role))
            return u->constants[i].e;
    return NULL;
}

static bool periods_fit(const struct user_call *u, double whole, const char *step, int most)
{
    double one;
    if (!known_number(constant_of(u, step), &one) || whole / one <= most)
        return true;
    bind_error(u->v->b, "SEM0219", u->v->call, "%s(): that would be more than %d periods",
               z(u->v->b, u->v->call->text), most);
    return false;
}

static bool check_constants(const struct user_call *u)
{
    static const char *const positive[] = {"step", "inner", "period"};
    double v, start, end;
    for (size_t i = 0; i < u->n_constants; i++)
        for (size_t k = 0; k < COUNTOF(positive); k++)
            if (str_eqz(u->constants[i].role, positive[k]) && known_number(u->constants[i].e, &v) &&
                !(v > 0)) {
                bind_error(u->v->b, "SEM0219", u->constants[i].at, "a period is more than 0");
                return false;
            }
    if (known_number(constant_of(u, "outer"), &v))
        return periods_fit(u, v, "inner", MAX_PERIODS);
    if (str_eqz(u->v->call->text, "sliding_window_counts"))
        return !known_number(constant_of(u, "lookback"), &v) ||
               periods_fit(u, v, "step", MAX_PERIODS);
    if (str_eqz(u->v->call->text, "new_activity_metrics"))
        return !known_number(constant_of(u, "start"), &start) ||
               !known_number(constant_of(u, "end"), &end) ||
               periods_fit(u, end - start, "step", MAX_COHORTS);
    return true;
}

static bool read_constant(struct user_call *u, struct str role, size_t at)
{
    struct binder *b = u->v->b;
    struct cx c = cx_of(b, u->v->env, NULL);
    const struct syn *s = u->v->call->kids[at];
    struct expr *e = bind_constant(&c, s, KQL_UNKNOWN);
    if (e->type == KQL_UNKNOWN)
        return false;
    if (str_eqz(role, "step") && e->type == KQL_STRING) {
        static const char *const known[] = {"week", "month", "year"};
        for (size_t i = 0; i < COUNTOF(known); i++)
            if (e->kind == EX_CONST && str_ieqz(e->value.s, known[i]))
                u->calendar = str_from(known[i]);
        if (u->calendar.n == 0)
            bind_error(b, "SEM0219", s, "a period is a number, a timespan, week, month or year");
    }
    if (str_eqz(role, "sequence"))
        u->n_sequence = count_items(b, e, s), u->repeats = has_repeats(b, e);
    if (str_eqz(role, "periods"))
        u->n_periods = count_items(b, e, s);
    if (u->n_constants < MAX_CONSTANTS) {
        u->constants[u->n_constants].role = role;
        u->constants[u->n_constants].at = s;
        u->constants[u->n_constants++].e = e;
    }
    plugin_bind_scalar(u->v, &u->env, arena_fmt(b->a, "_%.*s", STR_ARG(role)), e);
    return true;
}

static bool read_dimension(struct user_call *u, size_t at)
{
    const struct plan_col *c = plugin_column(u->v, "", at);
    if (c == NULL)
        return false;
    if (u->n_dims >= MAX_DIMENSIONS) {
        bind_error(u->v->b, "SEM0219", u->v->call->kids[at], "more than %d dimensions",
                   MAX_DIMENSIONS);
        return false;
    }
    u->dims[u->n_dims] = c->name;
    add_column(u, z(u->v->b, arena_fmt(u->v->b->a, "_d%zu", u->n_dims++)), c);
    return true;
}

static bool is_column(const struct user_call *u, const struct syn *s)
{
    s = bind_strip(s);
    return s->kind == SYN_NAME && bind_find_column(u->v->in, s->text) != NULL;
}

/* The IDs that a table of the past has, in its column of the same name. */
static bool read_lookback(struct user_call *u, const struct syn *s)
{
    struct binder *b = u->v->b;
    struct plan *p = bind_table(b, u->v->env, s);
    const struct plan_col *c = bind_find_column(p, u->id->name);
    if (c == NULL) {
        if (!p->open)
            bind_error(b, "SEM0100", s, "the table has no column '%s'", z(b, u->id->name));
        return false;
    }
    struct named_expr one = {plan_fresh(b, STR("_id"), c->type), ex_column(b, c, s)};
    plugin_bind_plan(u->v, &u->env, "_past", plan_project(b, p, &one, 1, s));
    u->has_lookback = true;
    return true;
}

/* Behind the fixed arguments: a cohort, dimensions, a table. */
static bool read_rest(struct user_call *u, size_t at, bool cohort)
{
    for (; at < u->v->call->n; at++) {
        const struct syn *s = u->v->call->kids[at];
        bool last = at + 1 == u->v->call->n;
        if (is_column(u, s)) {
            if (!read_dimension(u, at))
                return false;
        } else if (cohort && last && bind_is_table(u->v->b, u->v->env, s)) {
            if (!read_lookback(u, s))
                return false;
        } else if (cohort && !u->has_cohort && u->n_dims == 0) {
            u->has_cohort = true;
            if (!read_constant(u, STR("cohort"), at))
                return false;
        } else {
            return read_dimension(u, at);
        }
    }
    return true;
}

static size_t words(const char *s, bool optional_too)
{
    size_t n = 0;
    for (struct str rest = str_from(s), word; rest.n > 0; n += word.n > 0) {
        size_t end = 0;
        while (end < rest.n && rest.p[end] != ' ')
            end++;
        word = str_sub(rest, 0, end);
        rest = str_sub(rest, end < rest.n ? end + 1 : end, rest.n);
        if (str_eqz(word, "dims") || (!optional_too && str_ends(word, STR("?"))))
            word.n = 0;
    }
    return n;
}

static bool read_one(struct user_call *u, struct str role, size_t at)
{
    const struct plan_col *c;
    bool column = str_eqz(role, "id") || str_eqz(role, "time") || str_eqz(role, "state");
    if (!column)
        return read_constant(u, role, at);
    c = plugin_column(u->v, "", at);
    if (c == NULL)
        return false;
    *(str_eqz(role, "id") ? &u->id : str_eqz(role, "time") ? &u->time : &u->state) = c;
    add_column(
        u, str_eqz(role, "time") ? "_t" : z(u->v->b, arena_fmt(u->v->b->a, "_%.*s", STR_ARG(role))),
        c);
    return true;
}

static bool read_arguments(struct user_call *u, const struct user_plugin *g)
{
    const struct syn *call = u->v->call;
    bool cohort = strstr(g->arguments, "cohort?") != NULL;
    size_t least = words(g->arguments, false);
    /* start and end may be left out, together: then a constant follows less often */
    bool whole = cohort || (call->n >= words(g->arguments, true) && !is_column(u, call->kids[4]));
    if (call->n < least) {
        bind_error(u->v->b, "SEM0219", call, "%s() takes at least %zu arguments, not %zu", g->name,
                   least, call->n);
        return false;
    }
    size_t at = 0;
    for (struct str rest = str_from(g->arguments); rest.n > 0;) {
        size_t end = 0;
        while (end < rest.n && rest.p[end] != ' ')
            end++;
        struct str role = str_sub(rest, 0, end);
        rest = str_sub(rest, end < rest.n ? end + 1 : end, rest.n);
        bool optional = str_ends(role, STR("?"));
        if (optional)
            role.n--;
        if (str_eqz(role, "cohort") || str_eqz(role, "dims"))
            break;
        if (optional && !whole)
            continue;
        u->has_start = u->has_start || str_eqz(role, "start");
        if (!read_one(u, role, at++))
            return false;
    }
    return read_rest(u, at, cohort);
}

/* ---- the text ---- */
static void add_dims(const struct user_call *u, const char *before, const char *after,
                     struct sbuf *out)
{
    for (size_t i = 0; i < u->n_dims; i++)
        sbuf_addf(out, "%s_d%zu%s", before, i, after);
}

static void add_period(const struct user_call *u, const char *what, const char *step,
                       struct sbuf *out)
{
    if (u->calendar.n > 0)
        sbuf_addf(out, "startof%.*s(%s)", STR_ARG(u->calendar), what);
    else if (u->from_start)
        sbuf_addf(out, "bin_at(%s, %s, _start)", what, step);
    else
        sbuf_addf(out, "bin(%s, %s)", what, step);
}

static void add_later(const struct user_call *u, const char *n, const char *what, struct sbuf *out)
{
    if (u->calendar.n > 0)
        sbuf_addf(out, "datetime_add('%.*s', %s, %s)", STR_ARG(u->calendar), n, what);
    else
        sbuf_addf(out, "%s + %s * _step", what, n);
}

/* Periods in _lookback, rounded down; those of the calendar have no length of their own. */
static const char *lookback_periods(const struct user_call *u)
{
    return u->calendar.n == 0              ? "tolong(_lookback / _step)"
           : str_eqz(u->calendar, "week")  ? "tolong(_lookback / 7d)"
           : str_eqz(u->calendar, "month") ? "tolong(_lookback / 30d)"
                                           : "tolong(_lookback / 365d)";
}

static void add_all_periods(const struct user_call *u, struct sbuf *out)
{
    if (u->calendar.n == 0) {
        sbuf_addz(out, "range _b from _start to _end step _step");
        return;
    }
    sbuf_addf(out, "range _k from 0 to datetime_diff('%.*s', _end, ", STR_ARG(u->calendar));
    add_period(u, "_start", "_step", out);
    sbuf_addf(out, ") step 1 | project _b = datetime_add('%.*s', _k, ", STR_ARG(u->calendar));
    add_period(u, "_start", "_step", out);
    sbuf_addc(out, ')');
}

static void add_word(const struct user_call *u, char word, struct sbuf *out)
{
    switch (word) {
    case 'D':
        add_dims(u, ", ", "", out);
        break;
    case 'A':
        add_dims(u, ", ", " asc", out);
        break;
    case 'P':
        for (size_t i = 0; i < u->n_dims; i++)
            sbuf_addf(out, " or _d%zu != prev(_d%zu)", i, i);
        break;
    case 'W':
        sbuf_addz(out, u->has_start ? "| where _t between (_start .. _end)" : "");
        break;
    case 'L':
        sbuf_addz(out, u->has_start ? "where _b <= _end"
                                    : "where _b <= toscalar(B | summarize max(_b))");
        break;
    case 'B':
        add_period(u, "_t", "_step", out);
        break;
    case 'E':
        add_period(u, "_t", "_inner", out);
        break;
    case 'F':
        add_period(u, "_start", "_step", out);
        break;
    case 'H':
        if (u->has_cohort) {
            sbuf_addz(out, "| where _f == ");
            add_period(u, "_cohort", "_step", out);
        }
        break;
    case 'K':
        sbuf_addz(out, u->has_lookback ? "| where _id !in (_past)" : "");
        break;
    case 'N':
        add_later(u, "1", "_b", out);
        break;
    case 'O':
        add_later(u, "_k", "_b", out);
        break;
    case 'R':
        add_all_periods(u, out);
        break;
    case 'T':
        sbuf_addz(out, lookback_periods(u));
        break;
    case 'X':
        if (u->calendar.n == 0)
            sbuf_addz(out, "_start - _lookback");
        else
            sbuf_addf(out, "datetime_add('%.*s', -%s, startof%.*s(_start))", STR_ARG(u->calendar),
                      lookback_periods(u), STR_ARG(u->calendar));
        break;
    default:
        break;
    }
}

void user_text(const struct user_call *u, const char *text, struct sbuf *out)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (p[0] == '$' && p[1] >= 'A' && p[1] <= 'Z')
            add_word(u, *++p, out);
        else
            sbuf_addc(out, *p);
    }
}

/* ---- the result ---- */
static struct str final_name(const struct user_call *u, struct str name)
{
    struct arena *a = u->v->b->a;
    if (str_eqz(name, "_b"))
        return u->time->name;
    if (str_eqz(name, "_state"))
        return u->state->name;
    if (str_eqz(name, "_from") || str_eqz(name, "_to"))
        return arena_fmt(a, "%.*s_%.*s", (int)(name.n - 1), name.p + 1, STR_ARG(u->time->name));
    int64_t i;
    if (str_starts(name, STR("_d")) && str_to_i64(str_sub(name, 2, name.n), &i))
        return u->dims[i];
    return name;
}

/* Periods have the type of the time. */
static struct expr *final_value(const struct user_call *u, const struct plan_col *c)
{
    struct expr *e = ex_column(u->v->b, c, u->v->call);
    bool period = str_eqz(c->name, "_b") || str_eqz(c->name, "_from") || str_eqz(c->name, "_to");
    return period && c->type != u->time->type ? ex_cast(u->v->b, e, u->time->type) : e;
}

static struct plan *with_final_names(const struct user_call *u, struct plan *p)
{
    struct binder *b = u->v->b;
    struct named_expr *list = arena_array(b->a, struct named_expr, p->cols.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < p->cols.n; i++) {
        const struct plan_col *c = &p->cols.p[i];
        if (c->hidden)
            continue;
        struct expr *e = final_value(u, c);
        list[n++] = (struct named_expr){plan_fresh(b, final_name(u, c->name), e->type), e};
    }
    return plan_project(b, p, list, n, u->v->call);
}

/* Several results: what follows reads the first. */
static struct plan *tables_with_final_names(const struct user_call *u, struct plan *p)
{
    for (size_t i = 0; i < p->n_in; i++)
        p->in[i] = with_final_names(u, p->in[i]);
    p->program->name = STR("tables");
    p->cols.n = 0;
    plan_copy_cols(u->v->b, p, p->in[0]);
    return p;
}

struct plan *bind_user_plugin(const struct plugin_call *v)
{
    const struct user_plugin *g = NULL;
    for (size_t i = 0; i < COUNTOF(plugins); i++)
        if (str_eqz(v->call->text, plugins[i].name))
            g = &plugins[i];
    struct user_call u = {.v = v};
    if (g == NULL)
        return NULL;
    u.from_start = g->from_start;
    if (v->in->open || !read_arguments(&u, g) || !check_constants(&u))
        return bind_nothing(v->b, v->call);
    plugin_bind_plan(v, &u.env, "_T",
                     plan_share(v->b, plan_project(v->b, v->in, u.list, u.n_list, v->call),
                                ++v->b->next_shared));
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(1 << 20);
    if (g->text != NULL)
        user_text(&u, g->text, &text);
    else if (u.n_sequence == 0 || (strstr(g->arguments, "periods") != NULL && u.n_periods == 0))
        return bind_nothing(v->b, v->call);
    else if (strstr(g->arguments, "periods") != NULL)
        funnel_completion_text(&u, &text);
    else
        funnel_sequence_text(&u, &text);
    struct plan *p = plugin_template(v, u.env, arena_str(v->b->a, sbuf_str(&text)));
    if (p == NULL)
        return bind_nothing(v->b, v->call);
    return p->kind == P_PROGRAM ? tables_with_final_names(&u, p) : with_final_names(&u, p);
}
