/* Calls of C functions outside of the database. A template such as "vdf_array_concat($*)" names the
 * function and its arguments; types come from the template's row, as for the emitter. */
#include "engine/duckdb/steps_call.h"
#include "engine/duckdb/cfunc_priv.h"
#include "engine/duckdb/emit_priv.h"
#include "text/date.h"

enum { MAX_ARGS = 64, TEXTS_BYTES = 1 << 20 /* of results, after which their vector is renewed */ };

/* What the emitter says in code of its own. Of one name, the row that takes any type comes last. */
static const struct emit_func more[] = {
    {".", "js", "vdc_dyn_key($1, $2)"},
    {"[]", "jl", "vdc_dyn_at($1, $2)"},
    {"[]", "js", "vdc_dyn_key($1, $2)"},
    {"contains", "ss", "vd_contains($1, $2)"},
    {"datetime_diff", "stt", "vdf_datetime_diff($1, $2, $3)"},
    {"endswith", "ss", "vd_endswith($1, $2)"},
    {"has", "ss", "vd_has($1, $2)"},
    {"has_cs", "ss", "vd_has_cs($1, $2)"},
    {"hasprefix", "ss", "vd_hasprefix($1, $2)"},
    {"hassuffix", "ss", "vd_hassuffix($1, $2)"},
    {"parse_json", "s", "vdc_parse_json($1)"},
    {"round", "d", "vdf_round($1, 0)"},
    {"round", "dl", "vdf_round($1, $2)"},
    {"startswith", "ss", "vd_startswith($1, $2)"},
    {"tobool", "j", "vdc_dyn_bool($1)"},
    {"todatetime", "j", "vdc_dyn_datetime($1)"},
    {"todouble", "j", "vdc_dyn_real($1)"},
    {"todynamic", "s", "vdc_parse_json($1)"},
    {"toint", "j", "vdc_dyn_int($1)"},
    {"tolong", "j", "vdc_dyn_long($1)"},
    {"toreal", "j", "vdc_dyn_real($1)"},
    {"tostring", "j", "vdc_dyn_str($1)"},
    {"totimespan", "j", "vdc_dyn_span($1)"},
};

/* One argument of the C function. */
struct operand {
    bool literal;
    size_t at; /* of the call's arguments */
    struct kql_value value;
    char letter; /* as in signatures */
};
struct step_outside {
    const struct cf_scalar *fn;
    struct operand args[MAX_ARGS];
    size_t n;
    char out;
    enum kql_type type;
    void *bound;
};

/* ---- templates ---- */
static char letter_of(enum kql_type t)
{
    switch (t) {
    case KQL_BOOL:
        return 'b';
    case KQL_INT:
        return 'i';
    case KQL_LONG:
    case KQL_DATETIME:
    case KQL_TIMESPAN:
        return 'l';
    case KQL_REAL:
        return 'd';
    case KQL_STRING:
        return 's';
    case KQL_DYNAMIC:
        return 'j';
    case KQL_GUID:
    case KQL_DECIMAL:
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        break;
    }
    return '\0';
}

/* The letter of an argument in a row's args, where the last one may repeat. */
static char wanted_letter(const struct emit_func *row, size_t i, enum kql_type own)
{
    size_t n = strlen(row->args);
    bool star = n > 0 && row->args[n - 1] == '*';
    size_t at = star && i + 2 >= n ? n - 2 : i;
    char c = at < n ? row->args[at] : '\0';
    return c == '?' ? letter_of(own) : c == 't' || c == 'p' ? 'l' : c;
}

static bool fits_types(const struct emit_func *row, const struct step_expr *args, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char want = wanted_letter(row, i, args[i].type), own = letter_of(args[i].type);
        bool number = want == 'l' || want == 'd' || want == 'i';
        bool from = own == 'l' || own == 'd' || own == 'i' || own == 'b';
        if (want == '\0' || own == '\0' || strchr("sjbild", want) == NULL)
            return false;
        if (want != own && want != 'j' && want != 's' && !(number && from))
            return false;
    }
    return true;
}

static bool add_param(struct step_outside *x, const struct emit_func *row,
                      const struct step_expr *args, size_t n, size_t i)
{
    if (i >= n || x->n == MAX_ARGS)
        return false;
    x->args[x->n++] = (struct operand){.at = i, .letter = wanted_letter(row, i, args[i].type)};
    return true;
}

/* 'text', NULL::TYPE, TRUE, 10, 1.5::DOUBLE */
static bool read_literal(struct str s, struct kql_value *out)
{
    size_t cast = 0;
    *out = (struct kql_value){.type = KQL_UNKNOWN, .is_null = true};
    if (str_starts(s, STR("NULL::")))
        return true;
    out->is_null = false;
    if (s.n >= 2 && s.p[0] == '\'' && s.p[s.n - 1] == '\'') {
        out->type = KQL_STRING;
        out->s = str_sub(s, 1, s.n - 2);
        return !str_holds(out->s, '\'');
    }
    if (str_eqz(s, "TRUE") || str_eqz(s, "FALSE")) {
        out->type = KQL_BOOL;
        out->b = s.p[0] == 'T';
        return true;
    }
    if (str_find(s, STR("::"), &cast))
        s = str_sub(s, 0, cast);
    out->type = str_to_i64(s, &out->i) ? KQL_LONG : KQL_REAL;
    return out->type == KQL_LONG || str_to_f64(s, &out->d);
}

static bool add_operand(struct step_outside *x, const struct emit_func *row,
                        const struct step_expr *args, size_t n, struct str s)
{
    if (str_eqz(s, "$*")) {
        for (size_t i = 0; i < n; i++)
            if (!add_param(x, row, args, n, i))
                return false;
        return true;
    }
    if (s.n == 2 && s.p[0] == '$')
        return add_param(x, row, args, n, (size_t)(s.p[1] - '1'));
    struct operand o = {.literal = true};
    if (x->n == MAX_ARGS || !read_literal(s, &o.value))
        return false;
    o.letter = letter_of(o.value.type);
    x->args[x->n++] = o;
    return true;
}

/* "name(argument, argument …)", perhaps inside a CAST. */
static bool read_template(struct step_outside *x, const struct emit_func *row,
                          const struct step_expr *args, size_t n, struct str *out_name)
{
    struct str s = str_from(row->sql);
    size_t at = 0, end = 0;
    if (str_starts(s, STR("CAST(")) && str_find(s, STR(") AS "), &end))
        s = str_sub(s, 5, end + 1 - 5);
    if (!str_find(s, STR("("), &at) || s.p[s.n - 1] != ')')
        return false;
    *out_name = str_sub(s, 0, at);
    s = str_sub(s, at + 1, s.n - at - 2);
    if (str_holds(s, '(') || !str_starts(*out_name, STR("vd")))
        return false;
    while (s.n > 0) {
        size_t comma = s.n;
        (void)str_find(s, STR(", "), &comma);
        if (!add_operand(x, row, args, n, str_sub(s, 0, comma)))
            return false;
        s = str_sub(s, comma + 2, s.n);
    }
    return true;
}

/* ---- functions ---- */
static bool may_be(char have, char want)
{
    bool text = (have == 's' || have == 'j') && (want == 's' || want == 'j');
    return have == want || text || (have == 'i' && (want == 'l' || want == 'd'));
}

/* Whether the arguments fit a signature; literals and nulls take the type that it wants. */
static bool fits_sig(struct step_outside *x, const char *sig)
{
    for (size_t i = 0; i < x->n; i++) {
        struct operand *o = &x->args[i];
        char want = *sig;
        bool free = o->literal && (o->value.is_null || o->letter == 'l') && strchr("ild", want);
        if (want == ':' || want == '[' || want == '\0' || strchr("sjbild", want) == NULL)
            return false;
        if (!(may_be(o->letter, want) || free || (o->literal && o->value.is_null)))
            return false;
        if (sig[1] != '*')
            sig++;
        else if (i + 1 == x->n)
            sig += 2;
    }
    return (sig[0] == ':' || (sig[0] != '\0' && sig[1] == '*' && sig[2] == ':'));
}

static void take_sig(struct step_outside *x, const struct cf_scalar *fn)
{
    const char *sig = fn->sig;
    for (size_t i = 0; i < x->n; i++) {
        char want = *sig;
        bool text = want == 's' || want == 'j';
        /* A text argument keeps what it is converted to: a string and JSON differ. */
        if (!(text && (x->args[i].letter == 's' || x->args[i].letter == 'j')))
            x->args[i].letter = want;
        if (sig[1] != '*')
            sig++;
    }
    x->fn = fn;
    x->out = strchr(fn->sig, ':')[1];
}

static bool find_function(struct step_outside *x, struct str name)
{
    for (size_t f = 0; cf_families[f].scalars != NULL || cf_families[f].aggregates != NULL; f++)
        for (const struct cf_scalar *fn = cf_families[f].scalars; fn != NULL && fn->name != NULL;
             fn++)
            if (str_eqz(name, fn->name) && fits_sig(x, fn->sig)) {
                take_sig(x, fn);
                return strchr("sjbild", x->out) != NULL;
            }
    return false;
}

static bool fits_result(char out, enum kql_type t)
{
    char want = letter_of(t);
    bool number = out == 'l' || out == 'i' || out == 'd';
    return want == out || (number && (want == 'l' || want == 'i' || want == 'd'));
}

static const struct kql_value *constant_of(const struct operand *o, const struct step_expr *args)
{
    if (o->literal)
        return &o->value;
    return args[o->at].kind == STEP_CONST ? &args[o->at].value : NULL;
}

/* ---- values ---- */
/* A value as JSON of a dynamic; STR_NONE: null. */
static struct str as_dynamic(struct arena *a, const struct kql_value *v)
{
    char text[40];
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    if (v->is_null)
        return STR_NONE;
    if (v->type == KQL_DYNAMIC)
        return v->s;
    if (v->type == KQL_STRING)
        return js_quote(a, v->s);
    if (v->type == KQL_DATETIME) {
        date_format(v->i, text);
        return js_quote(a, str_from(text));
    }
    if (v->type == KQL_TIMESPAN) {
        span_format(v->i, text);
        return js_quote(a, str_from(text));
    }
    step_write(&w, v);
    return arena_str(a, sbuf_str(&b));
}

static struct str as_text(struct arena *a, const struct kql_value *v)
{
    struct kql_value out;
    if (v->type == KQL_STRING)
        return v->s;
    if (v->type == KQL_DYNAMIC)
        return js_type(v->s) == JS_STRING ? js_decode(a, v->s) : v->s;
    return !v->is_null && kql_value_convert(a, v, KQL_STRING, &out) ? out.s : STR("");
}

struct slot { /* of one argument: a vector of one row */
    union {
        duckdb_string_t s;
        int64_t l;
        int32_t i;
        double d;
        bool b;
    } data;
    uint64_t valid;
};

static duckdb_string_t string_of(struct str s)
{
    duckdb_string_t out = {0};
    CHECK(s.n <= UINT32_MAX);
    out.value.inlined.length = (uint32_t)s.n;
    if (s.n <= sizeof(out.value.inlined.inlined)) {
        memcpy(out.value.inlined.inlined, s.n > 0 ? s.p : "", s.n);
    } else {
        memcpy(out.value.pointer.prefix, s.p, sizeof(out.value.pointer.prefix));
        memcpy(&out.value.pointer.ptr, &s.p, sizeof(s.p)); /* nobody writes through it */
    }
    return out;
}

static void fill_slot(struct arena *a, const struct kql_value *v, char letter, struct slot *out)
{
    bool text = letter == 's' || letter == 'j', whole = v->type != KQL_REAL;
    struct str s = letter == 's' ? as_text(a, v) : letter == 'j' ? as_dynamic(a, v) : STR_NONE;
    int64_t i = v->type == KQL_BOOL ? v->b : whole ? v->i : (int64_t)v->d;
    out->valid = letter == 's' || (letter == 'j' ? s.p != NULL : !v->is_null);
    if (text)
        out->data.s = string_of(s);
    else if (letter == 'l')
        out->data.l = i;
    else if (letter == 'i')
        out->data.i = (int32_t)i;
    else if (letter == 'd')
        out->data.d = whole ? (double)i : v->d;
    else
        out->data.b = i != 0;
}

/* ---- making a call ready ---- */
static void prepare(struct arena *a, struct step_outside *x, const struct step_expr *args)
{
    struct cf_const *all = arena_array(a, struct cf_const, x->n + 1);
    if (x->fn->prepare == NULL)
        return;
    for (size_t i = 0; i < x->n; i++) {
        const struct kql_value *v = constant_of(&x->args[i], args);
        struct slot slot;
        if (v == NULL)
            continue;
        fill_slot(a, v, x->args[i].letter, &slot);
        all[i] = (struct cf_const){.known = true, .is_null = !slot.valid};
        if (x->args[i].letter == 's' || x->args[i].letter == 'j')
            all[i].text = slot.valid ? arena_str(a, cf_string_t(&slot.data.s)) : STR_NONE;
        else if (x->args[i].letter == 'd')
            all[i].d = slot.data.d;
        else
            all[i].i = v->type == KQL_BOOL ? v->b : v->i;
    }
    x->bound = x->fn->prepare(all, x->n);
}

static bool from_row(struct step_outside *x, const struct emit_func *row,
                     const struct step_expr *args, size_t n)
{
    struct str name;
    x->n = 0;
    return fits_types(row, args, n) && read_template(x, row, args, n, &name) &&
           find_function(x, name) && fits_result(x->out, x->type);
}

struct step_outside *step_outside_new(struct arena *a, struct str name,
                                      const struct step_expr *args, size_t n, enum kql_type t)
{
    struct step_outside *x = arena_new_of(a, struct step_outside);
    const struct emit_func *row = emit_func_find(arena_strz(a, name), n);
    x->type = t;
    bool found = row != NULL && from_row(x, row, args, n);
    for (size_t i = 0; i < COUNTOF(more) && !found; i++)
        found = str_eqz(name, more[i].name) && strlen(more[i].args) == n &&
                from_row(x, &more[i], args, n);
    if (!found)
        return NULL;
    prepare(a, x, args);
    return x;
}

void step_outside_end(struct step_outside *x)
{
    if (x->bound != NULL && x->fn->release != NULL)
        x->fn->release(x->bound);
}

/* ---- calling ---- */
struct result { /* of one letter */
    duckdb_vector v;
    size_t bytes;
};
struct step_caller {
    struct cf_call *of;
    struct cf_call call;
    struct slot slots[MAX_ARGS];
    struct result results[256];
};

struct step_caller *step_caller_new(struct cf_call *c)
{
    struct step_caller *k = xcalloc(1, sizeof(*k));
    k->of = c;
    cf_call_begin(&k->call, ":l");
    k->call.running = c->running;
    k->call.n = 1;
    return k;
}

void step_caller_free(struct step_caller *k)
{
    char message[CF_ERROR_BYTES];
    if (cf_call_end(&k->call, message)) {
        cf_refuse(k->of, k->call.why.code, "%s", k->call.why.msg);
        if (k->call.why.hint[0] != '\0')
            cf_hint(k->of, "%s", k->call.why.hint);
    }
    for (size_t i = 0; i < COUNTOF(k->results); i++)
        if (k->results[i].v != NULL)
            duckdb_destroy_vector(&k->results[i].v);
    xfree(k);
}

/* A vector keeps all texts that were ever put into it. */
static void ready_result(struct step_caller *k, char letter)
{
    struct result *r = &k->results[(unsigned char)letter];
    if (r->v != NULL && r->bytes > TEXTS_BYTES) {
        duckdb_destroy_vector(&r->v);
        r->v = NULL;
    }
    if (r->v == NULL) {
        const char sig[] = {letter, '\0'}, *p = sig;
        duckdb_logical_type t = cf_sig_type(&p);
        r->v = duckdb_create_vector(t, 1);
        duckdb_destroy_logical_type(&t);
        r->bytes = 0;
    }
    uint64_t *valid = duckdb_vector_get_validity(r->v);
    if (valid != NULL)
        duckdb_validity_set_row_valid(valid, 0);
    k->call.out = (struct cf_vec){duckdb_vector_get_data(r->v), valid, r->v};
    k->call.out_type = letter;
}

static struct kql_value value_of(struct step_caller *k, struct arena *a, char letter,
                                 enum kql_type t)
{
    struct kql_value v = {.type = t};
    const struct cf_vec *out = &k->call.out;
    const uint64_t *valid = duckdb_vector_get_validity(out->v);
    struct str text;
    double d = 0;
    if (valid != NULL && (valid[0] & 1) == 0) {
        v.is_null = t != KQL_STRING;
        return v;
    }
    switch (letter) {
    case 's':
    case 'j':
        text = cf_string_t(out->data);
        k->results[(unsigned char)letter].bytes += text.n;
        v.s = arena_str(a, text);
        return v;
    case 'b':
        v.b = *(const bool *)out->data;
        return v;
    case 'd':
        d = *(const double *)out->data;
        break;
    case 'i':
        v.i = *(const int32_t *)out->data;
        d = (double)v.i;
        break;
    default:
        v.i = *(const int64_t *)out->data;
        d = (double)v.i;
    }
    if (t == KQL_REAL)
        v.d = d;
    else if (letter == 'd')
        v.i = d >= -9e18 && d <= 9e18 ? (int64_t)d : 0;
    return v;
}

struct kql_value step_outside_call(const struct step_outside *x, struct step_caller *k,
                                   struct arena *a, const struct kql_value *v, size_t n)
{
    struct cf_call *c = &k->call;
    (void)n;
    for (size_t i = 0; i < x->n; i++) {
        const struct operand *o = &x->args[i];
        fill_slot(a, o->literal ? &o->value : &v[o->at], o->letter, &k->slots[i]);
        c->arg[i] = (struct cf_vec){&k->slots[i].data, &k->slots[i].valid, NULL};
    }
    c->fn = x->fn;
    c->bound = x->bound;
    c->n_args = x->n;
    c->out_bytes = 0;
    ready_result(k, x->out);
    cf_row_begin(c);
    if (x->fn->chunk != NULL)
        x->fn->chunk(c);
    else if ((x->fn->flags & CF_NULLS) != 0 || !cf_any_null(c, 0))
        x->fn->row(c, 0);
    if (!c->out_written && x->fn->chunk == NULL)
        cf_out_null(c, 0);
    cf_row_end(c);
    return value_of(k, a, x->out, x->type);
}
