/* Regular expressions: escapes and classes in brackets with their set operations. */
#include "text/rx_priv.h"

/* ---- sets ---- */
struct rx_set *rx_set_new(struct rx_parser *p, enum rx_set_kind kind)
{
    struct rx_set *s = arena_new_of(p->a, struct rx_set);
    s->kind = kind;
    return s;
}

struct rx_set *rx_set_range(struct rx_parser *p, uint32_t lo, uint32_t hi)
{
    struct rx_set *s = rx_set_new(p, SET_RANGE);
    s->lo = lo;
    s->hi = hi;
    return s;
}

struct rx_set *rx_set_not(struct rx_parser *p, struct rx_set *a)
{
    struct rx_set *s = rx_set_new(p, SET_NOT);
    s->a = a;
    return s;
}

bool rx_set_allowed(struct rx_parser *p, const struct rx_set *s, size_t from)
{
    if (p->flags & RX_UNICODE)
        return true;
    struct rx_bits b = rx_set_bits(s, p->flags);
    return !rx_bit(&b, RX_BIT_OTHER) ||
           rx_fail(p, from, p->at, "a class without the flag u could match half a character");
}

static struct rx_bits bits_not(struct rx_bits b)
{
    for (size_t i = 0; i < COUNTOF(b.w); i++)
        b.w[i] = ~b.w[i];
    b.w[2] &= ((uint64_t)1 << (RX_N_BITS - 128)) - 1;
    return b;
}

static struct rx_bits bits_op(enum rx_set_kind op, struct rx_bits a, struct rx_bits b)
{
    for (size_t i = 0; i < COUNTOF(a.w); i++)
        a.w[i] = op == SET_AND     ? a.w[i] & b.w[i]
                 : op == SET_MINUS ? a.w[i] & ~b.w[i]
                 : op == SET_XOR   ? a.w[i] ^ b.w[i]
                                   : a.w[i] | b.w[i];
    return a;
}

static struct rx_bits bits_perl(char perl, bool unicode)
{
    struct rx_bits b = {0};
    for (size_t c = 0; c < 128; c++) {
        bool digit = c >= '0' && c <= '9', lower = c >= 'a' && c <= 'z',
             upper = c >= 'A' && c <= 'Z';
        bool in = perl == 'd'   ? digit
                  : perl == 's' ? c == ' ' || (c >= '\t' && c <= '\r')
                                : digit || lower || upper || c == '_';
        if (in)
            rx_bit_set(&b, c);
    }
    if (perl == 'w' && unicode) {
        rx_bit_set(&b, RX_BIT_LONG_S);
        rx_bit_set(&b, RX_BIT_KELVIN);
    }
    return b;
}

static struct rx_bits bits_range(uint32_t lo, uint32_t hi)
{
    struct rx_bits b = {0};
    for (uint32_t c = lo; c <= hi && c < 128; c++)
        rx_bit_set(&b, c);
    if (lo <= 0x17F && hi >= 0x17F)
        rx_bit_set(&b, RX_BIT_LONG_S);
    if (lo <= 0x212A && hi >= 0x212A)
        rx_bit_set(&b, RX_BIT_KELVIN);
    return b;
}

/* U+017F folds to s, the Kelvin sign to k: no others fold to ASCII. */
static struct rx_bits bits_fold(struct rx_bits b, uint8_t flags)
{
    if (!(flags & RX_I))
        return b;
    for (size_t lower = 'a'; lower <= 'z'; lower++) {
        size_t upper = lower - 'a' + 'A', third = lower;
        if (flags & RX_UNICODE)
            third = lower == 's' ? RX_BIT_LONG_S : lower == 'k' ? RX_BIT_KELVIN : lower;
        if (rx_bit(&b, lower) || rx_bit(&b, upper) || rx_bit(&b, third)) {
            rx_bit_set(&b, lower);
            rx_bit_set(&b, upper);
            rx_bit_set(&b, third);
        }
    }
    return b;
}

struct rx_bits rx_set_bits(const struct rx_set *s, uint8_t flags)
{
    struct rx_bits b = {0};
    switch (s->kind) {
    case SET_RANGE:
        return bits_fold(bits_range(s->lo, s->hi), flags);
    case SET_PERL:
        return bits_perl(s->perl, (flags & RX_UNICODE) != 0);
    case SET_PROP:
        return bits_fold(s->bits, flags);
    case SET_UNION:
        for (const struct rx_set *k = s->a; k != NULL; k = k->next)
            b = bits_op(SET_UNION, b, rx_set_bits(k, flags));
        return b;
    case SET_NOT:
        return bits_not(rx_set_bits(s->a, flags));
    case SET_AND:
    case SET_MINUS:
    case SET_XOR:
        return bits_op(s->kind, rx_set_bits(s->a, flags), rx_set_bits(s->b, flags));
    }
    UNREACHABLE();
}

/* ---- escapes ---- */
static bool hex_digit(uint32_t c, uint32_t *out)
{
    uint32_t lower = c | 0x20;
    *out = c >= '0' && c <= '9' ? c - '0' : lower - 'a' + 10;
    return (c >= '0' && c <= '9') || (c < 128 && lower >= 'a' && lower <= 'f');
}

/* \x7F, \u007F, \U0000007F and all three with braces; p is at the letter. */
static bool hex_escape(struct rx_parser *p, size_t from, struct rx_item *out)
{
    uint32_t letter = rx_peek(p), cp = 0, digit;
    size_t want = letter == 'x' ? 2 : letter == 'u' ? 4 : 8, n = 0;
    rx_bump_blanks(p);
    bool braces = rx_peek(p) == '{';
    if (braces)
        rx_bump_blanks(p);
    for (; braces ? rx_peek(p) != '}' : n < want; n++) {
        if (rx_end(p))
            return rx_fail(p, from, p->at, "a hexadecimal escape is cut off");
        if (!hex_digit(rx_peek(p), &digit))
            return rx_fail(p, p->at, rx_after(p, p->at), "no hexadecimal digit in an escape");
        cp = cp > 0x10FFFF ? cp : cp << 4 | digit;
        rx_bump_blanks(p);
    }
    if (n == 0)
        return rx_fail(p, from, p->at, "a hexadecimal escape has no digits");
    if (braces)
        rx_bump_blanks(p);
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        return rx_fail(p, from, p->at, "a hexadecimal escape that names no character");
    if (!(p->flags & RX_UNICODE) && letter == 'x' && !braces && cp > 0x7F)
        return rx_fail(p, from, p->at, "an escape without the flag u could match half a character");
    out->cp = cp;
    return true;
}

/* \12 and \123; outside of a class one digit alone would be a back-reference elsewhere. p is at the
 * digit. */
static bool octal_escape(struct rx_parser *p, size_t from, struct rx_item *out)
{
    size_t n = 0;
    for (; n < 3 && rx_peek(p) >= '0' && rx_peek(p) <= '7'; n++) {
        out->cp = out->cp * 8 + (rx_peek(p) - '0');
        rx_bump(p);
    }
    if (n > 1 || (n == 1 && (out->cp == 0 || p->in_class)))
        return true;
    return rx_fail(p, from, from + 2,
                   "back-references (\\1) are not part of the language; the character of that "
                   "number is \\x01");
}

/* \pL, \p{Greek}, \P…; p is at the letter. */
static bool property_escape(struct rx_parser *p, size_t from, struct rx_item *out)
{
    bool negated = rx_peek(p) == 'P', unequal;
    AUTO(sbuf_fini) struct sbuf name = sbuf_make(2 * RX_MAX_PATTERN);
    char u[4];
    rx_bump_blanks(p);
    if (rx_end(p))
        return rx_fail(p, from, p->at, "'\\p' has no name of a property");
    if (rx_peek(p) == '{') {
        for (rx_bump_blanks(p); rx_peek(p) != '}'; rx_bump_blanks(p)) {
            if (rx_end(p))
                return rx_fail(p, from, p->at, "'\\p{' is closed by no '}'");
            sbuf_addmem(&name, u, utf8_put(u, rx_peek(p)));
        }
        rx_bump(p);
    } else {
        if (rx_peek(p) == '\\')
            return rx_fail(p, from, p->at, "'\\p' has no name of a property");
        sbuf_addmem(&name, u, utf8_put(u, rx_peek(p)));
        rx_bump_blanks(p);
    }
    size_t at;
    struct str s = sbuf_str(&name);
    unequal = str_find(s, STR("!="), &at);
    if (!(p->flags & RX_UNICODE))
        return rx_fail(p, from, p->at, "Unicode properties need the flag u");
    if (unequal)
        s = arena_fmt(p->a, "%.*s=%.*s", (int)at, s.p, (int)(s.n - at - 2), s.p + at + 2);
    out->kind = ITEM_SET;
    if (!rx_property(p, s, from, &out->set))
        return false;
    if (negated != unequal)
        out->set = rx_set_not(p, out->set);
    return true;
}

/* \d … \W; p is at the letter. */
static bool perl_escape(struct rx_parser *p, size_t from, struct rx_item *out)
{
    char c = (char)rx_peek(p);
    out->kind = ITEM_SET;
    out->set = rx_set_new(p, SET_PERL);
    out->set->perl = (char)(c | 0x20);
    rx_bump(p);
    if (out->set->perl != c)
        out->set = rx_set_not(p, out->set);
    return rx_set_allowed(p, out->set, from);
}

/* What may stand in the braces behind \b; p is at the '{'. A repetition is left where it is. */
static bool special_boundary(struct rx_parser *p, size_t from, struct rx_item *out)
{
    static const struct {
        const char *name;
        enum rx_look look;
    } names[] = {{"start", LOOK_WORD_START},
                 {"end", LOOK_WORD_END},
                 {"start-half", LOOK_WORD_START_HALF},
                 {"end-half", LOOK_WORD_END_HALF}};
    char name[16];
    size_t n = 0, brace = p->at;
    rx_bump_blanks(p);
    if (rx_end(p))
        return rx_fail(p, from, p->at, "'\\b{' is closed by no '}'");
    for (;; rx_bump_blanks(p)) {
        uint32_t c = rx_peek(p);
        if (c != '-' && !(c < 128 && (c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
            break;
        if (n < sizeof(name) - 1)
            name[n] = (char)c;
        n++;
    }
    if (n == 0) {
        p->at = brace;
        return true;
    }
    if (rx_peek(p) != '}')
        return rx_fail(p, from, p->at, "'\\b{' is closed by no '}'");
    rx_bump(p);
    for (size_t i = 0; i < COUNTOF(names) && n < sizeof(name); i++)
        if (str_eqz((struct str){name, n}, names[i].name)) {
            out->look = names[i].look;
            return true;
        }
    return rx_fail(p, from, p->at,
                   "no word boundary: they are \\b{start}, \\b{end}, \\b{start-half} and "
                   "\\b{end-half}");
}

static const struct {
    char c;
    enum rx_item_kind kind;
    uint32_t cp;
    enum rx_look look;
} letters[] = {
    {.c = 'a', .cp = 7},
    {.c = 'f', .cp = '\f'},
    {.c = 't', .cp = '\t'},
    {.c = 'n', .cp = '\n'},
    {.c = 'r', .cp = '\r'},
    {.c = 'v', .cp = '\v'},
    {'A', ITEM_LOOK, 0, LOOK_START},
    {'z', ITEM_LOOK, 0, LOOK_END},
    {'b', ITEM_LOOK, 0, LOOK_WORD},
    {'B', ITEM_LOOK, 0, LOOK_NOT_WORD},
    {'<', ITEM_LOOK, 0, LOOK_WORD_START},
    {'>', ITEM_LOOK, 0, LOOK_WORD_END},
};

/* Escapes that other dialects have, with what to write here. */
static const struct {
    char c;
    const char *what;
} refused[] = {
    {'Z', "'\\Z' is not part of the language; the end of the text is \\z"},
    {'G', "'\\G' is not part of the language"},
    {'K', "'\\K' is not part of the language"},
    {'k', "back-references (\\k) are not part of the language"},
    {'g', "back-references (\\g) are not part of the language"},
    {'h', "'\\h' is not part of the language; blanks are [\\t\\p{Zs}]"},
    {'R', "'\\R' is not part of the language; line ends are (?:\\r\\n|\\n|\\r)"},
    {'X', "'\\X' is not part of the language"},
    {'C', "'\\C' is not part of the language"},
    {'e', "'\\e' is not part of the language; that character is \\x1B"},
    {'Q', "'\\Q' is not part of the language"},
};

static bool letter_escape(struct rx_parser *p, size_t from, struct rx_item *out)
{
    uint32_t c = rx_peek(p);
    rx_bump(p);
    bool angle = c == '<' || c == '>';
    for (size_t i = 0; i < COUNTOF(letters) && !(p->re2 && angle); i++)
        if (c == (uint32_t)letters[i].c) {
            *out = (struct rx_item){
                .kind = letters[i].kind, .cp = letters[i].cp, .look = letters[i].look};
            return c != 'b' || rx_peek(p) != '{' || special_boundary(p, from, out);
        }
    for (size_t i = 0; i < COUNTOF(refused); i++)
        if (c == (uint32_t)refused[i].c)
            return rx_fail(p, from, p->at, "%s", refused[i].what);
    bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    if (c < 128 && !letter) {
        out->cp = c;
        return true;
    }
    return rx_fail(p, from, p->at, "no escape of the language: '%.*s'", (int)(p->at - from),
                   p->text.p + from);
}

bool rx_escape(struct rx_parser *p, struct rx_item *out)
{
    size_t from = p->at;
    *out = (struct rx_item){0};
    rx_bump(p);
    if (rx_end(p))
        return rx_fail(p, from, p->at, "nothing stands behind the last '\\'");
    uint32_t c = rx_peek(p);
    if (c >= '0' && c <= '9')
        return octal_escape(p, from, out);
    if (c == 'x' || c == 'u' || c == 'U')
        return hex_escape(p, from, out);
    if (c == 'p' || c == 'P')
        return property_escape(p, from, out);
    if (c < 128 && strchr("dswDSW", (int)c) != NULL && c != 0)
        return perl_escape(p, from, out);
    return letter_escape(p, from, out);
}

/* ---- [:alpha:] ---- */
static const struct {
    const char *name, *ranges; /* pairs */
} posix[] = {
    {"alnum", "09AZaz"},
    {"alpha", "AZaz"},
    {"ascii", NULL},
    {"blank", "\t\t  "},
    {"cntrl", "\x01\x1f\x7f\x7f"},
    {"digit", "09"},
    {"graph", "!~"},
    {"lower", "az"},
    {"print", " ~"},
    {"punct", "!/:@[`{~"},
    {"space", "\t\r  "},
    {"upper", "AZ"},
    {"word", "09AZ__az"},
    {"xdigit", "09AFaf"},
};

static struct rx_set *posix_set(struct rx_parser *p, size_t i)
{
    struct rx_set *all = rx_set_new(p, SET_UNION);
    const char *r = posix[i].ranges;
    if (r == NULL)
        return rx_set_range(p, 0, 0x7F);
    if (strcmp(posix[i].name, "cntrl") == 0)
        all->a = rx_set_range(p, 0, 0);
    for (; *r != '\0'; r += 2) {
        struct rx_set *range = rx_set_range(p, (unsigned char)r[0], (unsigned char)r[1]);
        range->next = all->a;
        all->a = range;
    }
    return all;
}

/* *out stays NULL where p is at no such class; p is at the '['. */
static bool posix_class(struct rx_parser *p, struct rx_set **out)
{
    struct str rest = str_sub(p->text, p->at, p->text.n);
    size_t end;
    if (!str_starts(rest, STR("[:")))
        return true;
    struct str name = str_sub(rest, 2, rest.n);
    bool negated = str_starts(name, STR("^"));
    name = str_sub(name, negated, name.n);
    if (!str_find(name, STR(":"), &end) || !str_starts(str_sub(name, end, 2), STR(":]")))
        return true;
    size_t from = p->at;
    for (size_t i = 0; i < COUNTOF(posix); i++) {
        if (!str_eqz(str_sub(name, 0, end), posix[i].name))
            continue;
        p->at += 2 + negated + end + 2;
        *out = posix_set(p, i);
        if (negated)
            *out = rx_set_not(p, *out);
        return rx_set_allowed(p, *out, from);
    }
    return !p->re2 || rx_fail(p, from, from + 2 + negated + end + 2, "no class of that name");
}

/* ---- brackets ---- */
/* Being read: what stands before the last operator, and the members behind it. */
struct bracket {
    struct rx_set *left, *members, *last;
    enum rx_set_kind op;
};

static void add_member(struct bracket *b, struct rx_set *s)
{
    if (b->last != NULL)
        b->last->next = s;
    else
        b->members = s;
    b->last = s;
}

static struct rx_set *close_operand(struct rx_parser *p, struct bracket *b)
{
    struct rx_set *u = rx_set_new(p, SET_UNION), *op;
    u->a = b->members;
    b->members = b->last = NULL;
    if (b->left == NULL)
        return u;
    op = rx_set_new(p, b->op);
    op->a = b->left;
    op->b = u;
    return op;
}

/* The character that would follow, as the dialect's own reader sees it: behind the blanks and the
 * '#' that the flag x would skip. */
static uint32_t peek_behind_blanks(const struct rx_parser *p)
{
    size_t at = rx_after(p, p->at), start = at;
    bool comment = false;
    if (!(p->flags & RX_X))
        return rx_peek_at(p, at);
    for (; at < p->text.n; at = rx_after(p, at)) {
        uint32_t c = rx_peek_at(p, at);
        if (rx_is_blank(c))
            continue;
        if (!comment && c == '#')
            comment = true;
        else
            return c;
    }
    return rx_peek_at(p, start);
}

static bool unclosed(struct rx_parser *p, size_t open)
{
    return rx_fail(p, open, open + 1, "'[' is closed by no ']' (a '[' itself is written \\[)");
}

static bool member_item(struct rx_parser *p, struct rx_item *out)
{
    size_t from = p->at;
    *out = (struct rx_item){.cp = rx_peek(p)};
    if (rx_peek(p) == '\\' && !rx_escape(p, out))
        return false;
    if (out->kind == ITEM_LOOK)
        return rx_fail(p, from, p->at, "an assertion inside a class");
    if (p->at == from)
        rx_bump(p);
    if (out->kind == ITEM_CHAR && out->cp > 0x7F && !(p->flags & RX_UNICODE))
        return rx_fail(p, from, p->at, "a class without the flag u has ASCII characters only");
    return true;
}

/* One character, one class or one range. */
static bool member(struct rx_parser *p, size_t open, struct bracket *b)
{
    struct rx_item lo, hi;
    size_t from = p->at;
    if (!member_item(p, &lo))
        return false;
    rx_skip_blanks(p);
    if (rx_end(p))
        return unclosed(p, open);
    uint32_t behind = peek_behind_blanks(p);
    bool range =
        rx_peek(p) == '-' && behind != ']' && (p->re2 ? lo.kind == ITEM_CHAR : behind != '-');
    if (!range) {
        add_member(b, lo.kind == ITEM_SET ? lo.set : rx_set_range(p, lo.cp, lo.cp));
        return true;
    }
    rx_bump_blanks(p);
    if (rx_end(p))
        return unclosed(p, open);
    if (!member_item(p, &hi))
        return false;
    if (lo.kind != ITEM_CHAR || hi.kind != ITEM_CHAR)
        return rx_fail(p, from, p->at, "an end of a range is no character");
    if (lo.cp > hi.cp)
        return rx_fail(p, from, p->at, "a range whose end is before its start");
    add_member(b, rx_set_range(p, lo.cp, hi.cp));
    return true;
}

static bool set_operator(const struct rx_parser *p, enum rx_set_kind *out)
{
    uint32_t c = rx_peek(p);
    *out = c == '&' ? SET_AND : c == '-' ? SET_MINUS : SET_XOR;
    return !p->re2 && (c == '&' || c == '-' || c == '~') && rx_peek_at(p, p->at + 1) == c;
}

/* Members that mean themselves because they stand first. */
static void first_members(struct rx_parser *p, struct bracket *b)
{
    while (rx_peek(p) == '-') {
        if (p->re2 && rx_peek_at(p, p->at + 1) == '-')
            break;
        add_member(b, rx_set_range(p, '-', '-'));
        rx_bump_blanks(p);
    }
    if (b->members == NULL && rx_peek(p) == ']') {
        add_member(b, rx_set_range(p, ']', ']'));
        rx_bump_blanks(p);
    }
}

static bool members(struct rx_parser *p, size_t open, struct bracket *b)
{
    struct rx_set *s;
    for (;;) {
        enum rx_set_kind op;
        rx_skip_blanks(p);
        if (rx_end(p))
            return unclosed(p, open);
        if (rx_peek(p) == ']')
            return true;
        if (set_operator(p, &op)) {
            b->left = close_operand(p, b);
            b->op = op;
            p->at += 2;
            continue;
        }
        s = NULL;
        if (rx_peek(p) == '[') {
            if (!posix_class(p, &s) || (s == NULL && !p->re2 && !rx_class(p, &s)))
                return false;
        }
        if (s != NULL)
            add_member(b, s);
        else if (!member(p, open, b))
            return false;
    }
}

bool rx_class(struct rx_parser *p, struct rx_set **out)
{
    size_t open = p->at;
    struct bracket b = {0};
    bool outer = p->in_class;
    if (!rx_deeper(p))
        return false;
    p->in_class = true;
    rx_bump_blanks(p);
    bool negated = rx_peek(p) == '^';
    if (negated)
        rx_bump_blanks(p);
    first_members(p, &b);
    if (!members(p, open, &b))
        return false;
    p->depth--;
    p->in_class = outer;
    rx_bump(p);
    *out = close_operand(p, &b);
    if (negated)
        *out = rx_set_not(p, *out);
    return rx_set_allowed(p, *out, open);
}
