/* Regular expressions: the tree as a pattern of PCRE2. PCRE2 is told everything by the pattern and
 * runs without UCP: \w, \d, \s and \b are ASCII's there, and Unicode's are spelled out. */
#include "text/rx_priv.h"

struct emitter {
    struct sbuf *b;
    bool ascii; /* the pattern for ASCII text */
    bool i, s;  /* PCRE2's flags where we are */
};

/* ---- characters ---- */
static void flags(struct emitter *e, bool i, bool s)
{
    if (i == e->i && s == e->s)
        return;
    const char *on = i && !e->i ? (s && !e->s ? "is" : "i") : (s && !e->s ? "s" : "");
    const char *off = !i && e->i ? (!s && e->s ? "-is" : "-i") : (!s && e->s ? "-s" : "");
    sbuf_addf(e->b, "(?%s%s)", on, off);
    e->i = i;
    e->s = s;
}

static void put_char(struct emitter *e, uint32_t cp)
{
    char u[4];
    bool letter = (cp | 0x20) >= 'a' && (cp | 0x20) <= 'z', digit = cp >= '0' && cp <= '9';
    if (cp >= 0x80) {
        sbuf_addmem(e->b, u, utf8_put(u, cp));
    } else if (letter || digit) {
        sbuf_addc(e->b, (char)cp);
    } else if (cp <= ' ' || cp == 0x7F) {
        sbuf_addf(e->b, "\\x{%x}", (unsigned)cp);
    } else {
        sbuf_addc(e->b, '\\');
        sbuf_addc(e->b, (char)cp);
    }
}

/* Matches no character. */
static void put_nothing(struct emitter *e)
{
    sbuf_addz(e->b, e->ascii ? "[^\\x{0}-\\x{ff}]" : "[^\\x{0}-\\x{10ffff}]");
}

static void put_ranges(struct emitter *e, const struct rx_bits *b)
{
    size_t n = 0;
    for (size_t c = 0; c < 128; c++)
        n += rx_bit(b, c);
    bool inverse = e->ascii && n > 64 && n < 128;
    if (n == 0) {
        put_nothing(e);
        return;
    }
    sbuf_addz(e->b, inverse ? "[^" : "[");
    for (uint32_t c = 0; c < 128; c++) {
        uint32_t to = c;
        if (rx_bit(b, c) == inverse)
            continue;
        while (to + 1 < 128 && rx_bit(b, to + 1) != inverse)
            to++;
        put_char(e, c);
        if (to > c + 1)
            sbuf_addc(e->b, '-');
        if (to > c)
            put_char(e, to);
        c = to;
    }
    sbuf_addc(e->b, ']');
}

static void put_bits(struct emitter *e, const struct rx_bits *in)
{
    static const struct {
        char letter;
        const char *is, *is_not;
    } known[] = {{'w', "\\w", "\\W"}, {'d', "\\d", "\\D"}, {'s', "\\s", "\\S"}};
    struct rx_bits b = *in;
    const char *text = NULL;
    b.w[2] = 0;
    for (size_t k = 0; k < COUNTOF(known); k++) {
        struct rx_set perl = {.kind = SET_PERL, .perl = known[k].letter};
        struct rx_bits w = rx_set_bits(&perl, 0);
        if (w.w[0] == b.w[0] && w.w[1] == b.w[1])
            text = known[k].is;
        if (w.w[0] == ~b.w[0] && w.w[1] == ~b.w[1] && e->ascii)
            text = known[k].is_not;
    }
    if (text != NULL) {
        sbuf_addz(e->b, text);
        return;
    }
    put_ranges(e, &b);
}

/* ---- sets for other text ---- */
static bool is_perl(const struct rx_set *s, const char *of)
{
    return s->kind == SET_PERL && strchr(of, s->perl) != NULL;
}

/* Whether it is a list of members of one class in brackets. */
static bool is_plain(const struct rx_set *s)
{
    if (s->kind == SET_UNION) {
        for (const struct rx_set *k = s->a; k != NULL; k = k->next)
            if (!is_plain(k))
                return false;
        return s->a != NULL;
    }
    if (s->kind == SET_NOT)
        return is_perl(s->a, "ds") || (s->a->kind == SET_PROP && *s->a->extra == '\0');
    return s->kind == SET_RANGE || s->kind == SET_PERL || s->kind == SET_PROP;
}

static void put_range(struct emitter *e, uint32_t lo, uint32_t hi)
{
    put_char(e, lo);
    if (hi == lo)
        return;
    sbuf_addc(e->b, '-');
    put_char(e, hi);
}

static void put_members(struct emitter *e, const struct rx_set *s)
{
    const char *p = "p";
    if (s->kind == SET_UNION) {
        for (const struct rx_set *k = s->a; k != NULL; k = k->next)
            put_members(e, k);
        return;
    }
    if (s->kind == SET_NOT) {
        s = s->a;
        p = "P";
    }
    if (s->kind == SET_RANGE)
        put_range(e, s->lo, s->hi);
    else if (s->kind == SET_PROP)
        sbuf_addf(e->b, "\\%s{%s}%s", p, s->prop, s->extra);
    else if (s->perl == 'w')
        sbuf_addz(e->b, RX_WORD_ITEMS);
    else if (s->perl == 'd')
        sbuf_addf(e->b, "%s\\%s{Nd}", *p == 'p' ? "0-9" : "", p);
    else
        sbuf_addf(e->b, "\\%s{White_Space}", p);
}

/* [\w\W] and the like: everything. */
static bool is_all(const struct rx_set *s)
{
    for (const struct rx_set *k = s->kind == SET_UNION ? s->a : NULL; k != NULL; k = k->next)
        for (const struct rx_set *l = s->a; k->kind == SET_PERL && l != NULL; l = l->next)
            if (l->kind == SET_NOT && l->a->kind == SET_PERL && l->a->perl == k->perl)
                return true;
    return false;
}

static void put_set(struct emitter *e, const struct rx_set *s, bool negated);

/* A union that is no list: those members that are, and one branch for each that is not. */
static void put_branches(struct emitter *e, const struct rx_set *s)
{
    const char *before = "(?:";
    bool plain = false;
    for (const struct rx_set *k = s->a; k != NULL; k = k->next)
        plain = plain || is_plain(k);
    if (plain) {
        sbuf_addz(e->b, "(?:[");
        for (const struct rx_set *k = s->a; k != NULL; k = k->next)
            if (is_plain(k))
                put_members(e, k);
        sbuf_addz(e->b, "]");
        before = "|";
    }
    for (const struct rx_set *k = s->a; k != NULL; k = k->next) {
        if (is_plain(k))
            continue;
        sbuf_addz(e->b, before);
        put_set(e, k, false);
        before = "|";
    }
    if (s->a == NULL)
        put_nothing(e);
    else
        sbuf_addc(e->b, ')');
}

/* "a, if b stands here" or "a, if b does not". */
static void put_pair(struct emitter *e, const char *look, const struct rx_set *b,
                     const struct rx_set *a)
{
    sbuf_addz(e->b, look);
    put_set(e, b, false);
    sbuf_addc(e->b, ')');
    put_set(e, a, false);
}

static void put_positive(struct emitter *e, const struct rx_set *s)
{
    if (s->kind == SET_UNION) {
        if (s->a != NULL && s->a->next == NULL)
            put_set(e, s->a, false);
        else
            put_branches(e, s);
        return;
    }
    sbuf_addz(e->b, "(?:");
    put_pair(e, s->kind == SET_AND ? "(?=" : "(?!", s->b, s->a);
    if (s->kind == SET_XOR) {
        sbuf_addz(e->b, "|");
        put_pair(e, "(?!", s->a, s->b);
    }
    sbuf_addc(e->b, ')');
}

static void put_set(struct emitter *e, const struct rx_set *s, bool negated)
{
    if (e->b->failed)
        return;
    if (is_plain(s)) {
        sbuf_addz(e->b, negated ? "[^" : "[");
        put_members(e, s);
        sbuf_addc(e->b, ']');
    } else if (s->kind == SET_NOT) {
        put_set(e, s->a, !negated);
    } else if (is_all(s)) {
        sbuf_addz(e->b, negated ? "[^\\x{0}-\\x{10ffff}]" : "[\\x{0}-\\x{10ffff}]");
    } else if (negated && s->kind == SET_UNION && s->a != NULL && s->a->next == NULL) {
        put_set(e, s->a, true);
    } else if (negated) {
        sbuf_addz(e->b, "(?:(?!");
        put_positive(e, s);
        sbuf_addz(e->b, ")[\\x{0}-\\x{10ffff}])");
    } else {
        put_positive(e, s);
    }
}

static void put_class(struct emitter *e, const struct rx_node *n)
{
    struct rx_bits b;
    bool unicode = (n->flags & RX_UNICODE) != 0;
    if (e->ascii || !unicode) {
        b = rx_set_bits(n->set, n->flags);
        flags(e, e->i && e->ascii, e->s);
        put_bits(e, &b);
        return;
    }
    flags(e, (n->flags & RX_I) != 0, e->s);
    put_set(e, n->set, false);
}

static void put_literal(struct emitter *e, const struct rx_node *n)
{
    uint32_t cp = n->cp, lower = cp | 0x20;
    bool i = (n->flags & RX_I) != 0, unicode = (n->flags & RX_UNICODE) != 0;
    bool letter = cp < 128 && lower >= 'a' && lower <= 'z';
    if (e->ascii && i && unicode && (cp == 0x17F || cp == 0x212A)) {
        cp = cp == 0x17F ? 's' : 'k';
        letter = true;
    }
    if (e->ascii && cp >= 0x80) {
        put_nothing(e);
    } else if (letter && i && !unicode && !e->ascii) {
        flags(e, false, e->s);
        sbuf_addf(e->b, "[%c%c]", (char)lower, (char)(lower - 0x20));
    } else {
        if (letter || cp >= 0x80)
            flags(e, i && (unicode || e->ascii), e->s);
        put_char(e, cp);
    }
}

/* ---- assertions ---- */
#define U "[" RX_WORD_ITEMS "]"
static const struct {
    const char *text, *unicode; /* the second: with Unicode's words */
} looks[] = {
    [LOOK_START] = {"\\A", NULL},
    [LOOK_END] = {"\\z", NULL},
    [LOOK_START_LINE] = {"(?m:^)", NULL},
    [LOOK_END_LINE] = {"(?m:$)", NULL},
    [LOOK_START_CRLF] = {"(?:\\A|(?<=\\n)|(?<=\\r)(?!\\n))", NULL},
    [LOOK_END_CRLF] = {"(?:\\z|(?=\\r)|(?<!\\r)(?=\\n))", NULL},
    [LOOK_WORD] = {"\\b", "(?:(?<!" U ")(?=" U ")|(?<=" U ")(?!" U "))"},
    [LOOK_NOT_WORD] = {"\\B", "(?:(?<=" U ")(?=" U ")|(?<!" U ")(?!" U "))"},
    [LOOK_WORD_START] = {"\\b(?=\\w)", "(?<!" U ")(?=" U ")"},
    [LOOK_WORD_END] = {"\\b(?<=\\w)", "(?<=" U ")(?!" U ")"},
    [LOOK_WORD_START_HALF] = {"(?<!\\w)", "(?<!" U ")"},
    [LOOK_WORD_END_HALF] = {"(?!\\w)", "(?!" U ")"},
};
#undef U

static void put_look(struct emitter *e, const struct rx_node *n)
{
    bool unicode = !e->ascii && (n->flags & RX_UNICODE) && looks[n->look].unicode != NULL;
    sbuf_addz(e->b, unicode ? looks[n->look].unicode : looks[n->look].text);
}

static void put_dot(struct emitter *e, const struct rx_node *n)
{
    bool all = (n->flags & RX_S) != 0;
    if (!all && (n->flags & RX_CRLF)) {
        sbuf_addz(e->b, "[^\\r\\n]");
        return;
    }
    flags(e, e->i, all);
    sbuf_addc(e->b, '.');
}

/* ---- groups and repetitions ---- */
static void put_node(struct emitter *e, const struct rx_node *n);

static void put_group(struct emitter *e, const struct rx_node *n)
{
    bool i = e->i, s = e->s;
    sbuf_addz(e->b, n->group > 0 ? "(" : "(?:");
    put_node(e, n->kids);
    sbuf_addc(e->b, ')');
    e->i = i;
    e->s = s;
}

/* As something that a repetition may stand behind. */
static void put_atom(struct emitter *e, const struct rx_node *n)
{
    bool i = e->i, s = e->s;
    if (n->kind == RX_GROUP || n->kind == RX_CHAR || n->kind == RX_DOT || n->kind == RX_CLASS) {
        put_node(e, n);
        return;
    }
    sbuf_addz(e->b, "(?:");
    put_node(e, n);
    sbuf_addc(e->b, ')');
    e->i = i;
    e->s = s;
}

static void put_counts(struct emitter *e, uint32_t min, uint32_t max, bool lazy)
{
    if (min == 0 && max == RX_NO_MAX)
        sbuf_addc(e->b, '*');
    else if (min == 1 && max == RX_NO_MAX)
        sbuf_addc(e->b, '+');
    else if (min == 0 && max == 1)
        sbuf_addc(e->b, '?');
    else if (min == max)
        sbuf_addf(e->b, "{%u}", min);
    else if (max == RX_NO_MAX)
        sbuf_addf(e->b, "{%u,}", min);
    else
        sbuf_addf(e->b, "{%u,%u}", min, max);
    if (lazy && min != max)
        sbuf_addc(e->b, '?');
}

static void put_repeat(struct emitter *e, const struct rx_node *n)
{
    uint32_t min = n->min, max = n->max;
    const struct rx_node *sub = n->kids;
    if (sub->empty && max > 1) {
        min = min > 0;
        max = 1;
    }
    put_atom(e, sub);
    if (min != 1 || max != 1)
        put_counts(e, min, max, n->lazy);
}

static void put_kids(struct emitter *e, const struct rx_node *n)
{
    for (const struct rx_node *k = n->kids; k != NULL; k = k->next) {
        put_node(e, k);
        if (n->kind == RX_ALT && k->next != NULL)
            sbuf_addc(e->b, '|');
    }
}

static void put_node(struct emitter *e, const struct rx_node *n)
{
    if (e->b->failed)
        return;
    switch (n->kind) {
    case RX_EMPTY:
        return;
    case RX_CHAR:
        put_literal(e, n);
        return;
    case RX_DOT:
        put_dot(e, n);
        return;
    case RX_CLASS:
        put_class(e, n);
        return;
    case RX_LOOK:
        put_look(e, n);
        return;
    case RX_REPEAT:
        put_repeat(e, n);
        return;
    case RX_GROUP:
        put_group(e, n);
        return;
    case RX_CONCAT:
    case RX_ALT:
        put_kids(e, n);
        return;
    }
    UNREACHABLE();
}

bool rx_emit(struct arena *a, const struct rx_tree *t, bool ascii, enum rx_where where,
             struct str *out, struct err *err)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(RX_MAX_PROGRAM);
    struct emitter e = {.b = &b, .ascii = ascii};
    sbuf_addz(&b, where == RX_AT_START ? "\\A(?:" : where == RX_AT_END ? "(?:" : "");
    put_node(&e, t->root);
    sbuf_addz(&b, where == RX_AT_START ? ")" : where == RX_AT_END ? ")\\z" : "");
    if (!sbuf_ok(&b))
        return err_set(err, ERR_LIMIT, "the pattern is too large");
    *out = arena_str(a, sbuf_str(&b));
    return true;
}

struct str rx_emit_one(struct arena *a, const struct rx_node *n)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(RX_MAX_PROGRAM);
    struct emitter e = {.b = &b};
    put_node(&e, n);
    return arena_str(a, sbuf_str(&b));
}
