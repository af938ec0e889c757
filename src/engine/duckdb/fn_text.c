/* Texts with an inner structure: URLs, paths, versions, CSV, command lines, XML, JSON paths. Each
 * gives a dynamic or the parts of one. Source: the functions' pages of the Kusto reference. */
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/csv.h"
#include "text/json.h"
#include "text/xml.h"

/* ---- URLs ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static struct str percent_decoded(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int high = i + 2 < s.n && s.p[i] == '%' ? hex_digit(s.p[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(s.p[i + 2]) : -1;
        if (low >= 0) {
            out[n++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[n++] = s.p[i] == '+' ? ' ' : s.p[i];
        }
    }
    return (struct str){out, n};
}

static struct str cut_at(struct str *rest, const char *mark)
{
    size_t at = rest->n;
    struct str m = str_from(mark);
    bool found = str_find(*rest, m, &at);
    struct str head = str_sub(*rest, 0, found ? at : rest->n);
    *rest = found ? str_sub(*rest, at + m.n, rest->n) : STR("");
    return head;
}

static void write_parameters(struct arena *a, struct json_out *w, struct str query)
{
    json_key(w, "Query Parameters");
    json_obj(w);
    while (query.n > 0) {
        struct str pair = cut_at(&query, "&");
        struct str name = cut_at(&pair, "=");
        if (name.n == 0)
            continue;
        json_key_str(w, percent_decoded(a, name));
        json_str(w, percent_decoded(a, pair));
    }
    json_obj_end(w);
}

static void write_authority(struct json_out *w, struct str authority)
{
    size_t at = 0;
    struct str user = STR(""), password = STR(""), host = authority, port = STR("");
    if (str_find(authority, STR("@"), &at)) {
        user = str_sub(authority, 0, at);
        host = str_sub(authority, at + 1, authority.n);
        struct str rest = user;
        user = cut_at(&rest, ":");
        password = rest;
    }
    size_t close = 0; /* [::1]:80 */
    size_t from = host.n > 0 && host.p[0] == '[' && str_find(host, STR("]"), &close) ? close : 0;
    if (str_find(str_sub(host, from, host.n), STR(":"), &at)) {
        port = str_sub(host, from + at + 1, host.n);
        host = str_sub(host, 0, from + at);
    }
    json_kv_str(w, "Host", host);
    json_kv_str(w, "Port", port);
    json_kv_str(w, "Username", user);
    json_kv_str(w, "Password", password);
}

static void fn_parse_url(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    struct str rest = cf_str(c, 0, r), fragment = STR(""), query = STR(""), scheme = STR("");
    size_t at = 0;
    if (rest.n == 0)
        return;
    if (str_find(rest, STR("#"), &at)) {
        fragment = str_sub(rest, at + 1, rest.n);
        rest = str_sub(rest, 0, at);
    }
    if (str_find(rest, STR("?"), &at)) {
        query = str_sub(rest, at + 1, rest.n);
        rest = str_sub(rest, 0, at);
    }
    bool absolute = str_find(rest, STR("://"), &at);
    if (absolute)
        scheme = cut_at(&rest, "://");
    at = rest.n;
    (void)str_find(rest, STR("/"), &at);
    struct str path = absolute ? str_sub(rest, at, rest.n) : rest;
    json_obj(&w);
    json_kv_str(&w, "Scheme", scheme);
    write_authority(&w, absolute ? str_sub(rest, 0, at) : STR(""));
    json_kv_str(&w, "Path", path);
    write_parameters(cf_arena(c), &w, query);
    json_kv_str(&w, "Fragment", fragment);
    json_obj_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_parse_urlquery(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    struct str query = cf_str(c, 0, r);
    if (query.n > 0 && query.p[0] == '?')
        query = str_sub(query, 1, query.n);
    json_obj(&w);
    write_parameters(cf_arena(c), &w, query);
    json_obj_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- paths of files ---- */

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

static size_t last_slash(struct str s)
{
    size_t at = s.n;
    while (at > 0 && !is_slash(s.p[at - 1]))
        at--;
    return at; /* behind it; 0: there is none */
}

static void write_path(struct json_out *w, struct str scheme, struct str s)
{
    size_t behind = last_slash(s), colon = 0, dot = 0;
    struct str file = str_sub(s, behind, s.n), stream = STR(""), root = STR(""),
               extension = STR("");
    struct str folder = behind > 0 ? str_sub(s, 0, behind - 1) : STR("");
    if (str_find(file, STR(":"), &colon)) {
        stream = str_sub(file, colon + 1, file.n);
        file = str_sub(file, 0, colon);
    }
    struct str plain = s;
    if (str_starts(plain, STR("\\\\?\\")))
        plain = str_sub(plain, 4, plain.n);
    if (plain.n >= 2 && plain.p[1] == ':')
        root = str_sub(plain, 0, 2);
    for (size_t i = file.n; i > 0 && dot == 0; i--)
        if (file.p[i - 1] == '.')
            dot = i;
    if (dot > 0)
        extension = str_sub(file, dot, file.n);
    json_kv_str(w, "Scheme", scheme);
    json_kv_str(w, "RootPath", root);
    json_kv_str(w, "DirectoryPath", folder);
    json_kv_str(w, "DirectoryName", str_sub(folder, last_slash(folder), folder.n));
    json_kv_str(w, "Filename", file);
    json_kv_str(w, "Extension", extension);
    json_kv_str(w, "AlternateDataStreamName", stream);
}

static void fn_parse_path(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    struct str s = cf_str(c, 0, r), scheme = STR("");
    size_t at = 0;
    if (s.n == 0)
        return;
    if (str_find(s, STR("://"), &at))
        scheme = cut_at(&s, "://");
    json_obj(&w);
    write_path(&w, scheme, s);
    json_obj_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- versions: up to four numbers of eight digits, as the digits of a decimal ---- */

static void fn_parse_version(struct cf_call *c, size_t r)
{
    enum { PARTS = 4, DIGITS = 8 };
    struct str rest = cf_str(c, 0, r);
    struct sbuf *b = cf_buf(c);
    size_t parts = 0;
    bool good = rest.n > 0, more = true;
    for (; good && more && parts < PARTS; parts++) {
        int64_t n = 0;
        more = str_holds(rest, '.');
        struct str part = cut_at(&rest, ".");
        good = part.n >= 1 && part.n <= DIGITS && part.p[0] != '-' && str_to_i64(part, &n);
        sbuf_addf(b, "%08lld", (long long)n);
    }
    for (; parts < PARTS; parts++)
        sbuf_addz(b, "00000000");
    if (good && !more)
        cf_out_str(c, r, sbuf_str(b));
}

/* ---- CSV ---- */

static void write_texts(struct cf_call *c, size_t r, const struct str *items, size_t n)
{
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    for (size_t i = 0; i < n; i++)
        json_str(&w, items[i]);
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_parse_csv(struct cf_call *c, size_t r)
{
    struct str *fields = NULL, text = cf_str(c, 0, r);
    size_t at = 0, n = 0;
    if (text.n == 0)
        write_texts(c, r, &text, 1);
    else if (csv_line(cf_arena(c), text, &at, &fields, &n, NULL))
        write_texts(c, r, fields, n);
}

/* ---- command lines, as CommandLineToArgvW cuts them ---- */

struct words {
    struct arena *a;
    VEC(struct str) v;
    struct sbuf *word;
};

/* Backslashes in front of a quote: each pair is one, an odd one makes the quote a character. */
static size_t take_backslashes(struct words *x, struct str s, size_t i, bool *quote_is_text)
{
    size_t n = 0;
    while (i + n < s.n && s.p[i + n] == '\\')
        n++;
    bool before_quote = i + n < s.n && s.p[i + n] == '"';
    for (size_t k = 0; k < (before_quote ? n / 2 : n); k++)
        sbuf_addc(x->word, '\\');
    *quote_is_text = before_quote && n % 2 == 1;
    return n;
}

static void end_word(struct words *x)
{
    VEC_PUSH(x->a, &x->v, arena_str(x->a, sbuf_str(x->word)));
    sbuf_clear(x->word);
}

static void cut_words(struct words *x, struct str s)
{
    bool quoted = false, open = false;
    for (size_t i = 0; i < s.n;) {
        bool literal = false;
        char ch = s.p[i];
        if (ch == '\\') {
            i += take_backslashes(x, s, i, &literal);
            open = true;
            if (literal)
                sbuf_addc(x->word, s.p[i++]);
        } else if (ch == '"') {
            open = true;
            if (quoted && i + 1 < s.n && s.p[i + 1] == '"') {
                sbuf_addc(x->word, '"');
                i++;
            }
            quoted = !quoted;
            i++;
        } else if ((ch == ' ' || ch == '\t') && !quoted) {
            if (open)
                end_word(x);
            open = false;
            i++;
        } else {
            open = true;
            sbuf_addc(x->word, ch);
            i++;
        }
    }
    if (open)
        end_word(x);
}

static void fn_command_line(struct cf_call *c, size_t r)
{
    AUTO(sbuf_fini) struct sbuf word = sbuf_make(0);
    struct words x = {.a = cf_arena(c), .word = &word};
    if (cf_str(c, 0, r).n == 0)
        return;
    cut_words(&x, cf_str(c, 0, r));
    write_texts(c, r, x.v.p, x.v.n);
}

/* ---- XML ---- */

static void fn_parse_xml(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    if (xml_to_json(cf_str(c, 0, r), b, NULL))
        cf_out_str(c, r, sbuf_str(b));
}

/* ---- JSON paths: $.a.b[0]['c'] ---- */

static void fn_extract_json(struct cf_call *c, size_t r)
{
    struct str path = str_trim(cf_str(c, 0, r)), v = STR_NONE, key = STR_NONE;
    struct json whole = {0};
    struct json_opts lenient = {.lone_surrogates = true};
    int64_t index = 0;
    if (path.n == 0 || path.p[0] != '$' ||
        !json_parse(cf_arena(c), cf_str(c, 1, r), &lenient, &whole, NULL))
        return;
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_value(&w, &whole);
    v = sbuf_str(b);
    path = str_sub(path, 1, path.n);
    while (path.n > 0) {
        if (!js_path_step(&path, &key, &index) ||
            !(key.p != NULL ? js_get(v, key, &v) : js_at(v, index, &v)))
            return;
    }
    if (js_type(v) != JS_NULL)
        cf_out_str(c, r, arena_str(cf_arena(c), v));
}

/* ---- treepath: the paths of all members, of an array that of its first ---- */

static void add_paths(struct json_out *w, struct sbuf *path, struct str v, bool is_root)
{
    size_t before = path->n;
    struct str key = STR_NONE, item = STR_NONE;
    struct js_iter it = js_begin(v);
    enum js_type t = js_type(v);
    if (!is_root)
        json_str(w, sbuf_str(path));
    while ((t == JS_OBJECT || t == JS_ARRAY) && js_next(&it, &key, &item)) {
        if (t == JS_OBJECT)
            sbuf_addf(path, "['%.*s']", (int)(key.n - 2), key.p + 1);
        else if (js_type(item) == JS_OBJECT || js_type(item) == JS_ARRAY || before == path->n)
            sbuf_addz(path, "[0]");
        add_paths(w, path, item, false);
        path->n = before;
    }
}

static void fn_treepath(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    AUTO(sbuf_fini) struct sbuf all = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf path = sbuf_make(1 << 20);
    struct json_out w = json_out_make(&all);
    struct str text = cf_str(c, 0, r), item = STR_NONE;
    json_arr(&w);
    add_paths(&w, &path, text, true);
    json_arr_end(&w);
    /* Members of one array have one path. */
    struct map *seen = map_new(cf_arena(c), false);
    struct json_out unique = json_out_make(b);
    struct js_iter it = js_begin(sbuf_str(&all));
    json_arr(&unique);
    while (js_next(&it, &text, &item))
        if (map_put(seen, item, c) == NULL)
            json_raw(&unique, item);
    json_arr_end(&unique);
    cf_out_str(c, r, sbuf_str(b));
}

const struct cf_scalar fn_text_rows[] = {
    {.name = "vdf_parse_url", .sig = "s:j", .row = fn_parse_url},
    {.name = "vdf_parse_urlquery", .sig = "s:j", .row = fn_parse_urlquery},
    {.name = "vdf_parse_path", .sig = "s:j", .row = fn_parse_path},
    {.name = "vdf_parse_version", .sig = "s:s", .row = fn_parse_version},
    {.name = "vdf_parse_csv", .sig = "s:j", .row = fn_parse_csv},
    {.name = "vdf_command_line", .sig = "s:j", .row = fn_command_line},
    {.name = "vdf_parse_xml", .sig = "s:j", .row = fn_parse_xml},
    {.name = "vdf_extract_json", .sig = "ss:j", .row = fn_extract_json},
    {.name = "vdf_treepath", .sig = "j:j", .row = fn_treepath},
    {0},
};
