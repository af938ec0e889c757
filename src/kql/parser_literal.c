/* Literals: source text to checked constants. */
#include "base/clock.h"
#include "base/ids.h"
#include "kql/parser_priv.h"
#include "text/date.h"
#include "text/json.h"

#include <math.h>

static bool hex_value(struct str s, int64_t *out)
{
    uint64_t v = 0;
    if (s.n < 3 || s.n > 18 || s.p[0] != '0' || (s.p[1] | 32) != 'x')
        return false;
    for (size_t i = 2; i < s.n; i++) {
        int c = s.p[i] | 32;
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
        v = v * 16 + (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *out = (int64_t)v;
    return true;
}
static bool integer_value(struct str s, int64_t *out)
{
    if (s.n > 1 && s.p[0] == '+')
        s = str_sub(s, 1, s.n);
    return hex_value(s, out) || str_to_i64(s, out);
}
static bool real_value(struct str s, double *out)
{
    bool minus = s.n > 1 && s.p[0] == '-';
    struct str u = minus || (s.n > 1 && s.p[0] == '+') ? str_sub(s, 1, s.n) : s;
    int64_t i;
    if (str_ieqz(u, "inf") || str_ieqz(u, "infinity"))
        *out = HUGE_VAL;
    else if (str_ieqz(u, "nan"))
        *out = (double)NAN;
    else if (hex_value(u, &i))
        *out = (double)i;
    else if (u.n == 0 || !((u.p[0] >= '0' && u.p[0] <= '9') || u.p[0] == '.') ||
             !str_to_f64(u, out))
        return false;
    if (minus)
        *out = -*out;
    return true;
}
static bool decimal_value(struct str s, struct str *out)
{
    double d;
    *out = s;
    if (!real_value(s, &d) || isnan(d) || isinf(d))
        return false;
    if (s.p[0] == '+')
        *out = str_sub(s, 1, s.n);
    return true;
}
static bool bool_value(struct str s, bool *out)
{
    int64_t i = 0;
    *out = str_ieqz(s, "true");
    if (*out || str_ieqz(s, "false"))
        return true;
    if (!integer_value(s, &i))
        return false;
    *out = i != 0;
    return true;
}
static bool datetime_value(struct str s, int64_t *out)
{
    if (str_to_i64(s, out) && s.n > 8) /* ticks; up to eight digits are a date: 2020, 20200102 */
        return *out >= 0 && *out <= TICKS_MAX;
    return date_parse_kusto(s, out);
}
static bool timespan_value(struct str s, int64_t *out)
{
    bool minus = s.n > 1 && s.p[0] == '-';
    struct str u = minus ? str_trim(str_sub(s, 1, s.n)) : s;
    int64_t i;
    bool ok = str_to_i64(u, &i) ? i >= 0 && !__builtin_mul_overflow(i, TICKS_PER_DAY, out)
                                : lex_span(u, out);
    if (ok) {
        *out = minus ? -*out : *out;
        return true;
    }
    return span_parse_kusto(s, out);
}
static bool guid_value(struct parser *p, struct str s, struct str *out)
{
    struct guid g;
    char text[37];
    if (!guid_parse(s, &g))
        return false;
    guid_format(g, text);
    *out = arena_str(p->a, str_from(text));
    return true;
}

static bool typed_value(struct parser *p, struct str s, struct kql_value *v)
{
    if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
        s = str_trim(str_sub(s, 1, s.n - 2));
    if (str_ieqz(s, "null")) {
        v->is_null = true;
        return true;
    }
    switch (v->type) {
    case KQL_BOOL:
        return bool_value(s, &v->b);
    case KQL_INT:
        return integer_value(s, &v->i) && v->i >= INT32_MIN && v->i <= UINT32_MAX &&
               (v->i = (int32_t)v->i, true);
    case KQL_LONG:
        return integer_value(s, &v->i);
    case KQL_REAL:
        return real_value(s, &v->d);
    case KQL_DECIMAL:
        return decimal_value(s, &v->s);
    case KQL_DATETIME:
        return datetime_value(s, &v->i);
    case KQL_TIMESPAN:
        return timespan_value(s, &v->i);
    case KQL_GUID:
        return guid_value(p, s, &v->s);
    case KQL_STRING:
    case KQL_DYNAMIC:
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        break;
    }
    return false;
}

/* long(5), datetime(2020-01-01) … */
static struct syn *typed_literal(struct parser *p)
{
    uint32_t off = p_off(p);
    struct str t = p_text(p, 0);
    struct kql_value v = {0};
    size_t open = 0;
    CHECK(str_find(t, STR("("), &open));
    CHECK(kql_type_parse(str_trim(str_sub(t, 0, open)), &v.type));
    if (!typed_value(p, str_trim(str_sub(t, open + 1, t.n - open - 2)), &v)) {
        struct syn *e = p_error(p, "SYN0003",
                                v.type == KQL_DATETIME
                                    ? "write datetime(2026-01-31 12:00:00); to convert a value "
                                      "use todatetime()"
                                    : "to convert a value use the to…() function of that type",
                                "%.*s is not a %s constant", STR_ARG(t), kql_type_name(v.type));
        p->panic = false;
        p->at++;
        return e;
    }
    p->at++;
    struct syn *s = p_node(p, SYN_LITERAL, off, t, NULL);
    s->value = v;
    return s;
}

static struct syn *quoted_text(struct parser *p, uint32_t off, struct str value)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    json_escape(&b, value); /* JSON's escapes are all KQL's, too */
    return p_node(p, SYN_LITERAL, off, arena_str(p->a, sbuf_str(&b)), NULL);
}

/* One or more string tokens, joined. */
static struct syn *string_literal(struct parser *p)
{
    uint32_t off = p_off(p);
    struct str text = p_text(p, 0), value = lex_string(p->a, text);
    bool joined = p_tok(p, 1)->kind == TOK_STRING;
    p->at++;
    if (joined) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        sbuf_add(&b, value);
        for (; p_at_kind(p, TOK_STRING); p->at++)
            sbuf_add(&b, lex_string(p->a, p_text(p, 0)));
        value = arena_str(p->a, sbuf_str(&b));
    }
    struct syn *s = joined ? quoted_text(p, off, value) : p_node(p, SYN_LITERAL, off, text, NULL);
    s->value = (struct kql_value){.type = KQL_STRING, .s = value};
    return s;
}

static bool at_bool(const struct parser *p)
{
    return p_at(p, "true") || p_at(p, "false") || p_at(p, "True") || p_at(p, "False") ||
           p_at(p, "TRUE") || p_at(p, "FALSE");
}
static bool at_sign(const struct parser *p)
{
    enum tok_kind k = p_tok(p, 1)->kind;
    return (p_at(p, "-") || p_at(p, "+")) && (k == TOK_LONG || k == TOK_REAL || k == TOK_SPAN);
}

bool p_at_literal(const struct parser *p)
{
    enum tok_kind k = p_tok(p, 0)->kind;
    if (p->panic)
        return false;
    return k == TOK_STRING || k == TOK_LONG || k == TOK_REAL || k == TOK_SPAN || k == TOK_TYPED ||
           at_bool(p) || (p_at(p, "dynamic") && p_at_n(p, 1, "("));
}

/* A number or span; with a sign the text is joined without the blank that may stand between. */
static struct syn *number_literal(struct parser *p, bool sign)
{
    uint32_t off = p_off(p);
    struct str t = p_text(p, sign);
    enum tok_kind k = p_tok(p, sign)->kind;
    bool minus = p_at(p, "-"), ok;
    struct kql_value v = {.type = k == TOK_LONG   ? KQL_LONG
                                  : k == TOK_REAL ? KQL_REAL
                                                  : KQL_TIMESPAN};
    if (sign)
        t = arena_fmt(p->a, "%s%.*s", minus ? "-" : "", STR_ARG(t));
    if (k == TOK_LONG)
        ok = integer_value(t, &v.i);
    else if (k == TOK_REAL)
        ok = real_value(t, &v.d);
    else
        ok = timespan_value(t, &v.i);
    struct syn *e = NULL;
    if (!ok) {
        e = p_error(p, "SYN0003",
                    k == TOK_LONG
                        ? "the largest long is 9223372036854775807; use a real or a decimal"
                        : NULL,
                    "%.*s is out of range", STR_ARG(t));
        p->panic = false;
    }
    p->at += sign ? 2 : 1;
    if (e != NULL)
        return e;
    struct syn *s = p_node(p, SYN_LITERAL, off, t, NULL);
    s->value = v;
    return s;
}

struct syn *p_literal(struct parser *p, bool sign_allowed)
{
    if (sign_allowed && at_sign(p))
        return number_literal(p, true);
    if (!p_at_literal(p))
        return p_expected(p, "a constant",
                          p_at(p, "null") ? "nulls are typed: int(null), datetime(null) …" : NULL);
    if (p_at_kind(p, TOK_STRING))
        return string_literal(p);
    if (p_at_kind(p, TOK_TYPED))
        return typed_literal(p);
    if (p_at(p, "dynamic"))
        return p_dynamic(p);
    if (!at_bool(p))
        return number_literal(p, false);
    struct syn *s = p_node(p, SYN_LITERAL, p_off(p), p_text(p, 0), NULL);
    s->len = p_tok(p, 0)->len;
    s->value = (struct kql_value){.type = KQL_BOOL, .b = (s->text.p[0] | 32) == 't'};
    p->at++;
    return s;
}

/* ---- dynamic( … ) ---- */

static void dynamic_value(struct parser *p, struct json_out *w);

static void dynamic_array(struct parser *p, struct json_out *w)
{
    json_arr(w);
    while (!p->panic && !p_at(p, "]")) {
        dynamic_value(p, w);
        if (!p_accept(p, ","))
            break;
        if (p_at(p, "]"))
            p_missing(p, "a value after ','", NULL);
    }
    p_expect(p, "]", "or ',' in the array");
    json_arr_end(w);
}

static void dynamic_object(struct parser *p, struct json_out *w)
{
    json_obj(w);
    while (!p->panic && !p_at(p, "}")) {
        if (!p_at_kind(p, TOK_STRING)) {
            p_expected(p, "a property name in quotes", NULL);
            break;
        }
        json_key_str(w, lex_string(p->a, p_text(p, 0)));
        p->at++;
        p_expect(p, ":", "after the property's name");
        dynamic_value(p, w);
        if (!p_accept(p, ","))
            break;
        if (p_at(p, "}"))
            p_missing(p, "a property after ','", NULL);
    }
    p_expect(p, "}", "or ',' in the object");
    json_obj_end(w);
}

static void write_constant(struct json_out *w, const struct kql_value *v)
{
    char text[40];
    if (v->is_null) {
        json_null(w);
        return;
    }
    switch (v->type) {
    case KQL_BOOL:
        json_bool(w, v->b);
        return;
    case KQL_INT:
    case KQL_LONG:
        json_int(w, v->i);
        return;
    case KQL_REAL:
        json_real(w, v->d);
        return;
    case KQL_DATETIME:
        date_format(v->i, text);
        json_z(w, text);
        return;
    case KQL_TIMESPAN:
        span_format(v->i, text);
        json_z(w, text);
        return;
    case KQL_DECIMAL:
    case KQL_STRING:
    case KQL_GUID:
        json_str(w, v->s);
        return;
    case KQL_DYNAMIC:
        json_raw(w, v->s);
        return;
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        break;
    }
    UNREACHABLE();
}

static void dynamic_value(struct parser *p, struct json_out *w)
{
    if (w->depth >= 60) {
        p_error(p, "SYN0004", NULL, "the dynamic constant is nested more than 60 levels deep");
        json_null(w);
    } else if (p_accept(p, "[")) {
        dynamic_array(p, w);
    } else if (p_accept(p, "{")) {
        dynamic_object(p, w);
    } else if (p_accept(p, "null")) { /* NOLINT(bugprone-branch-clone): the order matters */
        json_null(w);
    } else if (p_enter(p)) {
        struct syn *s = p_literal(p, true);
        p_leave(p);
        if (s->kind == SYN_ERROR)
            json_null(w);
        else
            write_constant(w, &s->value);
    } else {
        json_null(w);
    }
}

struct syn *p_dynamic(struct parser *p)
{
    uint32_t off = p_off(p);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    p->at++;
    p_expect(p, "(", "after dynamic");
    dynamic_value(p, &w);
    if (!p_close(p, ")", "after the dynamic value"))
        return p_node(p, SYN_ERROR, off, STR_NONE, NULL);
    struct syn *s = p_node(p, SYN_DYNAMIC, off, arena_str(p->a, sbuf_str(&b)), NULL);
    s->value =
        (struct kql_value){.type = KQL_DYNAMIC, .s = s->text, .is_null = str_eqz(s->text, "null")};
    return s;
}
