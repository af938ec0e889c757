/* Text to tokens. Two rules need context, both local: a type's name before '(' swallows its
 * argument as text (datetime(2020-01-01)), and "1..5" is two numbers and a range, not two reals. */
#include "kql/lexer.h"
#include "base/clock.h"

#include <math.h>

struct lexer {
    struct str s;
    size_t i;
};
static const char bad_char[] = "this character has no meaning here";
static const char bad_text[] = "the string is not closed on its line";
static const char bad_multi[] = "the multi-line string is not closed";
static const char bad_escape[] = "unknown escape sequence in a string; write \\\\ or use @'…'";
static const char bad_paren[] = "the literal is not closed by ')'";
static const char bad_suffix[] = "a number has no type suffix in KQL";

static unsigned char peek(const struct lexer *l, size_t k)
{
    return l->i + k < l->s.n ? (unsigned char)l->s.p[l->i + k] : 0;
}
static bool digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}
static bool hex(unsigned char c)
{
    return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
static bool letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool ident_char(unsigned char c)
{
    return letter(c) || digit(c) || c >= 0x80;
}

/* Bytes of white space at the cursor; Unicode blanks count, they come with text pasted from web
 * pages. */
static size_t blank(const struct lexer *l)
{
    unsigned char c = peek(l, 0);
    if (c == ' ' || (c >= '\t' && c <= '\r'))
        return 1;
    if (c < 0x80)
        return 0;
    const char *p = l->s.p + l->i, *start = p;
    uint32_t cp = utf8_next(&p, l->s.p + l->s.n);
    bool is = cp == 0xA0 || cp == 0x1680 || cp == 0x180E || (cp >= 0x2000 && cp <= 0x200B) ||
              cp == 0x202F || cp == 0x205F || cp == 0x3000 || cp == 0xFEFF || cp == 0x2028 ||
              cp == 0x2029;
    return is ? (size_t)(p - start) : 0;
}

static void skip_space(struct lexer *l)
{
    for (;;) {
        size_t n = blank(l);
        if (n > 0) {
            l->i += n;
        } else if (peek(l, 0) == '/' && peek(l, 1) == '/') {
            while (l->i < l->s.n && l->s.p[l->i] != '\n')
                l->i++;
        } else {
            return;
        }
    }
}

static struct str from(const struct lexer *l, size_t start)
{
    return str_sub(l->s, start, l->i - start);
}

/* ---- strings ---- */

static bool lex_multi_line(struct lexer *l, const char *fence)
{
    size_t at;
    l->i += 3;
    if (!str_find(str_sub(l->s, l->i, l->s.n), str_from(fence), &at)) {
        l->i = l->s.n;
        return false;
    }
    l->i += at + 3;
    return true;
}

/* Length of the escape behind a backslash at p[0]; 0: unknown. */
static size_t escape_len(struct str s)
{
    unsigned char c = s.n > 1 ? (unsigned char)s.p[1] : 0;
    size_t digits = c == 'u' ? 4 : c == 'U' ? 8 : c == 'x' ? 2 : 0;
    if (digits > 0) {
        for (size_t k = 0; k < digits; k++)
            if (2 + k >= s.n || !hex((unsigned char)s.p[2 + k]))
                return 0;
        return 2 + digits;
    }
    if (c >= '0' && c <= '7') {
        size_t n = 2;
        while (n < 4 && n < s.n && s.p[n] >= '0' && s.p[n] <= '7')
            n++;
        return n;
    }
    return c != 0 && strchr("'\"\\abfnrtv", c) != NULL ? 2 : 0;
}

static void bad(struct tok *t, const char *why, size_t off, size_t len)
{
    t->kind = TOK_BAD;
    t->why = why;
    t->why_off = (uint32_t)off;
    t->why_len = (uint32_t)len;
}

static void lex_quoted(struct lexer *l, bool verbatim, struct tok *t)
{
    unsigned char q = peek(l, 0);
    l->i++;
    for (;;) {
        unsigned char c = peek(l, 0);
        if (l->i >= l->s.n || c == '\n' || c == '\r') {
            if (t->why == NULL)
                bad(t, bad_text, l->i, 0);
            return;
        }
        if (c == q && verbatim && peek(l, 1) == q) {
            l->i += 2;
        } else if (c == q) {
            l->i++;
            return;
        } else if (c == '\\' && !verbatim) {
            size_t n = escape_len(str_sub(l->s, l->i, l->s.n));
            if (n == 0 && t->why == NULL)
                bad(t, bad_escape, l->i, 1);
            l->i += n > 0 ? n : l->i + 1 < l->s.n && peek(l, 1) != '\n' ? 2 : 1;
        } else {
            l->i++;
        }
    }
}

static bool starts_string(const struct lexer *l)
{
    unsigned char c = peek(l, 0), d = peek(l, 1);
    size_t k = 0;
    if (c == 'h' || c == 'H') {
        k = 1;
        c = d;
        d = peek(l, 2);
    }
    if (c == '@')
        return d == '"' || d == '\'';
    if (c == '"' || c == '\'')
        return true;
    return (c == '`' || c == '~') && d == c && peek(l, k + 2) == c;
}

static struct tok lex_string_token(struct lexer *l)
{
    struct tok t = {.kind = TOK_STRING, .off = (uint32_t)l->i};
    if (peek(l, 0) == 'h' || peek(l, 0) == 'H')
        l->i++;
    bool verbatim = peek(l, 0) == '@';
    if (verbatim)
        l->i++;
    if (peek(l, 0) != '`' && peek(l, 0) != '~')
        lex_quoted(l, verbatim, &t);
    else if (!lex_multi_line(l, peek(l, 0) == '`' ? "```" : "~~~"))
        bad(&t, bad_multi, l->i, 0);
    t.len = (uint32_t)(l->i - t.off);
    return t;
}

/* Decodes the escape at p (a checked one) and says how many bytes it took. */
static size_t decode_escape(struct str s, char out[4], size_t *out_n)
{
    static const char from_c[] = "abfnrtv", to_c[] = "\a\b\f\n\r\t\v";
    size_t len = escape_len(s);
    unsigned char c = (unsigned char)s.p[1];
    uint32_t cp = 0;
    const char *simple = c != 0 ? strchr(from_c, c) : NULL;
    if (simple != NULL) {
        cp = (unsigned char)to_c[simple - from_c];
    } else if (c == 'u' || c == 'U' || c == 'x') {
        for (size_t k = 2; k < len; k++) {
            char d = s.p[k];
            cp = cp * 16 + (uint32_t)(d <= '9' ? d - '0' : (d | 32) - 'a' + 10);
        }
    } else if (c >= '0' && c <= '7') {
        for (size_t k = 1; k < len; k++)
            cp = cp * 8 + (uint32_t)(s.p[k] - '0');
    } else {
        cp = c;
    }
    *out_n = utf8_put(out, cp > 0x10FFFF ? 0xFFFD : cp);
    return len;
}

/* \uD83D\uDE00: two escapes, one character. */
static size_t decode_surrogates(struct str s, char out[4], size_t *out_n)
{
    uint32_t v[2] = {0, 0};
    if (s.n < 12 || s.p[1] != 'u' || s.p[6] != '\\' || s.p[7] != 'u')
        return 0;
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 4; k++) {
            char d = s.p[6 * i + 2 + k];
            if (!hex((unsigned char)d))
                return 0;
            v[i] = v[i] * 16 + (uint32_t)(d <= '9' ? d - '0' : (d | 32) - 'a' + 10);
        }
    if ((v[0] & 0xFC00) != 0xD800 || (v[1] & 0xFC00) != 0xDC00)
        return 0;
    *out_n = utf8_put(out, 0x10000 + ((v[0] & 0x3FF) << 10) + (v[1] & 0x3FF));
    return 12;
}

static struct str unescape(struct arena *a, struct str s)
{
    char *out = arena_array(a, char, s.n + 4); /* no escape is shorter than what it stands for */
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        char buf[4];
        size_t m = 1, used = 0;
        if (s.p[i] == '\\') {
            struct str rest = str_sub(s, i, s.n);
            used = decode_surrogates(rest, buf, &m);
            if (used == 0)
                used = decode_escape(rest, buf, &m);
        }
        if (used == 0) {
            buf[0] = s.p[i];
            used = 1;
            m = 1;
        }
        memcpy(out + n, buf, m);
        n += m;
        i += used;
    }
    return (struct str){out, n};
}

size_t lex_string_place(struct str t, size_t at)
{
    size_t i = t.n > 0 && (t.p[0] == 'h' || t.p[0] == 'H');
    if (t.n >= 6 + i && (t.p[i] == '`' || t.p[i] == '~'))
        return i + 3 + at < t.n ? i + 3 + at : t.n - 3;
    bool verbatim = i < t.n && t.p[i] == '@';
    i += verbatim;
    char q = i < t.n ? t.p[i] : '\0', buf[4];
    for (size_t n = 0, m; ++i + 1 < t.n && n < at; n += m) {
        struct str rest = str_sub(t, i, t.n - 1 - i);
        size_t used = 1;
        m = 1;
        if (verbatim)
            used = t.p[i] == q ? 2 : 1;
        else if (t.p[i] == '\\' && (used = decode_surrogates(rest, buf, &m)) == 0)
            used = decode_escape(rest, buf, &m);
        i += used - 1;
    }
    return i;
}

struct str lex_string(struct arena *a, struct str t)
{
    if (t.n > 0 && (t.p[0] == 'h' || t.p[0] == 'H'))
        t = str_sub(t, 1, t.n);
    if (t.n >= 6 && (t.p[0] == '`' || t.p[0] == '~'))
        return str_sub(t, 3, t.n - 6);
    bool verbatim = t.n > 0 && t.p[0] == '@';
    if (verbatim)
        t = str_sub(t, 1, t.n);
    CHECK(t.n >= 2);
    char q = t.p[0];
    struct str body = str_sub(t, 1, t.n - 2);
    if (!verbatim)
        return memchr(body.p, '\\', body.n) == NULL ? body : unescape(a, body);
    if (memchr(body.p, q, body.n) == NULL)
        return body;
    char *out = arena_array(a, char, body.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < body.n; i++) {
        out[n++] = body.p[i];
        if (body.p[i] == q)
            i++;
    }
    return (struct str){out, n};
}

/* ---- numbers ---- */

static const struct unit {
    const char *name;
    double ticks;
} units[] = {
    {"d", 864e9},         {"day", 864e9},        {"days", 864e9},      {"h", 36e9},
    {"hr", 36e9},         {"hrs", 36e9},         {"hour", 36e9},       {"hours", 36e9},
    {"m", 6e8},           {"min", 6e8},          {"minute", 6e8},      {"minutes", 6e8},
    {"s", 1e7},           {"sec", 1e7},          {"second", 1e7},      {"seconds", 1e7},
    {"ms", 1e4},          {"milli", 1e4},        {"millis", 1e4},      {"millisec", 1e4},
    {"millisecond", 1e4}, {"milliseconds", 1e4}, {"micro", 10},        {"micros", 10},
    {"microsec", 10},     {"microsecond", 10},   {"microseconds", 10}, {"nano", 0.01},
    {"nanos", 0.01},      {"nanosec", 0.01},     {"nanosecond", 0.01}, {"nanoseconds", 0.01},
    {"tick", 1},          {"ticks", 1},
};
static const struct unit *find_unit(struct str name)
{
    for (size_t i = 0; i < COUNTOF(units); i++)
        if (str_eqz(name, units[i].name))
            return &units[i];
    return NULL;
}

bool lex_span(struct str s, int64_t *out_ticks)
{
    size_t n = 0;
    while (n < s.n && (digit((unsigned char)s.p[n]) || s.p[n] == '.'))
        n++;
    const struct unit *u = find_unit(str_sub(s, n, s.n));
    double whole;
    int64_t i;
    if (u == NULL || !str_to_f64(str_sub(s, 0, n), &whole))
        return false;
    if (str_to_i64(str_sub(s, 0, n), &i) && u->ticks >= 1) /* exact where a double would not be */
        return !__builtin_mul_overflow(i, (int64_t)u->ticks, out_ticks);
    double t = round(whole * u->ticks);
    if (!(fabs(t) < 9.2233720368547e18))
        return false;
    *out_ticks = (int64_t)t;
    return true;
}

static void skip_digits(struct lexer *l)
{
    while (digit(peek(l, 0)))
        l->i++;
}

/* The letters behind a number: a unit makes a span; anything else makes the whole a name (3Dchart).
 */
static struct tok number_suffix(struct lexer *l, struct tok t)
{
    size_t start = l->i;
    while (ident_char(peek(l, 0)) && blank(l) == 0)
        l->i++;
    struct str suffix = from(l, start);
    if (find_unit(suffix) != NULL) {
        t.kind = TOK_SPAN;
    } else if (t.kind == TOK_LONG && !(suffix.n == 1 && strchr("lLuUfFwW", suffix.p[0]) != NULL)) {
        t.kind = TOK_IDENT;
    } else {
        bad(&t, bad_suffix, t.off, l->i - t.off);
    }
    return t;
}

static struct tok lex_number(struct lexer *l)
{
    struct tok t = {.kind = TOK_LONG, .off = (uint32_t)l->i};
    if (peek(l, 0) == '0' && (peek(l, 1) | 32) == 'x' && hex(peek(l, 2))) {
        l->i += 2;
        while (hex(peek(l, 0)))
            l->i++;
    } else {
        skip_digits(l);
        if (peek(l, 0) == '.' && peek(l, 1) != '.' && !letter(peek(l, 1))) {
            t.kind = TOK_REAL;
            l->i++;
            skip_digits(l);
        }
        size_t sign = peek(l, 1) == '+' || peek(l, 1) == '-';
        if ((peek(l, 0) | 32) == 'e' && digit(peek(l, 1 + sign))) {
            t.kind = TOK_REAL;
            l->i += 1 + sign;
            skip_digits(l);
        }
    }
    if (ident_char(peek(l, 0)) && blank(l) == 0)
        t = number_suffix(l, t);
    t.len = (uint32_t)(l->i - t.off);
    return t;
}

/* ---- names and signs ---- */

static const char *const typed[] = {"bool",     "boolean", "int",     "int32",    "long", "int64",
                                    "real",     "double",  "decimal", "datetime", "date", "time",
                                    "timespan", "guid",    "uuid",    "uniqueid"};

static bool is_typed(struct str name)
{
    for (size_t i = 0; i < COUNTOF(typed); i++)
        if (str_eqz(name, typed[i]))
            return true;
    return false;
}

static struct tok lex_typed(struct lexer *l, struct tok t)
{
    size_t mark = l->i;
    skip_space(l);
    if (peek(l, 0) != '(') {
        l->i = mark;
        return t;
    }
    t.kind = TOK_TYPED;
    while (l->i < l->s.n && l->s.p[l->i] != ')')
        l->i++;
    if (l->i >= l->s.n) {
        l->i = mark + 1; /* go on behind the parenthesis: the rest may hold more to report */
        size_t end = l->i;
        while (end < l->s.n && l->s.p[end] != '\n' && l->s.p[end] != '\r' && l->s.p[end] != '|')
            end++;
        while (end > l->i && l->s.p[end - 1] == ' ')
            end--;
        bad(&t, bad_paren, end, 0);
    } else {
        l->i++;
    }
    return t;
}

static struct tok lex_name(struct lexer *l)
{
    struct tok t = {.kind = TOK_IDENT, .off = (uint32_t)l->i};
    l->i++;
    while (ident_char(peek(l, 0)) && blank(l) == 0)
        l->i++;
    struct str name = from(l, t.off);
    if (str_eqz(name, "in") && peek(l, 0) == '~' && peek(l, 1) != '~') {
        t.kind = TOK_PUNCT;
        l->i++;
    } else if (is_typed(name)) {
        t = lex_typed(l, t);
    }
    t.len = (uint32_t)(l->i - t.off);
    return t;
}

static struct tok lex_punct(struct lexer *l)
{
    static const char *const two[] = {"==", "=~", "=>", "!=", "!~", "<=", ">=", "<>", ".."};
    struct tok t = {.kind = TOK_PUNCT, .off = (uint32_t)l->i, .len = 1};
    unsigned char c = peek(l, 0);
    if (c == '!' && letter(peek(l, 1))) {
        l->i++;
        while (letter(peek(l, 0)))
            l->i++;
        if (str_eqz(from(l, t.off), "!in") && peek(l, 0) == '~')
            l->i++;
        t.len = (uint32_t)(l->i - t.off);
        return t;
    }
    for (size_t i = 0; i < COUNTOF(two); i++)
        if (c == (unsigned char)two[i][0] && peek(l, 1) == (unsigned char)two[i][1])
            t.len = 2;
    if (c == 0 || strchr("*@|}])-,:.=!><%+?;/{[(", c) == NULL) {
        bad(&t, bad_char, t.off, t.len);
    }
    l->i += t.len;
    return t;
}

static struct tok next(struct lexer *l)
{
    skip_space(l);
    unsigned char c = peek(l, 0);
    if (l->i >= l->s.n)
        return (struct tok){.kind = TOK_EOF, .off = (uint32_t)l->s.n};
    if (starts_string(l))
        return lex_string_token(l);
    if (digit(c))
        return lex_number(l);
    if (letter(c) || c == '$' || c >= 0x80)
        return lex_name(l);
    return lex_punct(l);
}

struct tok *lex_all(struct arena *a, struct str text, size_t *out_n)
{
    struct lexer l = {.s = text};
    VEC(struct tok) v = {0};
    for (;;) {
        struct tok t = next(&l);
        VEC_PUSH(a, &v, t);
        if (t.kind == TOK_EOF)
            break;
    }
    *out_n = v.n;
    return v.p;
}

bool lex_is_ident(struct str s)
{
    struct lexer l = {.s = s};
    if (s.n == 0 || is_typed(s))
        return s.n > 0;
    struct tok t = next(&l);
    return t.kind == TOK_IDENT && t.off == 0 && t.len == s.n;
}
