/* Regular expressions: groups, repetitions, flags. Classes and escapes are in rx_class.c.
 * Source: the documentation of KQL's regex syntax; the places that it leaves open are those of
 * Rust's regex-syntax 0.8. */
#include "text/rx_priv.h"

#include <stdio.h>

bool rx_fail(struct rx_parser *p, size_t from, size_t to, const char *fmt, ...)
{
    char msg[240];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(msg, sizeof(msg), fmt, ap);
    va_end(ap);
    if (p->e == NULL)
        return false;
    *p->e = (struct err){0};
    (void)err_set(p->e, ERR_INVALID, "%s, at byte %zu", msg, from);
    p->e->pos.off = (uint32_t)from;
    p->e->len = (uint32_t)(to > from ? to - from : 1);
    return false;
}

int rx_shown(struct str s)
{
    size_t n = s.n > 64 ? 64 : s.n;
    while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n--;
    return (int)n;
}

/* ---- characters ---- */
uint32_t rx_peek_at(const struct rx_parser *p, size_t at)
{
    if (at >= p->text.n)
        return UINT32_MAX;
    const char *s = p->text.p + at;
    return utf8_next(&s, p->text.p + p->text.n);
}

size_t rx_after(const struct rx_parser *p, size_t at)
{
    if (at >= p->text.n)
        return p->text.n;
    const char *s = p->text.p + at;
    (void)utf8_next(&s, p->text.p + p->text.n);
    return (size_t)(s - p->text.p);
}

void rx_bump(struct rx_parser *p)
{
    p->at = rx_after(p, p->at);
}

/* White_Space. */
bool rx_is_blank(uint32_t cp)
{
    return (cp >= 0x9 && cp <= 0xD) || cp == ' ' || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000;
}

void rx_skip_blanks(struct rx_parser *p)
{
    if (!(p->flags & RX_X))
        return;
    while (!rx_end(p)) {
        if (rx_is_blank(rx_peek(p))) {
            rx_bump(p);
        } else if (rx_peek(p) == '#') {
            while (!rx_end(p) && rx_peek(p) != '\n')
                rx_bump(p);
            rx_bump(p);
        } else {
            return;
        }
    }
}

void rx_bump_blanks(struct rx_parser *p)
{
    rx_bump(p);
    rx_skip_blanks(p);
}

static bool looking_at(const struct rx_parser *p, const char *z)
{
    return str_starts(str_sub(p->text, p->at, p->text.n), str_from(z));
}

static bool take(struct rx_parser *p, const char *z)
{
    bool is = looking_at(p, z);
    p->at += is ? strlen(z) : 0;
    return is;
}

bool rx_deeper(struct rx_parser *p)
{
    if (++p->depth <= RX_MAX_DEPTH)
        return true;
    return rx_fail(p, p->at, p->at + 1,
                   "more than %d groups, classes and repetitions in each other", RX_MAX_DEPTH);
}

/* ---- nodes ---- */
static struct rx_node *node_new(struct rx_parser *p, enum rx_kind kind)
{
    struct rx_node *n = arena_new_of(p->a, struct rx_node);
    n->kind = kind;
    n->flags = p->flags;
    n->id = p->tree->n_nodes++;
    n->nullable = n->empty = kind == RX_EMPTY || kind == RX_LOOK;
    return n;
}

static void add_kid(struct rx_node *n, struct rx_node *kid)
{
    if (n->last != NULL)
        n->last->next = kid;
    else
        n->kids = kid;
    n->last = kid;
}

/* What a node with kids can match, from what they can. */
static struct rx_node *finish(struct rx_node *n)
{
    bool all_nullable = true, any_nullable = false, all_empty = true;
    n->choosy = n->kind == RX_ALT || n->group > 0 || n->lazy;
    for (const struct rx_node *k = n->kids; k != NULL; k = k->next) {
        all_nullable = all_nullable && k->nullable;
        any_nullable = any_nullable || k->nullable;
        all_empty = all_empty && k->empty;
        n->choosy = n->choosy || k->choosy;
    }
    n->nullable = n->kind == RX_ALT ? any_nullable : all_nullable;
    n->empty = all_empty;
    if (n->kind == RX_REPEAT) {
        n->nullable = n->nullable || n->min == 0;
        n->empty = n->empty || n->max == 0;
    }
    return n;
}

/* ---- repetitions ---- */
static void repeat(struct rx_parser *p, struct rx_node *seq, struct rx_node **tail, uint32_t min,
                   uint32_t max)
{
    struct rx_node *sub = seq->last;
    struct rx_node *n = node_new(p, RX_REPEAT);
    bool lazy = rx_peek(p) == '?';
    if (lazy)
        rx_bump(p);
    n->min = min;
    n->max = max;
    n->lazy = lazy != ((p->flags & RX_SWAP) != 0);
    /* The repetition takes the place of what it repeats, at the end of the sequence. */
    n->kids = n->last = sub;
    if (*tail != NULL)
        (*tail)->next = n;
    else
        seq->kids = n;
    seq->last = finish(n);
    p->tree->loops = p->tree->loops || (max == RX_NO_MAX && sub->nullable && sub->choosy);
}

static bool can_repeat(struct rx_parser *p, const struct rx_node *seq, bool after_repeat)
{
    if (seq->last == NULL || seq->last->kind == RX_EMPTY)
        return rx_fail(p, p->at, p->at + 1, "nothing stands before '%c' that it could repeat",
                       (int)rx_peek(p));
    if (p->re2 && after_repeat)
        return rx_fail(p, p->at, p->at + 1, "a repetition of a repetition");
    return true;
}

/* A number; SIZE_MAX: there is none. */
static uint64_t number(struct rx_parser *p)
{
    uint64_t n = UINT64_MAX;
    while (!rx_end(p) && rx_is_blank(rx_peek(p)))
        rx_bump(p);
    while (rx_peek(p) >= '0' && rx_peek(p) <= '9') {
        n = (n == UINT64_MAX ? 0 : n) * 10 + (rx_peek(p) - '0');
        if (n > UINT32_MAX)
            n = UINT32_MAX;
        rx_bump_blanks(p);
    }
    while (!rx_end(p) && rx_is_blank(rx_peek(p)))
        rx_bump_blanks(p);
    return n;
}

/* {n}, {n,} or {n,m}; p is at the '{'. */
static bool counts(struct rx_parser *p, uint32_t *out_min, uint32_t *out_max)
{
    size_t from = p->at;
    rx_bump_blanks(p);
    uint64_t min = number(p), max = min;
    if (rx_peek(p) == ',') {
        rx_bump_blanks(p);
        max = rx_peek(p) == '}' ? RX_NO_MAX : number(p);
    }
    if (rx_peek(p) != '}')
        return rx_fail(p, from, p->at, "'{' is closed by no '}' (a '{' itself is written \\{)");
    rx_bump_blanks(p);
    if (min == UINT64_MAX || max == UINT64_MAX)
        return rx_fail(p, from, p->at, "a repetition has a number: {2}, {2,} or {2,3}");
    if (min > max)
        return rx_fail(p, from, p->at, "a repetition's least number is above its largest");
    if (min > RX_MAX_REPEAT || (max > RX_MAX_REPEAT && max != RX_NO_MAX))
        return rx_fail(p, from, p->at, "a repetition of more than %d times", RX_MAX_REPEAT);
    *out_min = (uint32_t)min;
    *out_max = (uint32_t)max;
    return true;
}

/* RE2 takes a '{' that begins no repetition for itself. */
static bool is_counted(const struct rx_parser *p)
{
    size_t i = p->at + 1, digits = 0;
    while (i < p->text.n && p->text.p[i] >= '0' && p->text.p[i] <= '9')
        i++, digits++;
    if (i < p->text.n && p->text.p[i] == ',')
        for (i++; i < p->text.n && p->text.p[i] >= '0' && p->text.p[i] <= '9';)
            i++;
    return digits > 0 && i < p->text.n && p->text.p[i] == '}';
}

/* ---- groups ---- */
static bool flag_of(uint32_t c, uint8_t *out)
{
    static const struct {
        char c;
        uint8_t flag;
    } flags[] = {{'i', RX_I},       {'m', RX_M},    {'s', RX_S}, {'U', RX_SWAP},
                 {'u', RX_UNICODE}, {'R', RX_CRLF}, {'x', RX_X}};
    for (size_t i = 0; i < COUNTOF(flags); i++)
        if (c == (uint32_t)flags[i].c) {
            *out = flags[i].flag;
            return true;
        }
    return false;
}

static const struct {
    const char *text, *what;
} refused_groups[] = {
    {"?=", "look-around ((?=…)) is not part of the language"},
    {"?!", "look-around ((?!…)) is not part of the language"},
    {"?<=", "look-around ((?<=…)) is not part of the language"},
    {"?<!", "look-around ((?<!…)) is not part of the language"},
    {"?>", "atomic groups ((?>…)) are not part of the language"},
    {"?P=", "back-references ((?P=…)) are not part of the language"},
    {"?P>", "recursion ((?P>…)) is not part of the language"},
    {"?#", "comments ((?#…)) are not part of the language; with the flag x, # begins one"},
    {"?|", "groups that share a number ((?|…)) are not part of the language"},
    {"?(", "conditions ((?(…)…)) are not part of the language"},
    {"?&", "recursion ((?&…)) is not part of the language"},
};

/* "i-s" up to the ':' or ')' that ends flags. */
static bool parse_flags(struct rx_parser *p, size_t from, uint8_t *out, bool *out_any)
{
    uint8_t seen = 0, flag;
    bool off = false, dangling = false;
    *out_any = false;
    for (; rx_peek(p) != ':' && rx_peek(p) != ')'; rx_bump(p)) {
        if (rx_end(p))
            return rx_fail(p, from, p->at, "a group that begins with '(?' is not closed");
        *out_any = true;
        if (rx_peek(p) == '-') {
            if (off)
                return rx_fail(p, p->at, p->at + 1, "a second '-' among flags");
            off = dangling = true;
            continue;
        }
        if (!flag_of(rx_peek(p), &flag))
            return rx_fail(p, p->at, rx_after(p, p->at),
                           "no flag: those of a group are i, m, s, R, U, u and x");
        if (seen & flag)
            return rx_fail(p, p->at, p->at + 1, "the same flag a second time");
        seen |= flag;
        dangling = false;
        *out = (uint8_t)(off ? *out & ~flag : *out | flag);
    }
    if (dangling)
        return rx_fail(p, p->at - 1, p->at, "no flag behind the '-'");
    return true;
}

static bool is_name_char(uint32_t c, bool first)
{
    bool letter = c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool further = (c >= '0' && c <= '9') || c == '.' || c == '[' || c == ']';
    return letter || (!first && further) || rx_name_char(c, first);
}

/* The name of a group, up to its '>'. */
static bool parse_name(struct rx_parser *p, uint32_t group)
{
    size_t from = p->at;
    while (rx_peek(p) != '>') {
        if (rx_end(p))
            return rx_fail(p, from, p->at, "a group's name is not closed by '>'");
        if (!is_name_char(rx_peek(p), p->at == from))
            return rx_fail(p, p->at, rx_after(p, p->at),
                           "a group's name has letters, digits, '_', '.', '[' and ']', and begins "
                           "with a letter or '_'");
        rx_bump(p);
    }
    struct str name = str_sub(p->text, from, p->at - from);
    if (name.n == 0)
        return rx_fail(p, from, from + 1, "a group's name is empty");
    rx_bump(p);
    for (const struct rx_name *n = p->tree->names; n != NULL; n = n->next)
        if (str_eq(n->name, name))
            return rx_fail(p, from, from + name.n, "two groups have the name '%.*s'",
                           rx_shown(name), name.p);
    struct rx_name *n = arena_new_of(p->a, struct rx_name);
    *n = (struct rx_name){arena_str(p->a, name), group, p->tree->names};
    p->tree->names = n;
    return true;
}

static bool parse_alternatives(struct rx_parser *p, bool inside, struct rx_node **out);

/* What stands behind a '(': a group to open (*out, with its flags in force) or flags for the rest
 * of the group around it (*out is RX_EMPTY). */
static bool group_head(struct rx_parser *p, size_t from, struct rx_node **out)
{
    bool any;
    rx_skip_blanks(p);
    for (size_t i = 0; i < COUNTOF(refused_groups); i++)
        if (looking_at(p, refused_groups[i].text))
            return rx_fail(p, from, p->at + strlen(refused_groups[i].text), "%s",
                           refused_groups[i].what);
    *out = node_new(p, RX_GROUP);
    if (take(p, "?P<") || take(p, "?<")) {
        (*out)->group = ++p->tree->n_groups;
        return parse_name(p, (*out)->group);
    }
    if (!take(p, "?")) {
        (*out)->group = ++p->tree->n_groups;
        return true;
    }
    uint8_t flags = p->flags;
    if (!parse_flags(p, from, &flags, &any))
        return false;
    if (rx_peek(p) == ')') {
        if (!any)
            return rx_fail(p, from, p->at, "no flags behind '(?'");
        (*out)->kind = RX_EMPTY;
        (*out)->nullable = (*out)->empty = true;
    }
    rx_bump(p);
    p->flags = flags;
    return true;
}

static bool parse_group(struct rx_parser *p, struct rx_node **out)
{
    size_t from = p->at;
    uint8_t flags = p->flags;
    rx_bump(p);
    if (!group_head(p, from, out))
        return false;
    if ((*out)->kind == RX_EMPTY)
        return true;
    struct rx_node *inner = NULL;
    if (!rx_deeper(p) || !parse_alternatives(p, true, &inner))
        return false;
    if (rx_end(p))
        return rx_fail(p, from, from + 1, "'(' is closed by no ')'");
    p->depth--;
    rx_bump(p);
    p->flags = flags;
    add_kid(*out, inner);
    finish(*out);
    return true;
}

/* ---- the rest ---- */
static struct rx_node *look_node(struct rx_parser *p, enum rx_look look)
{
    struct rx_node *n = node_new(p, RX_LOOK);
    n->look = look;
    return n;
}

static struct rx_node *char_node(struct rx_parser *p, uint32_t cp)
{
    struct rx_node *n = node_new(p, RX_CHAR);
    n->cp = cp;
    return n;
}

static struct rx_node *set_node(struct rx_parser *p, struct rx_set *set)
{
    struct rx_node *n = node_new(p, RX_CLASS);
    n->set = set;
    return n;
}

/* RE2's \Q…\E: what is between is itself. */
static void quoted(struct rx_parser *p, struct rx_node *seq, struct rx_node **tail)
{
    p->at += 2;
    while (!rx_end(p) && !take(p, "\\E")) {
        *tail = seq->last;
        add_kid(seq, char_node(p, rx_peek(p)));
        rx_bump(p);
    }
}

static bool parse_one(struct rx_parser *p, struct rx_node **out)
{
    struct rx_item item;
    struct rx_set *set = NULL;
    uint32_t c = rx_peek(p);
    bool lines = (p->flags & RX_M) != 0, crlf = (p->flags & RX_CRLF) != 0;
    if (c == '(')
        return parse_group(p, out);
    if (c == '[') {
        if (!rx_class(p, &set))
            return false;
        *out = set_node(p, set);
        return true;
    }
    if (c == '\\') {
        if (!rx_escape(p, &item))
            return false;
        *out = item.kind == ITEM_CHAR  ? char_node(p, item.cp)
               : item.kind == ITEM_SET ? set_node(p, item.set)
                                       : look_node(p, item.look);
        return true;
    }
    size_t from = p->at;
    rx_bump(p);
    if (c == '.') {
        *out = node_new(p, RX_DOT);
        return (p->flags & RX_UNICODE) ||
               rx_fail(p, from, p->at, "'.' without the flag u could match half a character");
    }
    if (c == '^')
        *out = look_node(p, !lines ? LOOK_START : crlf ? LOOK_START_CRLF : LOOK_START_LINE);
    else if (c == '$')
        *out = look_node(p, !lines ? LOOK_END : crlf ? LOOK_END_CRLF : LOOK_END_LINE);
    else
        *out = char_node(p, c);
    return true;
}

static bool parse_repeat(struct rx_parser *p, struct rx_node *seq, struct rx_node **tail,
                         bool after_repeat)
{
    uint32_t c = rx_peek(p), min = c == '+', max = c == '?' ? 1 : RX_NO_MAX;
    if (!can_repeat(p, seq, after_repeat) || !rx_deeper(p))
        return false;
    if (c != '{')
        rx_bump(p);
    else if (!counts(p, &min, &max))
        return false;
    repeat(p, seq, tail, min, max);
    return true;
}

/* One branch: up to a '|', the ')' of the group around it, or the end. */
static bool parse_sequence(struct rx_parser *p, bool inside, struct rx_node **out)
{
    struct rx_node *seq = node_new(p, RX_CONCAT), *tail = NULL, *n = NULL;
    bool after_repeat = false;
    size_t depth = p->depth;
    for (;;) {
        rx_skip_blanks(p);
        uint32_t c = rx_peek(p);
        if (rx_end(p) || c == '|' || (c == ')' && inside))
            break;
        if (c == ')')
            return rx_fail(p, p->at, p->at + 1, "')' closes no '('");
        bool counted = c == '{' && (!p->re2 || is_counted(p));
        if (counted || c == '*' || c == '+' || c == '?') {
            if (!parse_repeat(p, seq, &tail, after_repeat))
                return false;
            after_repeat = true;
            continue;
        }
        after_repeat = false;
        p->depth = depth;
        if (p->re2 && looking_at(p, "\\Q")) {
            quoted(p, seq, &tail);
            continue;
        }
        if (!parse_one(p, &n))
            return false;
        tail = seq->last;
        add_kid(seq, n);
    }
    p->depth = depth;
    *out = finish(seq);
    return true;
}

static bool parse_alternatives(struct rx_parser *p, bool inside, struct rx_node **out)
{
    struct rx_node *branch = NULL, *alt = NULL;
    for (;;) {
        if (!parse_sequence(p, inside, &branch))
            return false;
        if (alt == NULL && rx_peek(p) != '|') {
            *out = branch;
            return true;
        }
        if (alt == NULL)
            alt = node_new(p, RX_ALT);
        add_kid(alt, branch);
        if (rx_peek(p) != '|')
            break;
        rx_bump(p);
    }
    *out = finish(alt);
    return true;
}

static bool parse_by(struct arena *a, struct str pattern, bool re2, struct rx_tree *out,
                     struct err *e)
{
    struct rx_parser p = {
        .a = a, .text = pattern, .flags = RX_UNICODE, .re2 = re2, .tree = out, .e = e};
    *out = (struct rx_tree){.re2 = re2};
    return parse_alternatives(&p, false, &out->root);
}

bool rx_parse(struct arena *a, struct str pattern, struct rx_tree *out, struct err *e)
{
    size_t bad;
    if (pattern.n > RX_MAX_PATTERN)
        return err_set(e, ERR_LIMIT, "the pattern has %zu bytes, more than %d", pattern.n,
                       RX_MAX_PATTERN);
    if (!utf8_valid(pattern, &bad))
        return err_set(e, ERR_INVALID, "the pattern is not UTF-8, at byte %zu", bad);
    struct err why = {0};
    if (parse_by(a, pattern, false, out, &why) || parse_by(a, pattern, true, out, NULL))
        return true;
    if (e != NULL)
        *e = why;
    return false;
}
