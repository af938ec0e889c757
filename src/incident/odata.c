/* OData's $filter, as far as clients of the incidents list use it: a recursive-descent reader to a
 * tree, and its evaluation over one object. Texts compare without case, as ARM's enums do. */
#include "incident/incident.h"
#include "incident/incident_priv.h"
#include "text/date.h"

enum { MAX_DEPTH = 32, MAX_FILTER = 4096 };
enum node_type { N_AND, N_OR, N_NOT, N_COMPARE, N_IN, N_CALL, N_ANY };
enum compare_op { OP_EQ, OP_NE, OP_GT, OP_GE, OP_LT, OP_LE };
enum call_name { CALL_CONTAINS, CALL_STARTSWITH, CALL_ENDSWITH };

struct odata {
    enum node_type type;
    struct odata *left, *right; /* AND, OR; NOT and ANY: left only */
    struct str path;            /* COMPARE, IN, CALL, ANY */
    int op;                     /* COMPARE: compare_op; CALL: call_name */
    struct odata_value *values; /* COMPARE, CALL: one; IN: n */
    size_t n;
};

enum token_type { T_END, T_WORD, T_TEXT, T_LITERAL, T_SIGN };
struct token {
    enum token_type type;
    size_t off;
    struct str s; /* TEXT: without the quotes */
};
struct reader {
    struct arena *a;
    struct str text;
    size_t at;
    struct token t;
    unsigned depth;
    struct str variable; /* of the any() around; empty: none */
    struct err *e;
    bool failed;
};

static bool bad(struct reader *r, const char *what)
{
    if (!r->failed)
        err_at(r->e, ERR_INVALID, pos_in(r->text, r->t.off), "$filter: %s", what);
    r->failed = true;
    return false;
}

/* ---- tokens ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_text(struct reader *r)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_FILTER);
    for (r->at++; r->at < r->text.n; r->at++) {
        char c = r->text.p[r->at];
        if (c == '\'' && (r->at + 1 == r->text.n || r->text.p[r->at + 1] != '\'')) {
            r->at++;
            r->t.s = arena_str(r->a, sbuf_str(&b));
            return true;
        }
        r->at += c == '\'' ? 1 : 0;
        sbuf_addc(&b, c);
    }
    return bad(r, "a text has no closing quote");
}

static void take_while(struct reader *r, const char *more)
{
    size_t from = r->at;
    while (r->at < r->text.n &&
           (is_letter(r->text.p[r->at]) || is_digit(r->text.p[r->at]) ||
            strchr(more, r->text.p[r->at]) != NULL) &&
           r->text.p[r->at] != '\0')
        r->at++;
    r->t.s = str_sub(r->text, from, r->at - from);
}

static bool next(struct reader *r)
{
    while (r->at < r->text.n && strchr(" \t\r\n", r->text.p[r->at]) != NULL &&
           r->text.p[r->at] != '\0')
        r->at++;
    r->t = (struct token){T_END, r->at, STR_NONE};
    if (r->at == r->text.n)
        return true;
    char c = r->text.p[r->at];
    if (c == '\'') {
        r->t.type = T_TEXT;
        return read_text(r);
    }
    if (is_letter(c)) {
        r->t.type = T_WORD;
        take_while(r, "/.");
    } else if (is_digit(c) || c == '-') {
        r->t.type = T_LITERAL;
        take_while(r, "-:.+");
    } else {
        r->t.type = T_SIGN;
        r->t.s = str_sub(r->text, r->at++, 1);
    }
    return true;
}

static bool is_word(const struct reader *r, const char *z)
{
    return r->t.type == T_WORD && str_ieqz(r->t.s, z);
}

static bool sign(struct reader *r, const char *z)
{
    if (r->t.type != T_SIGN || !str_eqz(r->t.s, z)) {
        char what[48] = "'?' expected";
        what[1] = z[0];
        return bad(r, what);
    }
    return next(r);
}

/* ---- grammar ----
 * or := and ("or" and)*     and := unary ("and" unary)*
 * unary := "not" unary | "(" or ")" | call | path "/any(" word ":" or ")" | path op value
 *        | path "in" "(" value ("," value)* ")" */

static struct odata *read_or(struct reader *r);

static struct odata *node(struct reader *r, enum node_type type)
{
    struct odata *o = arena_new_of(r->a, struct odata);
    o->type = type;
    return o;
}

static bool read_value(struct reader *r, struct odata_value *out)
{
    struct odata_value v = {.type = OV_TEXT, .s = r->t.s};
    if (is_word(r, "null"))
        v.type = OV_NULL;
    else if (is_word(r, "true") || is_word(r, "false"))
        v = (struct odata_value){.type = OV_BOOL, .i = is_word(r, "true")};
    else if (r->t.type == T_LITERAL && str_to_i64(r->t.s, &v.i))
        v.type = OV_INT;
    else if (r->t.type == T_LITERAL && date_parse_iso(r->t.s, &v.i))
        v.type = OV_TIME;
    else if (r->t.type != T_TEXT)
        return bad(r, "a value expected: 'text', a number, a time, true, false or null");
    *out = v;
    return next(r);
}

static bool read_path(struct reader *r, struct str *out)
{
    struct str s = r->t.s, prefix = STR("properties/");
    if (r->t.type != T_WORD)
        return bad(r, "a property expected, for example properties/status");
    if (s.n > prefix.n && str_ieq(str_sub(s, 0, prefix.n), prefix))
        s = str_sub(s, prefix.n, s.n);
    *out = s;
    return next(r);
}

static struct odata *read_any(struct reader *r, struct str path)
{
    struct odata *o = node(r, N_ANY);
    o->path = str_sub(path, 0, path.n - 4);
    if (r->variable.n > 0)
        return bad(r, "any() inside any()"), NULL;
    if (!sign(r, "("))
        return NULL;
    r->variable = r->t.s;
    if (r->t.type != T_WORD || !next(r) || !sign(r, ":"))
        return bad(r, "any(x: …) expected"), NULL;
    o->left = read_or(r);
    r->variable = STR_NONE;
    return o->left != NULL && sign(r, ")") ? o : NULL;
}

static struct odata *read_in(struct reader *r, struct str path)
{
    VEC(struct odata_value) values = {0};
    struct odata *o = node(r, N_IN);
    struct odata_value v;
    if (!next(r) || !sign(r, "(") || !read_value(r, &v))
        return NULL;
    VEC_PUSH(r->a, &values, v);
    while (r->t.type == T_SIGN && str_eqz(r->t.s, ",")) {
        if (!next(r) || !read_value(r, &v))
            return NULL;
        VEC_PUSH(r->a, &values, v);
    }
    o->path = path;
    o->values = values.p;
    o->n = values.n;
    return sign(r, ")") ? o : NULL;
}

static struct odata *read_compare(struct reader *r, struct str path)
{
    static const char *const ops[] = {"eq", "ne", "gt", "ge", "lt", "le"};
    struct odata *o = node(r, N_COMPARE);
    o->path = path;
    o->values = arena_new_of(r->a, struct odata_value);
    for (size_t i = 0; i < COUNTOF(ops); i++) {
        if (!is_word(r, ops[i]))
            continue;
        o->op = (int)i;
        return next(r) && read_value(r, o->values) ? o : NULL;
    }
    return bad(r, "eq, ne, gt, ge, lt, le or in expected"), NULL;
}

static struct odata *read_call(struct reader *r, int name)
{
    struct odata *o = node(r, N_CALL);
    o->op = name;
    o->values = arena_new_of(r->a, struct odata_value);
    if (!next(r) || !sign(r, "(") || !read_path(r, &o->path) || !sign(r, ","))
        return NULL;
    return read_value(r, o->values) && sign(r, ")") ? o : NULL;
}

static struct odata *read_term(struct reader *r)
{
    static const char *const calls[] = {"contains", "startswith", "endswith"};
    struct str path = STR_NONE;
    for (size_t i = 0; i < COUNTOF(calls); i++)
        if (is_word(r, calls[i]))
            return read_call(r, (int)i);
    if (!read_path(r, &path))
        return NULL;
    if (path.n > 4 && str_ieqz(str_sub(path, path.n - 4, 4), "/any"))
        return read_any(r, path);
    return is_word(r, "in") ? read_in(r, path) : read_compare(r, path);
}

static struct odata *read_unary(struct reader *r)
{
    struct odata *o = NULL;
    if (++r->depth > MAX_DEPTH)
        return bad(r, "nested too deeply"), NULL;
    if (is_word(r, "not")) {
        o = node(r, N_NOT);
        o->left = next(r) ? read_unary(r) : NULL;
        o = o->left != NULL ? o : NULL;
    } else if (r->t.type == T_SIGN && str_eqz(r->t.s, "(")) {
        o = next(r) ? read_or(r) : NULL;
        o = o != NULL && sign(r, ")") ? o : NULL;
    } else {
        o = read_term(r);
    }
    r->depth--;
    return o;
}

static struct odata *read_chain(struct reader *r, const char *word, enum node_type type,
                                struct odata *(*part)(struct reader *))
{
    struct odata *left = part(r);
    while (left != NULL && is_word(r, word)) {
        struct odata *o = node(r, type);
        o->left = left;
        o->right = next(r) ? part(r) : NULL;
        left = o->right != NULL ? o : NULL;
    }
    return left;
}

static struct odata *read_and(struct reader *r)
{
    return read_chain(r, "and", N_AND, read_unary);
}

static struct odata *read_or(struct reader *r)
{
    return read_chain(r, "or", N_OR, read_and);
}

struct odata *odata_parse(struct arena *a, struct str text, struct err *e)
{
    struct reader r = {.a = a, .text = text, .e = e};
    if (text.n > MAX_FILTER) {
        err_set(e, ERR_INVALID, "$filter: longer than %d bytes", MAX_FILTER);
        return NULL;
    }
    struct odata *o = next(&r) ? read_or(&r) : NULL;
    if (o != NULL && r.t.type != T_END)
        return bad(&r, "'and', 'or' or the end expected"), NULL;
    return o;
}

void odata_each_path(const struct odata *o, void (*fn)(void *self, struct str path), void *self)
{
    if (o == NULL)
        return;
    if (o->path.n > 0)
        fn(self, o->path);
    if (o->type == N_ANY) /* what is inside names the items */
        return;
    odata_each_path(o->left, fn, self);
    odata_each_path(o->right, fn, self);
}

/* ---- evaluation ---- */

static int compare_texts(struct str x, struct str y)
{
    for (size_t i = 0; i < x.n && i < y.n; i++) {
        int a = (unsigned char)x.p[i], b = (unsigned char)y.p[i];
        a += a >= 'A' && a <= 'Z' ? 32 : 0;
        b += b >= 'A' && b <= 'Z' ? 32 : 0;
        if (a != b)
            return a < b ? -1 : 1;
    }
    return x.n < y.n ? -1 : x.n > y.n;
}

int odata_compare(const struct odata_value *x, const struct odata_value *y)
{
    if (x->type == OV_NULL || y->type == OV_NULL)
        return (x->type != OV_NULL) - (y->type != OV_NULL);
    if (x->type == OV_TEXT)
        return compare_texts(x->s, y->s);
    return x->i < y->i ? -1 : x->i > y->i;
}

/* The object that any() looks at, or the whole. */
struct scope {
    odata_get_fn *get;
    void *self;
    const struct odata_value *item; /* NULL: outside any() */
    struct err *e;
};

static bool value_of(const struct scope *s, struct str path, struct odata_value *out)
{
    if (s->item != NULL) {
        *out = *s->item;
        return true;
    }
    return s->get(s->self, path, out) ||
           err_set(s->e, ERR_INVALID, "$filter: there is no property '%.*s'", STR_ARG(path));
}

static bool comparable(const struct scope *s, struct str path, const struct odata_value *x,
                       const struct odata_value *y)
{
    bool ok =
        x->type != OV_LIST && (x->type == y->type || x->type == OV_NULL || y->type == OV_NULL);
    return ok || err_set(s->e, ERR_INVALID,
                         "$filter: '%.*s' is not compared with a value like this", STR_ARG(path));
}

static bool holds(int op, int order)
{
    switch ((enum compare_op)op) {
    case OP_EQ:
        return order == 0;
    case OP_NE:
        return order != 0;
    case OP_GT:
        return order > 0;
    case OP_GE:
        return order >= 0;
    case OP_LT:
        return order < 0;
    case OP_LE:
        return order <= 0;
    }
    return false;
}

static bool folded_has(struct str s, struct str part, enum call_name how)
{
    if (part.n > s.n)
        return false;
    if (how == CALL_STARTSWITH)
        return str_ieq(str_sub(s, 0, part.n), part);
    if (how == CALL_ENDSWITH)
        return str_ieq(str_sub(s, s.n - part.n, part.n), part);
    for (size_t i = 0; i + part.n <= s.n; i++)
        if (str_ieq(str_sub(s, i, part.n), part))
            return true;
    return false;
}

static bool match(const struct odata *o, const struct scope *s, bool *out);

static bool match_any(const struct odata *o, const struct scope *s, bool *out)
{
    struct odata_value list;
    if (!value_of(s, o->path, &list))
        return false;
    if (list.type != OV_LIST)
        return err_set(s->e, ERR_INVALID, "$filter: '%.*s' is not a list", STR_ARG(o->path));
    struct scope inner = *s;
    *out = false;
    for (size_t i = 0; i < list.n && !*out; i++) {
        inner.item = &list.items[i];
        if (!match(o->left, &inner, out))
            return false;
    }
    return true;
}

static bool match_in(const struct odata *o, const struct scope *s, bool *out)
{
    struct odata_value v;
    if (!value_of(s, o->path, &v))
        return false;
    *out = false;
    for (size_t i = 0; i < o->n; i++) {
        if (!comparable(s, o->path, &v, &o->values[i]))
            return false;
        *out = *out || odata_compare(&v, &o->values[i]) == 0;
    }
    return true;
}

static bool match_value(const struct odata *o, const struct scope *s, bool *out)
{
    struct odata_value v;
    if (!value_of(s, o->path, &v) || !comparable(s, o->path, &v, o->values))
        return false;
    if (o->type == N_COMPARE)
        *out = holds(o->op, odata_compare(&v, o->values));
    else
        *out = v.type == OV_TEXT && o->values->type == OV_TEXT &&
               folded_has(v.s, o->values->s, (enum call_name)o->op);
    return true;
}

static bool match(const struct odata *o, const struct scope *s, bool *out)
{
    bool left = false;
    switch (o->type) {
    case N_AND:
    case N_OR:
        if (!match(o->left, s, &left))
            return false;
        *out = left;
        return left == (o->type == N_OR) || match(o->right, s, out);
    case N_NOT:
        if (!match(o->left, s, &left))
            return false;
        *out = !left;
        return true;
    case N_COMPARE:
    case N_CALL:
        return match_value(o, s, out);
    case N_IN:
        return match_in(o, s, out);
    case N_ANY:
        return match_any(o, s, out);
    }
    return false;
}

bool odata_match(const struct odata *o, odata_get_fn *get, void *self, bool *out, struct err *e)
{
    struct scope s = {get, self, NULL, e};
    return match(o, &s, out);
}
