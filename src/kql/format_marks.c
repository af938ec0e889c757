/* Where a formatted query may break its lines, and where blanks stand: a walk over the syntax tree,
 * then a pass over the brackets. */
#include "kql/format_priv.h"

struct str format_token(const struct format *f, size_t i)
{
    return str_sub(f->text, f->toks[i].off, f->toks[i].len);
}
bool format_is(const struct format *f, size_t i, const char *word)
{
    enum tok_kind k = f->toks[i].kind;
    return i < f->n && (k == TOK_PUNCT || k == TOK_IDENT) && str_eqz(format_token(f, i), word);
}

/* The first token at or behind a byte. */
static size_t token_at(const struct format *f, size_t off)
{
    size_t lo = 0, hi = f->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (f->toks[mid].off < off)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}
static size_t first_of(const struct format *f, const struct syn *s)
{
    return token_at(f, s->off);
}
static size_t behind(const struct format *f, const struct syn *s)
{
    return token_at(f, (size_t)s->off + s->len);
}
static bool adjacent(const struct format *f, size_t i)
{
    return i + 1 < f->n && f->toks[i].off + f->toks[i].len == f->toks[i + 1].off;
}

/* ---- groups ---- */

static uint32_t add_group(struct format *f, size_t first, size_t last)
{
    struct group g = {.first = (uint32_t)first, .last = (uint32_t)last};
    VEC_PUSH(f->a, &f->groups, g);
    uint32_t id = (uint32_t)f->groups.n - 1;
    uint32_t *link = &f->marks[first].opens;
    while (*link != 0 && f->groups.p[*link].last > last)
        link = &f->groups.p[*link].next;
    f->groups.p[id].next = *link;
    *link = id;
    return id;
}
static void may_break(struct format *f, size_t i, uint32_t group, uint32_t delta)
{
    if (i >= f->n || f->marks[i].group != 0)
        return;
    f->marks[i].group = group;
    f->marks[i].delta = delta;
}
/* Behind each separator of the range that is not inside brackets of its own. */
static size_t break_behind(struct format *f, size_t from, size_t to, const char *separator,
                           uint32_t group)
{
    size_t found = 0;
    for (size_t i = from; i < to; i++) {
        if (f->marks[i].match > i)
            i = f->marks[i].match;
        else if (format_is(f, i, separator) && i + 1 < to) {
            may_break(f, i + 1, group, FORMAT_INDENT);
            found++;
        }
    }
    return found;
}

/* ---- blanks that the neighbours alone do not tell ---- */

static void tight(struct format *f, size_t i)
{
    if (i < f->n)
        f->marks[i].gap = GAP_NONE;
}
static void tight_if(struct format *f, size_t i, const char *word)
{
    if (format_is(f, i, word))
        tight(f, i);
}
/* name:type, name=value: no blanks around the first such sign of the node. */
static void tight_sign(struct format *f, const struct syn *s, const char *sign, bool after)
{
    size_t end = behind(f, s);
    for (size_t i = first_of(f, s); i < end; i++) {
        if (!format_is(f, i, sign))
            continue;
        tight(f, i);
        if (after)
            tight(f, i + 1);
        return;
    }
}
static size_t name_length(const struct format *f, size_t i)
{
    return format_is(f, i, "[") ? 3 : 1;
}
static void mark_call(struct format *f, const struct syn *s)
{
    size_t i = first_of(f, s);
    tight_if(f, i + name_length(f, i), "(");
}
/* T*, a-b: no blank may come in. */
static void mark_name(struct format *f, size_t first, size_t end)
{
    if (format_is(f, first, "["))
        return;
    for (size_t i = first + 1; i < end; i++)
        if (adjacent(f, i - 1))
            tight(f, i);
}
static void mark_access(struct format *f, const struct syn *s)
{
    size_t i = s->kids[0] != NULL ? behind(f, s->kids[0]) : f->n;
    size_t end = behind(f, s);
    bool dot = format_is(f, i, ".");
    i += dot;
    if (format_is(f, i, "[")) {
        tight(f, i);
        f->marks[i].access = true;
    } else if (dot && s->n == 1) {
        mark_name(f, i, end);
    }
}

/* ---- nodes ---- */

static bool is_logic(const struct syn *s)
{
    return s->kind == SYN_BINARY && (str_eqz(s->text, "and") || str_eqz(s->text, "or"));
}
static void mark_links(struct format *f, const struct syn *s, struct str op, uint32_t group,
                       uint32_t delta)
{
    if (!is_logic(s) || !str_eq(s->text, op))
        return;
    mark_links(f, s->kids[0], op, group, delta);
    mark_links(f, s->kids[1], op, group, delta);
    size_t right = first_of(f, s->kids[1]);
    if (right > 0)
        may_break(f, right - 1, group, delta);
}
static void mark_chain(struct format *f, const struct syn *s, const struct syn *parent)
{
    if (parent != NULL && is_logic(parent) && str_eq(parent->text, s->text))
        return;
    size_t first = first_of(f, s), end = behind(f, s);
    bool whole = first > 0 && f->marks[first - 1].match == end && f->marks[first - 1].match > 0;
    mark_links(f, s, s->text, add_group(f, first, end - 1), whole ? 0 : FORMAT_INDENT);
}

static void mark_pipe(struct format *f, const struct syn *s)
{
    size_t first = first_of(f, s);
    if (s->n < 2)
        return;
    uint32_t group = add_group(f, first, behind(f, s) - 1);
    for (size_t k = 1; k < s->n; k++) {
        size_t i = first_of(f, s->kids[k]);
        if (i == 0 || !format_is(f, i - 1, "|"))
            continue;
        may_break(f, i - 1, group, 0);
        f->marks[i - 1].line = true;
    }
    f->marks[first].line |= first > 0 && f->marks[first].inside > 0;
}

static void mark_query(struct format *f, const struct syn *s)
{
    for (size_t k = 0; k < s->n; k++) {
        struct mark *m = &f->marks[first_of(f, s->kids[k])];
        m->statement = true;
        m->line |= m->inside == 0 || s->n > 1;
    }
}

static void mark_let(struct format *f, const struct syn *s)
{
    const struct syn *value = s->n > 0 ? s->kids[0] : NULL;
    if (value == NULL || value->kind != SYN_PIPE)
        return;
    size_t i = first_of(f, value);
    may_break(f, i, add_group(f, first_of(f, s), behind(f, s) - 1), FORMAT_INDENT);
    f->marks[i].line = true;
}

static bool is_list(struct str op)
{
    static const char *const lists[] = {"extend",        "project",        "project-away",
                                        "project-keep",  "project-rename", "project-reorder",
                                        "project-smart", "print",          "distinct",
                                        "summarize",     "sort",           "mv-expand",
                                        "make-series",   "union",          "top-nested"};
    for (size_t i = 0; i < COUNTOF(lists); i++)
        if (str_eqz(op, lists[i]))
            return true;
    return false;
}
static bool is_part(struct str role)
{
    static const char *const parts[] = {"by", "on", "from", "limit", "bin"};
    for (size_t i = 0; i < COUNTOF(parts); i++)
        if (str_eqz(role, parts[i]))
            return true;
    return false;
}
/* | project … | summarize …: one item a line, the by clause on its own. */
static void mark_list(struct format *f, const struct syn *s, size_t first)
{
    size_t end = behind(f, s), at = s->n > 0 ? first_of(f, s->kids[0]) : end, stop = end, parts = 0;
    uint32_t group = add_group(f, first, end - 1);
    for (size_t k = s->n; k-- > 0;) {
        const struct syn *part = s->kids[k];
        if (part == NULL || part->kind != SYN_CLAUSE || !is_part(part->text))
            continue;
        size_t from = first_of(f, part);
        if (from >= end)
            continue;
        uint32_t inner = add_group(f, from, behind(f, part) - 1);
        may_break(f, from, group, FORMAT_INDENT);
        break_behind(f, from, behind(f, part), ",", inner);
        stop = from;
        parts++;
    }
    if (break_behind(f, at, stop, ",", group) + parts > 0)
        may_break(f, at, group, FORMAT_INDENT);
}
static void mark_operator(struct format *f, const struct syn *s)
{
    size_t first = first_of(f, s), i = first;
    while (adjacent(f, i) && format_is(f, i + 1, "-") && adjacent(f, i + 1) &&
           f->toks[i + 2].kind == TOK_IDENT) {
        tight(f, i + 1);
        tight(f, i + 2);
        i += 2;
    }
    if (is_list(s->text))
        mark_list(f, s, first);
}

/* top-nested … , top-nested …: the word stands before each level. */
static void mark_level(struct format *f, const struct syn *s)
{
    size_t i = first_of(f, s);
    if (i >= 3 && format_is(f, i - 1, "nested") && format_is(f, i - 2, "-")) {
        tight(f, i - 1);
        tight(f, i - 2);
    }
}

/* A datatable's rows; more than one stand on a line each. */
static void mark_rows(struct format *f, const struct syn *s)
{
    size_t width = s->n > 0 ? s->kids[0]->n : 0, i = first_of(f, s);
    tight_if(f, i + 1, "(");
    if (width == 0 || s->n < 2)
        return;
    size_t open = first_of(f, s->kids[1]);
    if (open == 0 || !format_is(f, open - 1, "["))
        return;
    open--;
    uint32_t group = add_group(f, open, f->marks[open].match);
    f->marks[open].access = true; /* its breaks are these, not one a cell */
    f->marks[open].gap = GAP_ONE;
    may_break(f, f->marks[open].match, group, 0);
    for (size_t k = 1; k < s->n; k += width) {
        i = first_of(f, s->kids[k]);
        may_break(f, i, group, FORMAT_INDENT);
        f->marks[i].line |= s->n > width + 1;
    }
}
static void mark_dynamic(struct format *f, const struct syn *s)
{
    size_t first = first_of(f, s), end = behind(f, s);
    tight_if(f, first + 1, "(");
    for (size_t i = first + 1; i < end; i++) {
        f->marks[i].in_dynamic = true;
        f->marks[i].fill = format_is(f, i, "[");
        tight_if(f, i, ":");
    }
}
static void mark_in(struct format *f, const struct syn *s)
{
    for (size_t k = 1; k < s->n; k++)
        if (s->kids[k] == NULL || s->kids[k]->kind != SYN_LITERAL)
            return;
    size_t i = s->n > 1 ? first_of(f, s->kids[1]) : 0;
    if (i > 0 && format_is(f, i - 1, "("))
        f->marks[i - 1].fill = true;
}
static void mark_raw(struct format *f, const struct syn *s)
{
    for (size_t k = 1; k < s->n; k++)
        if (s->kids[k] != NULL && s->kids[k]->kind == SYN_RAW)
            f->marks[first_of(f, s->kids[k])].gap = GAP_AS_IS;
}

static void mark_scalar(struct format *f, const struct syn *s, const struct syn *parent)
{
    size_t first = first_of(f, s);
    switch ((int)s->kind) {
    case SYN_NAME:
    case SYN_WILDNAME:
        mark_name(f, first, behind(f, s));
        return;
    case SYN_LITERAL:
        if (format_is(f, first, "-") || format_is(f, first, "+"))
            tight(f, first + 1);
        return;
    case SYN_DYNAMIC:
        mark_dynamic(f, s);
        return;
    case SYN_CALL:
        mark_call(f, s);
        return;
    case SYN_BINARY:
        if (is_logic(s))
            mark_chain(f, s, parent);
        return;
    case SYN_UNARY:
        tight(f, first + 1);
        return;
    case SYN_IN:
        mark_in(f, s);
        return;
    case SYN_MEMBER:
    case SYN_INDEX:
        mark_access(f, s);
        return;
    case SYN_DATATABLE:
        mark_rows(f, s);
        return;
    case SYN_TYPEOF:
    case SYN_EXTERNALDATA:
    case SYN_TOSCALAR:
    case SYN_TOTABLE:
    case SYN_MATERIALIZE:
        tight_if(f, first + 1, "(");
        return;
    default: /* blanks as the signs around them have it */
        return;
    }
}
static void mark_node(struct format *f, const struct syn *s, const struct syn *parent)
{
    switch ((int)s->kind) {
    case SYN_QUERY:
        mark_query(f, s);
        break;
    case SYN_LET:
        mark_let(f, s);
        break;
    case SYN_FUNC_DECL:
        if (s->text.n > 0)
            tight_if(f, first_of(f, s), "(");
        break;
    case SYN_FUNC_PARAM:
    case SYN_COLUMN_DECL:
        tight_sign(f, s, ":", true);
        break;
    case SYN_PIPE:
    case SYN_CONTEXTUAL:
        mark_pipe(f, s);
        break;
    case SYN_OP:
        mark_operator(f, s);
        break;
    case SYN_PARAM:
        tight_sign(f, s, "=", true);
        break;
    case SYN_CLAUSE:
        if (str_eqz(s->text, "level"))
            mark_level(f, s);
        if (str_starts(s->text, STR("project-"))) { /* of find: three signs, one word */
            tight(f, first_of(f, s) + 1);
            tight(f, first_of(f, s) + 2);
        }
        if (str_eqz(s->text, "path")) /* of a pattern */
            tight_if(f, first_of(f, s), "[");
        if (str_eqz(s->text, "step") && parent != NULL && str_eqz(parent->text, "scan"))
            tight_sign(f, s, ":", false);
        break;
    default:
        mark_scalar(f, s, parent);
        break;
    }
    mark_raw(f, s);
}
static void walk(struct format *f, const struct syn *s, const struct syn *parent)
{
    mark_node(f, s, parent);
    for (size_t k = 0; k < s->n; k++)
        if (s->kids[k] != NULL)
            walk(f, s->kids[k], s);
    for (size_t k = 0; k < s->n_params; k++)
        walk(f, s->params[k], s);
}

/* ---- brackets ---- */

static bool opens(const struct format *f, size_t i)
{
    return format_is(f, i, "(") || format_is(f, i, "[") || format_is(f, i, "{");
}
static bool closes(const struct format *f, size_t i)
{
    return format_is(f, i, ")") || format_is(f, i, "]") || format_is(f, i, "}");
}
static void match_brackets(struct format *f)
{
    uint32_t open = 0; /* plus 1; what it lies in is in its own mark */
    for (size_t i = 0; i < f->n; i++) {
        if (closes(f, i) && open > 0) {
            f->marks[i].match = open - 1;
            f->marks[open - 1].match = (uint32_t)i;
            open = f->marks[open - 1].inside;
        }
        f->marks[i].inside = open;
        if (opens(f, i))
            open = (uint32_t)i + 1;
    }
}
static void mark_brackets(struct format *f)
{
    for (size_t i = 0; i < f->n; i++) {
        size_t m = f->marks[i].match;
        bool quoted = format_is(f, i, "[") && m == i + 2 && f->toks[i + 1].kind == TOK_STRING;
        if (m <= i + 1 || f->marks[i].access || (quoted && !f->marks[i].in_dynamic) ||
            f->marks[i + 1].match + 1 == m)
            continue;
        uint32_t group = add_group(f, i, m);
        f->groups.p[group].fill = f->marks[i].fill;
        may_break(f, i + 1, group, FORMAT_INDENT);
        break_behind(f, i + 1, m, ",", group);
        break_behind(f, i + 1, m, ";", group);
        may_break(f, m, group, 0);
    }
}

void format_mark(struct format *f, const struct syn *query)
{
    struct group none = {0};
    VEC_PUSH(f->a, &f->groups, none); /* 0 stands for no group */
    match_brackets(f);
    walk(f, query, NULL);
    mark_brackets(f);
}
