/* parse-kv: the values of named keys in a text. The constant second argument says how, as JSON
 * (emit_parse.c writes it). And parse_cef_dictionary(), for which the format says it. Sources:
 * "parse-kv operator" of the Kusto reference, "Supported KQL features in Azure Monitor
 * transformations". */
#include "engine/duckdb/fn.h"
#include "engine/duckdb/fn_rx.h"
#include "text/cef.h"
#include "text/json.h"

enum { MAX_KEYS = 256, MAX_QUOTES = 16 };
struct pairs {
    struct arena *a;
    struct rx *rx; /* of two groups, key and value; NULL: delimiters */
    bool regex;
    struct str pair, kv, escapes;
    struct str quotes[MAX_QUOTES]; /* one sign, or an opening and a closing one */
    size_t n_quotes;
    bool greedy;
    size_t n;
    struct str keys[MAX_KEYS];
};

static struct str spec_text(struct arena *a, const struct json *spec, const char *key)
{
    return arena_str(a, json_text(json_get(spec, key), STR_NONE));
}

static size_t spec_list(struct arena *a, const struct json *spec, const char *key, struct str *out,
                        size_t max)
{
    const struct json *list = json_get(spec, key);
    size_t n = 0;
    for (size_t i = 0; list != NULL && i < list->n && n < max; i++)
        out[n++] = arena_str(a, list->items[i].text);
    return n;
}

static void *kv_prepare(const struct cf_const *args, size_t n)
{
    struct json spec;
    struct err e = {0};
    if (n < 2 || !args[1].known || args[1].is_null)
        return NULL;
    struct pairs *k = xcalloc(1, sizeof(*k));
    k->a = arena_new(0);
    if (!json_parse(k->a, args[1].text, NULL, &spec, &e))
        return k;
    k->pair = spec_text(k->a, &spec, "pair");
    k->kv = spec_text(k->a, &spec, "kv");
    k->escapes = spec_text(k->a, &spec, "escape");
    k->greedy = json_is_true(json_get(&spec, "greedy"));
    k->n_quotes = spec_list(k->a, &spec, "quotes", k->quotes, MAX_QUOTES);
    k->n = spec_list(k->a, &spec, "keys", k->keys, MAX_KEYS);
    struct str regex = spec_text(k->a, &spec, "regex");
    k->regex = regex.n > 0;
    k->rx = k->regex ? rx_new(regex) : NULL;
    return k;
}

static void kv_release(void *bound)
{
    struct pairs *k = bound;
    if (k != NULL) {
        rx_free(k->rx);
        arena_free(k->a);
    }
    xfree(k);
}

static bool here(struct str text, size_t at, struct str what)
{
    return what.n > 0 && at + what.n <= text.n && memcmp(text.p + at, what.p, what.n) == 0;
}

/* Without delimiters, whatever is not a letter, digit or '_' parts keys and values. */
static bool is_word(char ch)
{
    return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
           ch == '_' || (unsigned char)ch >= 0x80;
}

static size_t behind_blanks(struct str text, size_t at)
{
    while (at < text.n && (text.p[at] == ' ' || (text.p[at] >= '\t' && text.p[at] <= '\r')))
        at++;
    return at;
}

/* ---- keys and values ---- */
/* The quotes that open here, or NULL. */
static const struct str *quotes_at(const struct pairs *k, struct str text, size_t at)
{
    for (size_t i = 0; i < k->n_quotes && at < text.n; i++)
        if (k->quotes[i].n > 0 && k->quotes[i].p[0] == text.p[at])
            return &k->quotes[i];
    return NULL;
}

static struct str quoted_text(struct cf_call *c, const struct pairs *k, struct str quotes,
                              struct str text, size_t *at)
{
    char close = quotes.n > 1 ? quotes.p[1] : quotes.p[0];
    struct sbuf b = sbuf_make(0);
    size_t i = *at + 1;
    for (; i < text.n && text.p[i] != close; i++) {
        if (i + 1 < text.n && k->escapes.n > 0 &&
            memchr(k->escapes.p, text.p[i], k->escapes.n) != NULL)
            i++;
        sbuf_addc(&b, text.p[i]);
    }
    *at = i < text.n ? i + 1 : i;
    struct str s = arena_str(cf_arena(c), sbuf_str(&b));
    sbuf_fini(&b);
    return s;
}

/* The end of a key or value that goes up to a delimiter. Blanks may stand between a key and the
 * delimiter behind it, even where pairs are parted by a blank. */
static size_t end_of(const struct pairs *k, struct str text, size_t i, bool key)
{
    for (; i < text.n; i++) {
        if (k->kv.n == 0 && !is_word(text.p[i]))
            break;
        if (k->kv.n == 0)
            continue;
        if (key && here(text, i, k->kv))
            break;
        if (here(text, i, k->pair)) {
            size_t next = behind_blanks(text, i);
            return key && here(text, next, k->kv) ? next : i;
        }
    }
    return i;
}

/* The end of a greedy value: the last delimiter of pairs in front of the next key's delimiter, or
 * the end of the text. */
static size_t greedy_end(const struct pairs *k, struct str text, size_t i)
{
    size_t last = SIZE_MAX, blanks = i;
    while (i < text.n) {
        if (here(text, i, k->pair)) {
            if (i + k->pair.n > blanks)
                blanks = behind_blanks(text, i + k->pair.n);
            if (!here(text, blanks,
                      k->kv)) /* blanks between a key and its delimiter part nothing */
                last = i;
            i += k->pair.n;
        } else if (here(text, i, k->kv)) {
            if (last != SIZE_MAX)
                return last;
            i += k->kv.n;
        } else {
            i++;
        }
    }
    return text.n;
}

static struct str token(struct cf_call *c, const struct pairs *k, struct str text, size_t *at,
                        bool key)
{
    const struct str *quotes = quotes_at(k, text, *at);
    size_t start = *at;
    if (quotes != NULL)
        return quoted_text(c, k, *quotes, text, at);
    *at =
        k->greedy && !key && k->kv.n > 0 ? greedy_end(k, text, start) : end_of(k, text, start, key);
    return str_trim(str_sub(text, start, *at - start));
}

static void skip_to_pair(const struct pairs *k, struct str text, size_t *at)
{
    if (k->kv.n == 0) {
        while (*at < text.n && !is_word(text.p[*at]) && quotes_at(k, text, *at) == NULL)
            (*at)++;
        return;
    }
    while (*at < text.n && !here(text, *at, k->pair))
        (*at)++;
    if (*at < text.n)
        *at += k->pair.n;
}

/* Behind the delimiter of a key. Where pairs are parted by blanks, a key without a value must not
 * take the next pair for one: "a= b=1". */
static void skip_to_value(const struct pairs *k, struct str text, size_t *at)
{
    size_t next = behind_blanks(text, *at);
    bool parted = false;
    for (size_t i = *at; i < next && !parted; i++)
        parted = here(text, i, k->pair);
    size_t end = parted && quotes_at(k, text, next) == NULL ? end_of(k, text, next, true) : next;
    if (!parted || !here(text, end, k->kv))
        *at = next;
}

/* ---- rows ---- */
struct found {
    struct str *items;
    bool *known;
};

/* The first of equal keys counts. */
static void note(const struct pairs *k, struct found *f, struct str key, struct str value)
{
    for (size_t i = 0; i < k->n; i++)
        if (!f->known[i] && str_eq(k->keys[i], key)) {
            f->items[i] = value;
            f->known[i] = true;
        }
}

static void by_regex(struct cf_call *c, const struct pairs *k, struct str text, struct found *f)
{
    struct rx_match m;
    struct rx_iter it = rx_each(k->rx, text, 0);
    while (regex_next(c, &it, &m))
        note(k, f, str_trim(rx_group(&m, text, 1)), str_trim(rx_group(&m, text, 2)));
}

static void by_delimiters(struct cf_call *c, const struct pairs *k, struct str text,
                          struct found *f)
{
    for (size_t at = 0; at < text.n;) {
        size_t before = at;
        if (k->kv.n == 0)
            skip_to_pair(k, text, &at);
        else
            at = behind_blanks(text, at);
        struct str key = token(c, k, text, &at, true);
        if (k->kv.n == 0) {
            skip_to_pair(k, text, &at);
        } else {
            size_t kv = behind_blanks(text, at);
            if (!here(text, kv, k->kv)) {
                skip_to_pair(k, text, &at);
                continue;
            }
            at = kv + k->kv.n;
            skip_to_value(k, text, &at);
        }
        note(k, f, key, token(c, k, text, &at, false));
        if (k->kv.n > 0)
            skip_to_pair(k, text, &at);
        if (at == before)
            at++;
    }
}

static void fn_parse_kv(struct cf_call *c, size_t r)
{
    const struct pairs *k = c->bound;
    struct str text = cf_str(c, 0, r);
    if (k == NULL || (k->regex && k->rx == NULL))
        return;
    struct found f = {arena_array(cf_arena(c), struct str, k->n + 1),
                      arena_array(cf_arena(c), bool, k->n + 1)};
    if (k->regex)
        by_regex(c, k, text, &f);
    else
        by_delimiters(c, k, text, &f);
    cf_out_list(c, r, f.items, NULL, k->n);
}

/* ---- parse_cef_dictionary ---- */

/* What stands behind a CEF header; text without one is all extension. */
static struct str cef_extension(struct arena *a, struct str text)
{
    struct str rest = text, field;
    for (size_t i = 0; i < CEF_HEADER_FIELDS; i++)
        if (!cef_header_field(a, &rest, &field))
            return str_starts(str_trim(text), STR("CEF:")) ? STR_NONE : text;
    return rest;
}

/* {"Extension": {key: text}}; of a key that comes twice the last one counts. */
static void fn_cef_dictionary(struct cf_call *c, size_t r)
{
    struct arena *a = cf_arena(c);
    struct str s = str_trim(cef_extension(a, cf_str(c, 0, r))), key, value;
    struct map *last = map_new(a, false);
    struct json_out w = json_out_make(cf_buf(c));
    size_t first = 0, at = 0;
    if (!cef_key_at(s, 0, &key)) /* text before the first key */
        (void)cef_value_end(s, 0, &first);
    for (at = first; cef_pair(a, s, &at, &key, &value);)
        map_put(last, key, (void *)(uintptr_t)(at + 1)); // NOLINT: a number, not an address
    json_obj(&w);
    json_key(&w, "Extension");
    json_obj(&w);
    for (at = first; cef_pair(a, s, &at, &key, &value);) {
        if ((uintptr_t)map_get(last, key) == at + 1) {
            json_key_str(&w, key);
            json_str(&w, value);
        }
    }
    json_obj_end(&w);
    json_obj_end(&w);
    cf_out_str(c, r, sbuf_str(&c->buf));
}

const struct cf_scalar fn_parse_kv_rows[] = {
    {.name = "vdf_cef_dictionary", .sig = "s:j", .row = fn_cef_dictionary},
    {.name = "vdf_parse_kv",
     .sig = "ss:[s",
     .row = fn_parse_kv,
     .prepare = kv_prepare,
     .release = kv_release},
    {0},
};
