/* Finding out what the engine runs: a function's signatures become small queries over a table with
 * a column of each type. */
#include <stdio.h>

#include "base/clock.h"
#include "cli/kql_reference.h"
#include "engine/fixtures.h"
#include "kql/functions.h"
#include "text/json.h"

enum { PROBE_TIMEOUT_S = 10, PROBE_MAX_ROWS = 1000, MAX_PARAMS = 24 };

struct probe {
    struct fixtures *f;
    bool print;
};

static const char table[] =
    "let T = datatable(s:string, b:bool, i:int, l:long, r:real, m:decimal, t:datetime, p:timespan,"
    " g:guid, d:dynamic, o:dynamic) [\n"
    "'a', true, 1, 1, 1.5, decimal(1.5), datetime(2026-01-01), 1h,"
    " guid(11111111-1111-1111-1111-111111111111), dynamic([1, 2]), dynamic({'k': 1}),\n"
    "'b', false, 2, 2, 2.5, decimal(2.5), datetime(2026-01-02), 2h,"
    " guid(22222222-2222-2222-2222-222222222222), dynamic([3, 4]), dynamic({'k': 2})];\n";

/* Whatever address externaldata reads, nothing leaves this machine. */
static bool one_line(void *self, struct str address, struct sbuf *out, struct err *e)
{
    (void)self, (void)address, (void)e;
    sbuf_addz(out, "1\n");
    return true;
}

struct probe *probe_open(bool print, struct err *e)
{
    static const struct engine_fetch fetch = {NULL, one_line};
    struct fixtures_options o = {.memory_bytes = (size_t)512 << 20, .fetch = &fetch};
    struct fixtures *f = fixtures_open(&o, e);
    if (f == NULL)
        return NULL;
    struct probe *p = xcalloc(1, sizeof(*p));
    p->f = f;
    p->print = print;
    return p;
}
void probe_close(struct probe *p)
{
    if (p != NULL)
        fixtures_close(p->f);
    xfree(p);
}

static bool run(struct probe *p, struct arena *a, struct str text, struct err *e)
{
    struct kql_options o = {.catalog = fixtures_catalog(p->f),
                            .now_ticks = (int64_t)640000 * TICKS_PER_DAY};
    struct kql_diags d = {.a = a};
    struct kql_query q;
    if (!kql_compile(a, text, &o, &q, &d)) {
        kql_diags_err(&d, e);
        return false;
    }
    struct engine_limits limits = {.deadline_us =
                                       clock_mono_us() + (int64_t)PROBE_TIMEOUT_S * 1000000,
                                   .max_rows = PROBE_MAX_ROWS,
                                   .max_bytes = (size_t)64 << 20};
    for (size_t i = 0; i < q.n; i++) {
        struct engine_rows *rows = NULL;
        if (!engine_run(fixtures_engine(p->f), q.results[i].plan, fixtures_source(p->f), &limits,
                        &rows, e))
            return false;
        engine_rows_free(rows);
    }
    return true;
}

static void print(struct str text)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    json_escape(&b, text);
    puts(sbuf_str(&b).p);
}
enum probe_result probe_query(struct probe *p, struct str query)
{
    struct arena *a = arena_new(0);
    struct err e = {0};
    struct str text = arena_fmt(a, "%s%.*s", table, STR_ARG(query));
    bool ok = run(p, a, text, &e);
    if (ok && p->print)
        print(text);
    arena_free(a);
    if (ok)
        return PROBE_RUNS;
    return e.code == ERR_SEMANTIC || e.code == ERR_SYNTAX ? PROBE_REFUSED : PROBE_FAILS;
}

/* ---- signatures (their grammar: kql/functions.c) ---- */

static const struct {
    const char *word, *column, *constant, *shown;
} types[] = {
    {"any", "l", "1", "any"},
    {"array", "d", "dynamic([1, 2])", "array"},
    {"bag", "o", "dynamic({'k': 1})", "bag"},
    {"bool", "b", "true", "bool"},
    {"datetime", "t", "datetime(2026-01-01)", "datetime"},
    {"decimal", "m", "decimal(1.5)", "decimal"},
    {"dynamic", "d", "dynamic([1, 2])", "dynamic"},
    {"guid", "g", "guid(11111111-1111-1111-1111-111111111111)", "guid"},
    {"hashable", "l", "1", "scalar"},
    {"int", "i", "int(1)", "int"},
    {"intarray", "l", "1", "integer or array"},
    {"integer", "l", "1", "integer"},
    {"long", "l", "1", "long"},
    {"num", "l", "1", "number"},
    {"numbool", "l", "1", "number or bool"},
    {"orderable", "l", "1", "scalar"},
    {"real", "r", "0.5", "real"},
    {"same", "l", "1", "T"},
    {"simple", "s", "'a'", "scalar"},
    {"strdyn", "s", "'a'", "string or dynamic"},
    {"string", "s", "'a'", "string"},
    {"summable", "l", "1", "number, datetime or timespan"},
    {"table", "(T)", "(T)", "table"},
    {"timespan", "p", "1h", "timespan"},
    {"type", "typeof(long)", "typeof(long)", "typeof"},
};
static size_t find_type(struct str word)
{
    for (size_t i = 0; i < COUNTOF(types); i++)
        if (str_eqz(word, types[i].word))
            return i;
    return 0;
}

struct param {
    size_t type;
    bool constant, optional;
    bool opens, closes; /* of a group that repeats */
    char repeat;        /* 0, '+' or '*'; a group's stands at its end */
};
struct signature {
    struct param p[MAX_PARAMS];
    size_t n;
    struct str result;
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static struct signature read_signature(struct str s)
{
    struct signature out = {0};
    size_t i = 0, start;
    bool group = false;
    for (; i < s.n && s.p[i] != ':'; i++) {
        struct param *last = out.n > 0 ? &out.p[out.n - 1] : NULL;
        char c = s.p[i];
        if (c == '(')
            group = true;
        if (c == ')' && last != NULL)
            last->closes = true;
        if (c == '!' && last != NULL)
            last->constant = true;
        if (c == '?' && last != NULL)
            last->optional = true;
        if ((c == '+' || c == '*') && last != NULL)
            last->repeat = c;
        if (!is_word(c) || out.n == MAX_PARAMS)
            continue;
        for (start = i; i + 1 < s.n && is_word(s.p[i + 1]);)
            i++;
        out.p[out.n++] =
            (struct param){.type = find_type(str_sub(s, start, i + 1 - start)), .opens = group};
        group = false;
    }
    out.result = str_trim(str_sub(s, i + 1, s.n));
    return out;
}

/* ---- a call ---- */

enum style { ALL_COLUMNS, FIRST_COLUMN, ALL_CONSTANT, N_STYLES };

static void argument(struct sbuf *b, const struct param *p, size_t i, enum style style)
{
    bool constant = p->constant || style == ALL_CONSTANT || (style == FIRST_COLUMN && i > 0);
    sbuf_addz(b, constant ? types[p->type].constant : types[p->type].column);
}
static void operator_call(struct sbuf *b, const char *name, const struct signature *s,
                          enum style style)
{
    static const char *const lists[] = {"in", "!in", "in~", "!in~", "has_any", "has_all"};
    bool list = false, between = strcmp(name, "between") == 0 || strcmp(name, "!between") == 0;
    for (size_t i = 0; i < COUNTOF(lists); i++)
        list = list || strcmp(name, lists[i]) == 0;
    if (strcmp(name, "neg") == 0)
        sbuf_addc(b, '-');
    argument(b, &s->p[0], 0, style);
    if (strcmp(name, "[]") == 0)
        sbuf_addz(b, "[0]");
    if (s->n < 2 || strcmp(name, "[]") == 0)
        return;
    sbuf_addf(b, " %s %s", name, list || between ? "(" : "");
    if (list && s->p[0].type == find_type(STR("string"))) /* of words */
        sbuf_addz(b, "'a'");
    else
        argument(b, &s->p[1], 1, style);
    if (between && s->n > 2) {
        sbuf_addz(b, " .. ");
        argument(b, &s->p[2], 2, style);
    }
    sbuf_addz(b, list || between ? ")" : "");
}
static struct str call_of(struct arena *a, const struct kql_func *f, const struct signature *s,
                          size_t n, enum style style)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    const char *verb = f->flags & KF_AGGREGATE ? "summarize"
                       : f->flags & KF_WINDOW  ? "serialize"
                                               : "project";
    sbuf_addf(&b, "T | %s x = ", verb);
    if (f->flags & KF_OPERATOR) {
        operator_call(&b, f->name, s, style);
        return arena_str(a, sbuf_str(&b));
    }
    sbuf_addf(&b, "%s(", f->name);
    for (size_t i = 0; i < n; i++) {
        sbuf_addz(&b, i > 0 ? ", " : "");
        argument(&b, &s->p[i], i, style);
    }
    sbuf_addc(&b, ')');
    return arena_str(a, sbuf_str(&b));
}
static enum probe_result try_call(struct probe *p, struct arena *a, const struct kql_func *f,
                                  const struct signature *s, size_t n)
{
    bool all_refused = true;
    for (enum style style = ALL_COLUMNS; style < N_STYLES; style++) {
        enum probe_result r = probe_query(p, call_of(a, f, s, n, style));
        if (r == PROBE_RUNS)
            return r;
        all_refused = all_refused && r == PROBE_REFUSED;
    }
    return all_refused ? PROBE_REFUSED : PROBE_FAILS;
}

/* ---- a signature for people ---- */

static void show_result(struct sbuf *b, struct str result)
{
    if (str_starts(result, STR("$1")))
        sbuf_addz(b, "type of the first argument");
    else if (str_starts(result, STR("$2")))
        sbuf_addz(b, "type of the second argument");
    else if (str_starts(result, STR("widest")))
        sbuf_addz(b, "widest of the numbers");
    else if (str_eqz(result, "common"))
        sbuf_addz(b, "T");
    else if (str_eqz(result, "typeof"))
        sbuf_addz(b, "the type named");
    else
        sbuf_add(b, result);
}
static void show_call(struct sbuf *b, const struct kql_func *f, const struct signature *s, size_t n)
{
    bool sign = (f->flags & KF_OPERATOR) != 0;
    if (!sign)
        sbuf_addf(b, "%s(", f->name);
    for (size_t i = 0; i < n; i++) {
        const struct param *p = &s->p[i];
        const char *between = i == 0 ? "" : sign && i == 1 ? f->name : ",";
        bool blank = i > 0 && sign && i == 1;
        sbuf_addf(b, "%s%s%s%s", blank ? " " : "", between, i > 0 ? " " : "", p->opens ? "(" : "");
        sbuf_addf(b, "%s%s%s", p->optional ? "[" : "", types[p->type].shown,
                  p->optional ? "]" : "");
        sbuf_addz(b, p->closes ? ")" : "");
        sbuf_addz(b, p->repeat != 0 ? "…" : "");
    }
    sbuf_addz(b, sign ? ": " : "): ");
    show_result(b, s->result);
    sbuf_addc(b, '\n');
}

static size_t required(const struct signature *s)
{
    size_t n = 0;
    while (n < s->n && !s->p[n].optional)
        n++;
    return n;
}

struct str probe_function(struct probe *p, struct arena *a, const struct kql_func *f, bool *refused)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct str rest = str_from(f->signatures);
    while (rest.n > 0) {
        size_t at = rest.n;
        (void)str_find(rest, STR("|"), &at);
        struct signature s = read_signature(str_trim(str_sub(rest, 0, at)));
        rest = str_sub(rest, at + 1, rest.n);
        size_t n = s.n;
        enum probe_result r = try_call(p, a, f, &s, n);
        while (r != PROBE_RUNS && n > required(&s))
            r = try_call(p, a, f, &s, --n);
        if (r == PROBE_RUNS)
            show_call(&b, f, &s, n);
        *refused = *refused || r == PROBE_REFUSED;
    }
    return arena_str(a, sbuf_str(&b));
}
