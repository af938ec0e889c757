/* The function tables and overload resolution. Rows: functions/<family>.def.
 *
 * Signatures:
 *
 *   signatures = signature { " | " signature }
 *   signature  = [ item { "," item } ] ":" result
 *   item       = param | "(" param "," param ")" repeat        a group that repeats as a whole
 *   param      = type [ "!" ] [ "?" | repeat ]                 ! must not depend on a row; ?
 * optional repeat     = "+" | "*"                                     one or more; any number; at
 * most one in a signature type       = bool int long real decimal string datetime timespan guid
 * dynamic     exactly that, after a cast | any        every scalar type          | num       int,
 * long, real, decimal | integer    int, long                  | summable  num, datetime, timespan
 *              | simple     all but dynamic            | orderable the same
 *              | hashable   all but real, bool         | numbool   num, bool
 *              | strdyn     string, dynamic            | intarray  integer, dynamic
 *              | array, bag dynamic                    | type      typeof(T)
 *              | table      a table; bound by special rules, never matched here
 *              | same       any, but one type for all parameters that say so
 *   result     = a single type | "$1" the type of argument 1 | "$2" | "$1+" the same, int becomes
 * long | "widest" of all numeric arguments | "widest+" int becomes long | "common" of the "same"
 * ones | "typeof" the type named by the typeof(T) argument
 */
#include "kql/functions.h"

#include <stdio.h>

#define KQL_FN(name, sigs, flags, naming, sql, page) {name, sigs, flags, naming, sql, page},
static const struct kql_func fn_aggregate[] = {
#include "kql/functions/aggregate.def"
};
static const struct kql_func fn_condition[] = {
#include "kql/functions/condition.def"
};
static const struct kql_func fn_convert[] = {
#include "kql/functions/convert.def"
};
static const struct kql_func fn_datetime[] = {
#include "kql/functions/datetime.def"
};
static const struct kql_func fn_dynamic[] = {
#include "kql/functions/dynamic.def"
};
static const struct kql_func fn_encode[] = {
#include "kql/functions/encode.def"
};
static const struct kql_func fn_geo[] = {
#include "kql/functions/geo.def"
};
static const struct kql_func fn_hash[] = {
#include "kql/functions/hash.def"
};
static const struct kql_func fn_ip[] = {
#include "kql/functions/ip.def"
};
static const struct kql_func fn_math[] = {
#include "kql/functions/math.def"
};
static const struct kql_func fn_operators[] = {
#include "kql/functions/operators.def"
};
static const struct kql_func fn_series[] = {
#include "kql/functions/series.def"
};
static const struct kql_func fn_sketch[] = {
#include "kql/functions/sketch.def"
};
static const struct kql_func fn_special[] = {
#include "kql/functions/special.def"
};
static const struct kql_func fn_string[] = {
#include "kql/functions/string.def"
};
static const struct kql_func fn_window[] = {
#include "kql/functions/window.def"
};
#undef KQL_FN

static const struct {
    const struct kql_func *rows;
    size_t n;
} families[] = {
    {fn_aggregate, COUNTOF(fn_aggregate)},
    {fn_condition, COUNTOF(fn_condition)},
    {fn_convert, COUNTOF(fn_convert)},
    {fn_datetime, COUNTOF(fn_datetime)},
    {fn_dynamic, COUNTOF(fn_dynamic)},
    {fn_encode, COUNTOF(fn_encode)},
    {fn_geo, COUNTOF(fn_geo)},
    {fn_hash, COUNTOF(fn_hash)},
    {fn_ip, COUNTOF(fn_ip)},
    {fn_math, COUNTOF(fn_math)},
    {fn_operators, COUNTOF(fn_operators)},
    {fn_series, COUNTOF(fn_series)},
    {fn_sketch, COUNTOF(fn_sketch)},
    {fn_special, COUNTOF(fn_special)},
    {fn_string, COUNTOF(fn_string)},
    {fn_window, COUNTOF(fn_window)},
};

/* ---- lookup ---- */

/* As str_cmp, without the length of z. */
static int order(struct str name, const char *z)
{
    for (size_t i = 0; i < name.n; i++) {
        unsigned char x = (unsigned char)name.p[i], y = (unsigned char)z[i];
        if (x != y || y == '\0') /* z ended, also where name holds a NUL */
            return x < y ? -1 : 1;
    }
    return z[name.n] == '\0' ? 0 : -1;
}

static const struct kql_func *find_in(size_t family, struct str name)
{
    size_t lo = 0, hi = families[family].n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct kql_func *f = &families[family].rows[mid];
        int c = order(name, f->name);
        if (c == 0)
            return f;
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}
static const struct kql_func *find_from(size_t family, struct str name)
{
    for (; family < COUNTOF(families); family++) {
        const struct kql_func *f = find_in(family, name);
        if (f != NULL)
            return f;
    }
    return NULL;
}
const struct kql_func *kql_func_find(struct str name)
{
    return find_from(0, name);
}
const struct kql_func *kql_func_next(const struct kql_func *f)
{
    for (size_t i = 0; i < COUNTOF(families); i++)
        if (f >= families[i].rows && f < families[i].rows + families[i].n)
            return find_from(i + 1, str_from(f->name));
    return NULL;
}
const struct kql_func *kql_func_at(size_t at)
{
    for (size_t i = 0; i < COUNTOF(families); i++) {
        if (at < families[i].n)
            return &families[i].rows[at];
        at -= families[i].n;
    }
    return NULL;
}
const struct kql_func *kql_func_get(struct str name, uint32_t mask, uint32_t want)
{
    const struct kql_func *f = kql_func_find(name);
    while (f != NULL && (f->flags & mask) != want)
        f = kql_func_next(f);
    return f;
}

/* ---- types ---- */

bool kql_type_is_number(enum kql_type t)
{
    return t == KQL_INT || t == KQL_LONG || t == KQL_REAL || t == KQL_DECIMAL;
}
enum kql_type kql_type_common(enum kql_type x, enum kql_type y)
{
    if (x == KQL_UNKNOWN)
        return y;
    if (x == y || y == KQL_UNKNOWN || y == KQL_DYNAMIC)
        return x;
    if (x == KQL_DYNAMIC)
        return y;
    if (y == KQL_DYNAMIC)
        return x;
    if (kql_type_is_number(x) && kql_type_is_number(y))
        return x > y ? x : y; /* the enum goes from int to decimal */
    return KQL_UNKNOWN;
}

#define BIT(t) (1u << (t))
enum {
    NUM = BIT(KQL_INT) | BIT(KQL_LONG) | BIT(KQL_REAL) | BIT(KQL_DECIMAL),
    ALL = BIT(KQL_N_TYPES) - 1 - BIT(KQL_UNKNOWN)
};
static const struct cls {
    const char *word;
    unsigned mask;
    const char *say;
} classes[] = {
    {"any", ALL, "a scalar value"},
    {"same", ALL, "a value of the same type as the others"},
    {"num", NUM, "a number"},
    {"integer", BIT(KQL_INT) | BIT(KQL_LONG), "int or long"},
    {"summable", NUM | BIT(KQL_DATETIME) | BIT(KQL_TIMESPAN), "a number, datetime or timespan"},
    {"simple", ALL & ~BIT(KQL_DYNAMIC),
     "a value that is not dynamic (cast it, for example with tostring())"},
    {"orderable", ALL & ~BIT(KQL_DYNAMIC),
     "a value with an order (cast it, for example with tostring())"},
    {"hashable", ALL & ~(BIT(KQL_REAL) | BIT(KQL_BOOL)), "a value other than real and bool"},
    {"numbool", NUM | BIT(KQL_BOOL), "a number or bool"},
    {"strdyn", BIT(KQL_STRING) | BIT(KQL_DYNAMIC), "string or dynamic"},
    {"intarray", BIT(KQL_INT) | BIT(KQL_LONG) | BIT(KQL_DYNAMIC), "an integer or a dynamic array"},
    {"array", BIT(KQL_DYNAMIC), "a dynamic array"},
    {"bag", BIT(KQL_DYNAMIC), "a dynamic property bag"},
    {"bool", BIT(KQL_BOOL), "bool"},
    {"int", BIT(KQL_INT), "int"},
    {"long", BIT(KQL_LONG), "long"},
    {"real", BIT(KQL_REAL), "real"},
    {"decimal", BIT(KQL_DECIMAL), "decimal"},
    {"string", BIT(KQL_STRING), "string"},
    {"datetime", BIT(KQL_DATETIME), "datetime"},
    {"timespan", BIT(KQL_TIMESPAN), "timespan"},
    {"guid", BIT(KQL_GUID), "guid"},
    {"dynamic", BIT(KQL_DYNAMIC), "dynamic"},
    {"type", 0, "typeof(…)"},
    {"table", 0, "a table"},
};

/* ---- one signature ---- */

enum { MAX_PARAMS = 16 };
struct param {
    const struct cls *cls;
    bool constant, optional, same;
};
struct sig {
    struct param p[MAX_PARAMS];
    size_t n;             /* parameters, each written one once */
    size_t rep_at, rep_n; /* the repeating part; rep_n 0: none */
    size_t rep_min;
    struct str result;
};

static const struct cls *class_of(struct str word)
{
    for (size_t i = 0; i < COUNTOF(classes); i++)
        if (str_eqz(word, classes[i].word))
            return &classes[i];
    UNREACHABLE(); /* a row's own mistake: an unknown type in its signature */
}
static char peek_char(struct str s)
{
    return s.n > 0 ? s.p[0] : '\0';
}
static struct str skip(struct str s, size_t n)
{
    return str_sub(s, n, s.n);
}
static struct str parse_param(struct str s, struct sig *g)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= 'a' && s.p[n] <= 'z')
        n++;
    CHECK(g->n < MAX_PARAMS);
    struct param *p = &g->p[g->n++];
    *p = (struct param){.cls = class_of(str_sub(s, 0, n))};
    p->same = strcmp(p->cls->word, "same") == 0;
    s = skip(s, n);
    if (peek_char(s) == '!') {
        p->constant = true;
        s = skip(s, 1);
    }
    if (peek_char(s) == '?') {
        p->optional = true;
        s = skip(s, 1);
    }
    return s;
}
static struct str parse_repeat(struct str s, struct sig *g, size_t from)
{
    if (peek_char(s) != '+' && peek_char(s) != '*')
        return s;
    CHECK(g->rep_n == 0);
    g->rep_at = from;
    g->rep_n = g->n - from;
    g->rep_min = peek_char(s) == '+' ? 1 : 0;
    return skip(s, 1);
}
/* Reads one signature from *s and moves behind it. false: none left. */
static bool next_sig(struct str *s, struct sig *g)
{
    if (s->n == 0)
        return false;
    *g = (struct sig){0};
    while (peek_char(*s) != ':') {
        size_t from = g->n;
        bool group = peek_char(*s) == '(';
        *s = parse_param(group ? skip(*s, 1) : *s, g);
        while (group && peek_char(*s) == ',')
            *s = parse_param(skip(*s, 1), g);
        *s = parse_repeat(group ? skip(*s, 1) : *s, g, from);
        if (peek_char(*s) == ',')
            *s = skip(*s, 1);
    }
    size_t end;
    *s = skip(*s, 1);
    if (!str_find(*s, STR(" | "), &end))
        end = s->n;
    g->result = str_sub(*s, 0, end);
    *s = skip(*s, end + 3 < s->n ? end + 3 : s->n);
    return true;
}

/* How many arguments a signature takes. */
static void sig_bounds(const struct sig *g, size_t *lo, size_t *hi)
{
    *lo = *hi = 0;
    for (size_t i = 0; i < g->n; i++) {
        bool repeated = g->rep_n > 0 && i >= g->rep_at && i < g->rep_at + g->rep_n;
        *hi += 1;
        *lo += repeated ? g->rep_min : !g->p[i].optional;
    }
    if (g->rep_n > 0)
        *hi = SIZE_MAX;
}
/* Which parameter argument i of n belongs to when the repeating part is written `times` times. */
static const struct param *param_for(const struct sig *g, size_t times, size_t i)
{
    if (g->rep_n == 0 || i < g->rep_at)
        return &g->p[i];
    size_t inside = times * g->rep_n;
    if (i < g->rep_at + inside)
        return &g->p[g->rep_at + (i - g->rep_at) % g->rep_n];
    return &g->p[i - inside + g->rep_n];
}

/* ---- matching ---- */

enum { FIT_EXACT = 0, FIT_WIDEN = 1, FIT_DYNAMIC = 8, FIT_NONE = 1000000 };

/* The one type of a class of one; KQL_UNKNOWN for wider classes. */
static enum kql_type single(const struct cls *c)
{
    if (c->mask == 0 || (c->mask & (c->mask - 1)) != 0)
        return KQL_UNKNOWN;
    enum kql_type t = KQL_BOOL;
    while (BIT(t) != c->mask)
        t++;
    return t;
}
/* Cost of giving an argument to a parameter; *want is the type to cast to. Kusto's implicit
 * conversions: integers widen to long, real and decimal, and dynamic becomes whatever single type
 * is asked for. */
static unsigned fit(const struct param *p, const struct kql_arg *a, enum kql_type *want)
{
    *want = KQL_UNKNOWN;
    if (strcmp(p->cls->word, "type") == 0)
        return a->type_literal ? FIT_EXACT : FIT_NONE;
    if (a->type_literal || p->cls->mask == 0 || (p->constant && !a->constant))
        return FIT_NONE;
    if (a->type == KQL_UNKNOWN || (p->cls->mask & BIT(a->type)) != 0)
        return FIT_EXACT;
    enum kql_type t = single(p->cls);
    if (t == KQL_UNKNOWN)
        return FIT_NONE;
    *want = t;
    if (a->type == KQL_DYNAMIC)
        return FIT_DYNAMIC;
    if (kql_type_is_number(a->type) &&
        kql_type_is_number(t)) /* int from long narrows: dear, yet allowed */
        return a->type < t ? FIT_WIDEN * (unsigned)(t - a->type) : FIT_DYNAMIC;
    return FIT_NONE;
}
struct attempt {
    unsigned cost;
    size_t bad_arg;
    const struct param *bad_param;
    enum kql_type common; /* of the "same" parameters */
};
static struct attempt try_times(const struct sig *g, size_t times, const struct kql_arg *args,
                                size_t n, enum kql_type *want)
{
    struct attempt r = {.common = KQL_UNKNOWN};
    for (size_t i = 0; i < n; i++) {
        const struct param *p = param_for(g, times, i);
        unsigned c = fit(p, &args[i], &want[i]);
        if (c < FIT_NONE && p->same) {
            enum kql_type t = kql_type_common(r.common, args[i].type);
            if (t == KQL_UNKNOWN && r.common != KQL_UNKNOWN && args[i].type != KQL_UNKNOWN)
                c = FIT_NONE;
            else
                r.common = t;
        }
        if (c >= FIT_NONE) {
            r.cost = FIT_NONE;
            r.bad_arg = i;
            r.bad_param = p;
            return r;
        }
        r.cost += c;
    }
    for (size_t i = 0; i < n; i++)
        if (param_for(g, times, i)->same && args[i].type != r.common)
            want[i] = r.common;
    return r;
}
static struct attempt try_sig(const struct sig *g, const struct kql_arg *args, size_t n,
                              enum kql_type *want)
{
    size_t fixed = g->n - g->rep_n;
    if (g->rep_n == 0)
        return try_times(g, 0, args, n, want);
    struct attempt best = {.cost = FIT_NONE};
    size_t best_times = 0;
    /* optional parameters behind the repeating part may be given or not */
    for (size_t given = fixed + 1; given-- > 0;) {
        if (given > n || (n - given) % g->rep_n != 0 || (n - given) / g->rep_n < g->rep_min)
            continue;
        size_t required = 0;
        for (size_t i = 0; i < g->n; i++)
            required += !g->p[i].optional && (i < g->rep_at || i >= g->rep_at + g->rep_n);
        if (given < required)
            break;
        size_t times = (n - given) / g->rep_n;
        struct attempt t = try_times(g, times, args, n, want);
        bool further = best.bad_param == NULL || t.bad_arg > best.bad_arg;
        bool better = t.cost < best.cost || (best.cost == FIT_NONE && further);
        best_times = better ? times : best_times;
        best = better ? t : best;
    }
    /* `want` holds the conversions of the last try, which may not have been the best. */
    return best.cost < FIT_NONE ? try_times(g, best_times, args, n, want) : best;
}

static enum kql_type widen(enum kql_type t)
{
    return t == KQL_INT ? KQL_LONG : t;
}
static enum kql_type result_of(const struct sig *g, const struct kql_arg *args, size_t n,
                               enum kql_type common)
{
    enum kql_type t = KQL_UNKNOWN;
    if (kql_type_parse(g->result, &t))
        return t;
    if (str_eqz(g->result, "common"))
        return common;
    if (str_eqz(g->result, "table"))
        return KQL_UNKNOWN; /* not a scalar; the binder's own rules bind it */
    if (g->result.n > 1 && g->result.p[0] == '$') {
        size_t i = (size_t)(g->result.p[1] - '1');
        t = i < n ? args[i].type : KQL_UNKNOWN;
        return g->result.n == 3 ? widen(t) : t;
    }
    if (str_eqz(g->result, "typeof")) {
        for (size_t i = 0; i < n; i++)
            if (args[i].type_literal)
                t = args[i].type;
        return t;
    }
    CHECK(str_starts(g->result, STR("widest")));
    for (size_t i = 0; i < n; i++) {
        if (args[i].type == KQL_UNKNOWN)
            return KQL_UNKNOWN;
        t = kql_type_common(t, args[i].type);
    }
    return g->result.n == 7 ? widen(t) : t;
}

static void note_failure(struct kql_match *out, const struct attempt *t, bool *have)
{
    if (t->bad_param == NULL || (*have && t->bad_arg <= out->bad_arg))
        return;
    *have = true;
    out->bad_arg = t->bad_arg;
    out->expected = t->bad_param->cls->say;
    out->bad_constant = t->bad_param->constant;
}
bool kql_func_match(struct arena *a, const struct kql_func *f, const struct kql_arg *args, size_t n,
                    struct kql_match *out)
{
    struct str rest = str_from(f->signatures);
    struct sig g;
    unsigned best = FIT_NONE;
    bool have = false;
    *out = (struct kql_match){.min_args = SIZE_MAX, .bad_count = true};
    enum kql_type *want = arena_array(a, enum kql_type, n + 1);
    while (next_sig(&rest, &g)) {
        size_t lo, hi;
        sig_bounds(&g, &lo, &hi);
        out->min_args = lo < out->min_args ? lo : out->min_args;
        out->max_args = hi > out->max_args ? hi : out->max_args;
        if (n < lo || n > hi)
            continue;
        out->n_tried++;
        struct attempt t = try_sig(&g, args, n, want);
        if (t.cost >= FIT_NONE)
            note_failure(out, &t, &have);
        if (t.cost < FIT_NONE || have)
            out->bad_count = false;
        if (t.cost >= best)
            continue;
        best = t.cost;
        out->result = result_of(&g, args, n, t.common);
        out->want = want;
        want = arena_array(a, enum kql_type, n + 1);
    }
    return best < FIT_NONE;
}
