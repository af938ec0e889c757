/* parse and parse-where: cutting a text into the texts of columns. The constant second argument
 * says how, as JSON (emit_parse.c writes it). Source: "parse operator" of the Kusto reference. */
#include "engine/duckdb/fn.h"
#include "engine/duckdb/fn_rx.h"
#include "kql/types.h"
#include "text/json.h"

enum { MAX_PARSE_COLUMNS = RX_MAX_GROUPS };

struct cutter {
    struct rx *rx;
    bool strict; /* a value that is not of its column's type fails the whole row */
    size_t n;
    enum kql_type type[MAX_PARSE_COLUMNS];
    size_t group[MAX_PARSE_COLUMNS];
};

/* ---- from the parts to one regular expression ---- */
/* What a value of the type looks like where no text behind it says how far it goes. */
static const char *shape_of(enum kql_type t, bool star_next, bool last)
{
    if (t == KQL_INT || t == KQL_LONG)
        return star_next ? "\\s*[-+]?\\d+" : last ? ".*" : ".*?";
    if (t == KQL_REAL || t == KQL_DECIMAL)
        return star_next ? "\\s*[-+]?\\d*\\.?\\d+(?:[eE][-+]?\\d+)?" : last ? ".*" : ".*?";
    if (t == KQL_BOOL && star_next)
        return "(?i:true|false|0|1)";
    return last ? ".*" : ".*?";
}

/* kind=regex: texts are greedy (the flag U turns that round), other types have a form of their own.
 */
static const char *regex_shape_of(enum kql_type t)
{
    if (t == KQL_INT || t == KQL_LONG)
        return "\\s*[-+]?\\d+";
    if (t == KQL_REAL || t == KQL_DECIMAL)
        return "\\s*[-+]?\\d*\\.?\\d+(?:[eE][-+]?\\d+)?";
    if (t == KQL_BOOL)
        return "(?i:true|false|0|1)";
    if (t == KQL_DATETIME)
        return "\\s*[-/\\d]+(?:[ T]\\d+:\\d+(?::\\d+(?:\\.\\d+)?)?(?: ?[AaPp][Mm])?Z?)?";
    return ".*";
}

static bool is_part(const struct json *part, const char *what)
{
    return part != NULL && part->type == JSON_ARRAY && part->n > 0 &&
           str_eqz(part->items[0].text, what);
}

static size_t groups_of(struct str pattern)
{
    struct rx *x = rx_new(pattern);
    size_t n = x != NULL ? rx_groups(x) : 0;
    rx_free(x);
    return n;
}

static void add_part(struct cutter *k, const struct json *parts, size_t i, bool regex,
                     struct sbuf *b, size_t *groups)
{
    const struct json *part = &parts->items[i];
    bool last = i + 1 == parts->n;
    if (is_part(part, "*")) {
        sbuf_addz(b, last ? ".*" : ".*?");
    } else if (is_part(part, "t") && part->n > 1) {
        struct str text = part->items[1].text;
        if (!regex) {
            rx_quote(b, text);
            return;
        }
        sbuf_addf(b, "(?:%.*s)", STR_ARG(text));
        *groups += groups_of(text);
    } else if (is_part(part, "c") && part->n > 1 && k->n < MAX_PARSE_COLUMNS) {
        enum kql_type t = KQL_STRING;
        if (!kql_type_parse(part->items[1].text, &t))
            t = KQL_STRING;
        bool star_next = !last && is_part(&parts->items[i + 1], "*");
        const char *shape = regex ? regex_shape_of(t) : shape_of(t, star_next, last);
        sbuf_addf(b, "(%s)", shape);
        k->type[k->n] = t;
        k->group[k->n++] = ++*groups;
    }
}

static void parse_prepare_parts(struct cutter *k, const struct json *spec, struct sbuf *b)
{
    const struct json *parts = json_get(spec, "parts");
    struct str mode = json_text(json_get(spec, "mode"), STR("simple"));
    struct str flags = json_text(json_get(spec, "flags"), STR_NONE);
    bool regex = str_eqz(mode, "regex");
    size_t groups = 0;
    k->strict = !str_eqz(mode, "relaxed");
    /* PCRE2's flags under Kusto's (RE2's) names; '.' meets line ends except in regex mode */
    for (size_t i = 0; i < flags.n && regex; i++)
        if (strchr("ims", flags.p[i]) != NULL || flags.p[i] == 'U')
            sbuf_addf(b, "(?%c)", flags.p[i]);
    if (!regex)
        sbuf_addz(b, "(?s)");
    sbuf_addz(b, "^");
    for (size_t i = 0; parts != NULL && i < parts->n; i++)
        add_part(k, parts, i, regex, b, &groups);
    sbuf_addz(b, "$");
}

static void *parse_prepare(const struct cf_const *args, size_t n)
{
    struct json spec;
    struct err e = {0};
    if (n < 2 || !args[1].known || args[1].is_null)
        return NULL;
    struct cutter *k = xcalloc(1, sizeof(*k));
    struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    if (json_parse(a, args[1].text, NULL, &spec, &e)) {
        parse_prepare_parts(k, &spec, &b);
        k->rx = rx_new(sbuf_str(&b));
    }
    arena_free(a);
    return k;
}

static void parse_release(void *bound)
{
    struct cutter *k = bound;
    if (k != NULL)
        rx_free(k->rx);
    xfree(k);
}

static bool fits(struct arena *a, struct str text, enum kql_type t)
{
    struct kql_value v = {.type = KQL_STRING, .s = text}, out;
    return t == KQL_STRING || t == KQL_DYNAMIC || kql_value_convert(a, &v, t, &out);
}

static void fn_parse(struct cf_call *c, size_t r)
{
    const struct cutter *k = c->bound;
    struct rx_match m;
    struct str text = cf_str(c, 0, r), items[MAX_PARSE_COLUMNS];
    if (k != NULL && k->rx == NULL) {
        cf_refuse(c, ERR_INVALID, "the texts of parse together are no pattern, or too long a one");
        return;
    }
    if (k == NULL || !regex_found(c, rx_search(k->rx, text, 0, &m)))
        return;
    for (size_t i = 0; i < k->n; i++) {
        items[i] = rx_group(&m, text, k->group[i]);
        if (k->strict && !fits(cf_arena(c), items[i], k->type[i]))
            return;
    }
    cf_out_list(c, r, items, NULL, k->n);
}

const struct cf_scalar fn_parse_rows[] = {
    {.name = "vdf_parse",
     .sig = "ss:[s",
     .row = fn_parse,
     .prepare = parse_prepare,
     .release = parse_release},
    {0},
};
