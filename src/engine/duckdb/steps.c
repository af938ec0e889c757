/* Evaluating the expressions of steps: one row in the table and one function each. The rules for
 * nulls, wrapping and rounding are those of the SQL that the emitter writes for the same names. */
#include "engine/duckdb/steps.h"
#include "base/clock.h"
#include "engine/duckdb/steps_call.h"
#include "text/unicode.h"
#include <math.h>

enum { MAX_TEXT = 1 << 20 }; /* bytes, of a value made of others: one that grows from row to row */

typedef struct kql_value step_fn(struct arena *a, const struct kql_value *v, size_t n,
                                 enum kql_type t);
struct step_function {
    const char *name;
    step_fn *fn;
};

static struct kql_value null_of(enum kql_type t)
{
    return (struct kql_value){.type = t, .is_null = t != KQL_STRING};
}

static struct kql_value of_bool(bool b)
{
    return (struct kql_value){.type = KQL_BOOL, .b = b};
}

static struct kql_value whole(enum kql_type t, int64_t i)
{
    return (struct kql_value){.type = t, .i = i};
}

static struct kql_value real(double d)
{
    return (struct kql_value){.type = KQL_REAL, .d = d};
}

static double as_real(const struct kql_value *v)
{
    return v->type == KQL_REAL ? v->d : (double)v->i;
}

static bool any_null(const struct kql_value *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].is_null)
            return true;
    return false;
}

/* ---- arithmetic ---- */
static struct kql_value moment(enum kql_type t, bool overflow, int64_t ticks)
{
    bool out = t == KQL_DATETIME && (overflow || ticks < 0 || ticks > TICKS_MAX);
    return out ? null_of(t) : whole(t, ticks);
}

static struct kql_value span_of(double ticks)
{
    bool fits = ticks >= -9223372036854775808.0 && ticks < 9223372036854775808.0;
    return fits ? whole(KQL_TIMESPAN, (int64_t)ticks) : null_of(KQL_TIMESPAN);
}

static struct kql_value add(struct arena *a, const struct kql_value *v, size_t n, enum kql_type t)
{
    (void)a;
    int64_t sum;
    if (any_null(v, n))
        return null_of(t);
    if (t == KQL_REAL)
        return real(as_real(&v[0]) + as_real(&v[1]));
    bool over = __builtin_add_overflow(v[0].i, v[1].i, &sum);
    return moment(t, over, sum);
}

static struct kql_value subtract(struct arena *a, const struct kql_value *v, size_t n,
                                 enum kql_type t)
{
    (void)a;
    int64_t difference;
    if (any_null(v, n))
        return null_of(t);
    if (t == KQL_REAL)
        return real(as_real(&v[0]) - as_real(&v[1]));
    bool over = __builtin_sub_overflow(v[0].i, v[1].i, &difference);
    return moment(t, over, difference);
}

static struct kql_value multiply(struct arena *a, const struct kql_value *v, size_t n,
                                 enum kql_type t)
{
    (void)a;
    if (any_null(v, n))
        return null_of(t);
    if (t == KQL_REAL)
        return real(as_real(&v[0]) * as_real(&v[1]));
    if (t == KQL_TIMESPAN)
        return span_of(as_real(&v[0]) * as_real(&v[1]));
    return whole(t, (int64_t)((uint64_t)v[0].i * (uint64_t)v[1].i));
}

static struct kql_value divide(struct arena *a, const struct kql_value *v, size_t n,
                               enum kql_type t)
{
    (void)a;
    if (any_null(v, n))
        return null_of(t);
    if (t == KQL_REAL)
        return real(as_real(&v[0]) / as_real(&v[1]));
    if (t == KQL_TIMESPAN)
        return span_of(as_real(&v[0]) / as_real(&v[1]));
    if (v[1].i == 0)
        return null_of(t);
    return whole(t, v[1].i == -1 ? (int64_t)(0 - (uint64_t)v[0].i) : v[0].i / v[1].i);
}

static struct kql_value modulo(struct arena *a, const struct kql_value *v, size_t n,
                               enum kql_type t)
{
    (void)a;
    if (any_null(v, n))
        return null_of(t);
    if (t == KQL_REAL) {
        double m = fmod(as_real(&v[0]), as_real(&v[1]));
        return real(m < 0 ? m + fabs(as_real(&v[1])) : m);
    }
    if (v[1].i == 0)
        return null_of(t);
    int64_t m = v[1].i == -1 ? 0 : v[0].i % v[1].i;
    if (m < 0)
        m = v[1].i > 0 ? m + v[1].i : (int64_t)((uint64_t)m - (uint64_t)v[1].i);
    return whole(t, m);
}

static struct kql_value negate(struct arena *a, const struct kql_value *v, size_t n,
                               enum kql_type t)
{
    (void)a;
    if (any_null(v, n))
        return null_of(t);
    return t == KQL_REAL ? real(-as_real(v)) : whole(t, (int64_t)(0 - (uint64_t)v->i));
}

static struct kql_value absolute(struct arena *a, const struct kql_value *v, size_t n,
                                 enum kql_type t)
{
    bool negative = !v->is_null && (t == KQL_REAL ? as_real(v) < 0 : v->i < 0);
    struct kql_value out = *v;
    out.type = t;
    if (t == KQL_REAL)
        out.d = as_real(v);
    return negative ? negate(a, v, n, t) : out;
}

static struct kql_value bin(struct arena *a, const struct kql_value *v, size_t n, enum kql_type t)
{
    (void)a;
    if (any_null(v, n))
        return null_of(t);
    if (t == KQL_REAL) {
        double size = as_real(&v[1]);
        return size > 0 ? real(floor(as_real(&v[0]) / size) * size) : null_of(t);
    }
    int64_t size = v[1].i;
    if (size <= 0)
        return null_of(t);
    int64_t m = v[0].i % size;
    return whole(t,
                 m == 0 ? v[0].i : (int64_t)((uint64_t)v[0].i - (uint64_t)(m < 0 ? m + size : m)));
}

/* ---- comparison ---- */
enum order { LESS = -1, EQUAL = 0, GREATER = 1, NO_ORDER = 2 };

static enum order order_of_reals(double x, double y)
{
    return isnan(x) || isnan(y) ? NO_ORDER : x < y ? LESS : x > y ? GREATER : EQUAL;
}

static enum order compare(const struct kql_value *x, const struct kql_value *y)
{
    if (x->type == KQL_STRING || y->type == KQL_STRING || x->type == KQL_GUID) {
        int c = str_cmp(x->s, y->s);
        return c < 0 ? LESS : c > 0 ? GREATER : EQUAL;
    }
    if (x->type == KQL_REAL || y->type == KQL_REAL)
        return order_of_reals(as_real(x), as_real(y));
    int64_t i = x->type == KQL_BOOL ? x->b : x->i, j = y->type == KQL_BOOL ? y->b : y->i;
    return i < j ? LESS : i > j ? GREATER : EQUAL;
}

/* One null side is false, two are null. */
static struct kql_value equality(const struct kql_value *v, bool negated)
{
    if (v[0].is_null && v[1].is_null)
        return null_of(KQL_BOOL);
    bool same = !v[0].is_null && !v[1].is_null && compare(&v[0], &v[1]) == EQUAL;
    return of_bool(same != negated);
}

static struct kql_value equals(struct arena *a, const struct kql_value *v, size_t n,
                               enum kql_type t)
{
    (void)a, (void)n, (void)t;
    return equality(v, false);
}

static struct kql_value differs(struct arena *a, const struct kql_value *v, size_t n,
                                enum kql_type t)
{
    (void)a, (void)n, (void)t;
    return equality(v, true);
}

static struct kql_value ordered(const struct kql_value *v, bool less, bool equal, bool greater)
{
    if (any_null(v, 2))
        return null_of(KQL_BOOL);
    enum order o = compare(&v[0], &v[1]);
    return of_bool((o == LESS && less) || (o == EQUAL && equal) || (o == GREATER && greater));
}

#define ORDER(name, less, equal, greater)                                                          \
    static struct kql_value name(struct arena *a, const struct kql_value *v, size_t n,             \
                                 enum kql_type t)                                                  \
    {                                                                                              \
        (void)a, (void)n, (void)t;                                                                 \
        return ordered(v, less, equal, greater);                                                   \
    }
ORDER(less, true, false, false)
ORDER(less_or_equal, true, true, false)
ORDER(greater, false, false, true)
ORDER(greater_or_equal, false, true, true)

static struct kql_value within(const struct kql_value *v, bool negated)
{
    struct kql_value high = v[2];
    if (any_null(v, 3))
        return null_of(KQL_BOOL);
    if (v[0].type == KQL_DATETIME && high.type == KQL_TIMESPAN)
        high.i = (int64_t)((uint64_t)v[1].i + (uint64_t)high.i);
    enum order low_side = compare(&v[0], &v[1]), high_side = compare(&v[0], &high);
    bool in =
        (low_side == EQUAL || low_side == GREATER) && (high_side == EQUAL || high_side == LESS);
    return of_bool(in != negated);
}

static struct kql_value between(struct arena *a, const struct kql_value *v, size_t n,
                                enum kql_type t)
{
    (void)a, (void)n, (void)t;
    return within(v, false);
}

static struct kql_value not_between(struct arena *a, const struct kql_value *v, size_t n,
                                    enum kql_type t)
{
    (void)a, (void)n, (void)t;
    return within(v, true);
}

static struct str folded(struct arena *a, struct str s)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    uni_fold_text(s, &b);
    return arena_str(a, sbuf_str(&b));
}

static struct kql_value equals_folded(struct arena *a, const struct kql_value *v, size_t n,
                                      enum kql_type t)
{
    (void)n, (void)t;
    return of_bool(str_eq(folded(a, v[0].s), folded(a, v[1].s)));
}

static struct kql_value differs_folded(struct arena *a, const struct kql_value *v, size_t n,
                                       enum kql_type t)
{
    return of_bool(!equals_folded(a, v, n, t).b);
}

static bool among(const struct kql_value *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (!v[0].is_null && !v[i].is_null && compare(&v[0], &v[i]) == EQUAL)
            return true;
    return false;
}

static struct kql_value in(struct arena *a, const struct kql_value *v, size_t n, enum kql_type t)
{
    (void)a, (void)t;
    return of_bool(among(v, n));
}

static struct kql_value not_in(struct arena *a, const struct kql_value *v, size_t n,
                               enum kql_type t)
{
    (void)a, (void)t;
    return of_bool(!among(v, n));
}

/* ---- logic and choice ---- */
static struct kql_value and_of(struct arena *a, const struct kql_value *v, size_t n,
                               enum kql_type t)
{
    (void)a, (void)t;
    for (size_t i = 0; i < n; i++)
        if (!v[i].is_null && !v[i].b)
            return of_bool(false);
    return any_null(v, n) ? null_of(KQL_BOOL) : of_bool(true);
}

static struct kql_value or_of(struct arena *a, const struct kql_value *v, size_t n, enum kql_type t)
{
    (void)a, (void)t;
    for (size_t i = 0; i < n; i++)
        if (!v[i].is_null && v[i].b)
            return of_bool(true);
    return any_null(v, n) ? null_of(KQL_BOOL) : of_bool(false);
}

static struct kql_value not_of(struct arena *a, const struct kql_value *v, size_t n,
                               enum kql_type t)
{
    (void)a, (void)t;
    return any_null(v, n) ? null_of(KQL_BOOL) : of_bool(!v->b);
}

/* A value in the type that the whole has: branches may be narrower. */
static struct kql_value as_type(struct arena *a, const struct kql_value *v, enum kql_type t)
{
    struct kql_value out;
    return v->type == t || !kql_value_convert(a, v, t, &out) ? *v : out;
}

/* iff and case: condition, value, condition, value …, otherwise. */
static struct kql_value choose(struct arena *a, const struct kql_value *v, size_t n,
                               enum kql_type t)
{
    for (size_t i = 0; i + 1 < n; i += 2)
        if (!v[i].is_null && v[i].b)
            return as_type(a, &v[i + 1], t);
    return as_type(a, &v[n - 1], t);
}

static bool is_empty(const struct kql_value *v)
{
    return v->is_null || ((v->type == KQL_STRING || v->type == KQL_DYNAMIC) && v->s.n == 0);
}

static struct kql_value coalesce(struct arena *a, const struct kql_value *v, size_t n,
                                 enum kql_type t)
{
    for (size_t i = 0; i < n; i++)
        if (!is_empty(&v[i]))
            return as_type(a, &v[i], t);
    return null_of(t);
}

static struct kql_value is_null(struct arena *a, const struct kql_value *v, size_t n,
                                enum kql_type t)
{
    (void)a, (void)n, (void)t;
    return of_bool(v->is_null);
}

static struct kql_value is_not_null(struct arena *a, const struct kql_value *v, size_t n,
                                    enum kql_type t)
{
    (void)a, (void)n, (void)t;
    return of_bool(!v->is_null);
}

static struct kql_value empty(struct arena *a, const struct kql_value *v, size_t n, enum kql_type t)
{
    (void)a, (void)n, (void)t;
    return of_bool(is_empty(v));
}

static struct kql_value not_empty(struct arena *a, const struct kql_value *v, size_t n,
                                  enum kql_type t)
{
    (void)a, (void)n, (void)t;
    return of_bool(!is_empty(v));
}

/* Nulls are passed over. */
static struct kql_value extreme(struct arena *a, const struct kql_value *v, size_t n,
                                enum kql_type t, enum order wanted)
{
    const struct kql_value *best = NULL;
    for (size_t i = 0; i < n; i++)
        if (!v[i].is_null && (best == NULL || compare(&v[i], best) == wanted))
            best = &v[i];
    return best != NULL ? as_type(a, best, t) : null_of(t);
}

static struct kql_value min_of(struct arena *a, const struct kql_value *v, size_t n,
                               enum kql_type t)
{
    return extreme(a, v, n, t, LESS);
}

static struct kql_value max_of(struct arena *a, const struct kql_value *v, size_t n,
                               enum kql_type t)
{
    return extreme(a, v, n, t, GREATER);
}

/* ---- text and conversions ---- */
static struct kql_value text_of(struct arena *a, const struct kql_value *v)
{
    struct kql_value out;
    if (v->is_null || !kql_value_convert(a, v, KQL_STRING, &out))
        return null_of(KQL_STRING);
    return out;
}

static struct kql_value concatenate(struct arena *a, const struct kql_value *v, size_t n,
                                    enum kql_type t)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t i = 0; i < n && sbuf_str(&b).n < MAX_TEXT; i++)
        sbuf_add(&b, str_sub(text_of(a, &v[i]).s, 0, MAX_TEXT));
    return (struct kql_value){.type = t, .s = arena_str(a, sbuf_str(&b))};
}

static struct kql_value convert(struct arena *a, const struct kql_value *v, size_t n,
                                enum kql_type t)
{
    struct kql_value out;
    (void)n;
    if (v->is_null)
        return null_of(t);
    if (t == KQL_STRING)
        return text_of(a, v);
    if (t == KQL_BOOL && v->type != KQL_STRING)
        return of_bool(v->type == KQL_REAL ? v->d != 0 : v->type == KQL_BOOL ? v->b : v->i != 0);
    if (t == KQL_REAL && v->type != KQL_STRING)
        return real(v->type == KQL_BOOL ? (double)v->b : as_real(v));
    if (v->type == KQL_BOOL)
        return whole(t, v->b);
    if (v->type == KQL_REAL)
        return isnan(v->d) ? null_of(t) : moment(t, false, span_of(v->d).i);
    if (v->type != KQL_STRING)
        return moment(t, false, t == KQL_INT ? (int32_t)(uint32_t)(uint64_t)v->i : v->i);
    return kql_value_convert(a, v, t, &out) ? out : null_of(t);
}

/* Code points. */
static struct kql_value length(struct arena *a, const struct kql_value *v, size_t n,
                               enum kql_type t)
{
    const char *p = v->s.p, *end = p != NULL ? p + v->s.n : p;
    int64_t count = 0;
    (void)a, (void)n;
    for (; p < end; count++)
        (void)utf8_next(&p, end);
    return whole(t, count);
}

static struct kql_value ceiling(struct arena *a, const struct kql_value *v, size_t n,
                                enum kql_type t)
{
    (void)a;
    return any_null(v, n) ? null_of(t) : real(ceil(as_real(v)));
}

static const struct step_function functions[] = {
    {"!=", differs},
    {"!between", not_between},
    {"!in", not_in},
    {"!~", differs_folded},
    {"%", modulo},
    {"*", multiply},
    {"+", add},
    {"-", subtract},
    {"/", divide},
    {"<", less},
    {"<=", less_or_equal},
    {"==", equals},
    {"=~", equals_folded},
    {">", greater},
    {">=", greater_or_equal},
    {"abs", absolute},
    {"and", and_of},
    {"between", between},
    {"bin", bin},
    {"case", choose},
    {"ceiling", ceiling},
    {"coalesce", coalesce},
    {"iff", choose},
    {"iif", choose},
    {"in", in},
    {"isempty", empty},
    {"isnotempty", not_empty},
    {"isnotnull", is_not_null},
    {"isnull", is_null},
    {"max_of", max_of},
    {"min_of", min_of},
    {"neg", negate},
    {"not", not_of},
    {"notempty", not_empty},
    {"notnull", is_not_null},
    {"or", or_of},
    {"strcat", concatenate},
    {"strlen", length},
    {"tobool", convert},
    {"todatetime", convert},
    {"todouble", convert},
    {"toint", convert},
    {"tolong", convert},
    {"toreal", convert},
    {"tostring", convert},
    {"totimespan", convert},
};

/* What hands values on without looking into them takes dynamic ones, too. */
static bool takes_dynamic(step_fn *fn)
{
    return fn == choose || fn == coalesce || fn == is_null || fn == is_not_null || fn == empty ||
           fn == not_empty;
}

const struct step_function *step_function_find(struct str name, bool dynamic)
{
    for (size_t i = 0; i < COUNTOF(functions); i++)
        if (str_eqz(name, functions[i].name))
            return !dynamic || takes_dynamic(functions[i].fn) ? &functions[i] : NULL;
    return NULL;
}

/* ---- values and JSON ---- */
static struct kql_value number(struct arena *a, struct str item, enum kql_type t)
{
    bool is_int;
    int64_t i;
    double d;
    if (js_type(item) == JS_STRING) { /* NaN and the infinities */
        struct kql_value text = {.type = KQL_STRING, .s = js_decode(a, item)}, out;
        return kql_value_convert(a, &text, t, &out) ? out : null_of(t);
    }
    if (js_type(item) != JS_NUMBER || !js_number(item, &is_int, &i, &d))
        return null_of(t);
    return t == KQL_REAL ? real(d) : is_int ? whole(t, i) : null_of(t);
}

struct kql_value step_value(struct arena *a, struct str item, enum kql_type t)
{
    enum js_type j = js_type(item);
    if (j == JS_NULL || j == JS_NONE)
        return null_of(t);
    switch (t) {
    case KQL_BOOL:
        return of_bool(item.p[0] == 't');
    case KQL_INT:
    case KQL_LONG:
    case KQL_REAL:
    case KQL_DATETIME:
    case KQL_TIMESPAN:
        return number(a, item, t);
    case KQL_STRING:
    case KQL_GUID:
    case KQL_DECIMAL:
        return (struct kql_value){.type = t, .s = js_decode(a, item)};
    case KQL_DYNAMIC:
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        break;
    }
    return (struct kql_value){.type = t, .s = item};
}

void step_write(struct json_out *w, const struct kql_value *v)
{
    if (v->is_null)
        json_null(w);
    else if (v->type == KQL_BOOL)
        json_bool(w, v->b);
    else if (v->type == KQL_REAL)
        json_real(w, v->d);
    else if (v->type == KQL_STRING || v->type == KQL_GUID || v->type == KQL_DECIMAL)
        json_str(w, v->s);
    else if (v->type == KQL_DYNAMIC)
        json_raw(w, v->s.n > 0 ? v->s : STR("null"));
    else
        json_int(w, v->i);
}

/* ---- evaluation ---- */
struct kql_value step_eval(const struct step_expr *x, const struct step_row *r)
{
    const struct str *row;
    switch (x->kind) {
    case STEP_CONST:
        return x->value;
    case STEP_ROW:
        return step_value(r->a, r->row[x->at], x->type);
    case STEP_STATE_ROW:
        row = r->state_row(r->self, x->step);
        return row != NULL ? step_value(r->a, row[x->at], x->type) : null_of(x->type);
    case STEP_STATE_DECLARED:
        return r->state_declared(r->self, x->step, x->at);
    case STEP_CALL:
    case STEP_OUTSIDE:
        break;
    }
    struct kql_value *v = arena_array(r->a, struct kql_value, x->n + 1);
    for (size_t i = 0; i < x->n; i++)
        v[i] = step_eval(&x->args[i], r);
    if (x->kind == STEP_OUTSIDE)
        return step_outside_call(x->outside, r->caller, r->a, v, x->n);
    return x->fn->fn(r->a, v, x->n, x->type);
}

bool step_true(const struct step_expr *x, const struct step_row *r)
{
    struct kql_value v = step_eval(x, r);
    return !v.is_null && v.b;
}
