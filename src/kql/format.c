/* Writes a query in the house layout: one pipe a line, lists broken where they do not fit, comments
 * kept. Which places may break was marked before; a group of them breaks as a whole when it does
 * not fit into the line or holds a line of its own. */
#include "kql/format_priv.h"

struct writer {
    struct format *f;
    struct sbuf *out;
    size_t *width; /* of the tokens before i with their blanks, on one line */
    size_t *lines; /* of the tokens up to i: how many have to start a line */
    size_t col;
    uint32_t indent, structure; /* of this line, and of the last that a mark started */
};

/* ---- measuring ---- */

static size_t columns(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}
static struct str gap_text(const struct format *f, size_t i)
{
    size_t from = i > 0 ? f->toks[i - 1].off + f->toks[i - 1].len : 0;
    return str_sub(f->text, from, f->toks[i].off - from);
}
static bool one_of(const struct format *f, size_t i, const char *signs)
{
    struct str t = format_token(f, i);
    return f->toks[i].kind == TOK_PUNCT && t.n == 1 && strchr(signs, t.p[0]) != NULL;
}
static bool blank_before(const struct format *f, size_t i)
{
    const struct mark *m = &f->marks[i];
    if (i == 0 || i == f->n || m->gap == GAP_NONE)
        return false;
    if (m->gap == GAP_ONE || m->gap == GAP_AS_IS)
        return true;
    if (one_of(f, i, ",;)].") || one_of(f, i - 1, "([."))
        return false;
    bool brace = one_of(f, i, "}") || one_of(f, i - 1, "{");
    bool empty = one_of(f, i, "}") && one_of(f, i - 1, "{");
    return !brace || !(m->in_dynamic || empty);
}
static bool has_comment(const struct format *f, size_t i)
{
    return f->marks[i].gap != GAP_AS_IS && str_find(gap_text(f, i), STR("//"), &(size_t){0});
}
static void measure(struct writer *w)
{
    const struct format *f = w->f;
    w->width = arena_array(f->a, size_t, f->n + 2);
    w->lines = arena_array(f->a, size_t, f->n + 1);
    for (size_t i = 0; i <= f->n; i++) {
        bool line = f->marks[i].line || has_comment(f, i);
        w->width[i + 1] = w->width[i] + blank_before(f, i) + columns(format_token(f, i));
        w->lines[i] = (i > 0 ? w->lines[i - 1] : 0) + line;
    }
}

/* ---- writing ---- */

static void new_line(struct writer *w, uint32_t indent, bool empty_line)
{
    if (indent > FORMAT_MAX_INDENT)
        indent = FORMAT_MAX_INDENT;
    if (w->out->n > 0)
        sbuf_addz(w->out, empty_line ? "\n\n" : "\n");
    for (uint32_t i = 0; i < indent; i++)
        sbuf_addc(w->out, ' ');
    w->col = w->indent = indent;
}
static void put(struct writer *w, struct str s)
{
    sbuf_add(w->out, s);
    const char *end = s.n > 0 ? memrchr(s.p, '\n', s.n) : NULL;
    if (end != NULL)
        w->col = columns((struct str){end + 1, (size_t)(s.p + s.n - end) - 1});
    else
        w->col += columns(s);
}

/* The comments of a gap: those behind the token before stay there, others get lines. Returns
 * whether an empty line came after the last of them. */
static bool put_comments(struct writer *w, struct str gap, uint32_t indent)
{
    bool own_line = w->out->n == 0;
    size_t newlines = 0;
    for (size_t i = 0; i < gap.n; i++) {
        if (gap.p[i] == '\n') {
            own_line = true;
            newlines++;
        }
        if (gap.p[i] != '/')
            continue;
        size_t n = 0;
        struct str rest = str_sub(gap, i, gap.n);
        if (!str_find(rest, STR("\n"), &n))
            n = rest.n;
        if (own_line)
            new_line(w, indent, newlines > 1);
        else
            sbuf_addc(w->out, ' ');
        put(w, str_trim(str_sub(rest, 0, n)));
        newlines = 0;
        i += n - 1;
    }
    return newlines > 1;
}

static bool fits(const struct writer *w, const struct group *g)
{
    const struct format *f = w->f;
    size_t last = g->last;
    while (last + 1 < f->n && one_of(f, last + 1, ")],;"))
        last++;
    size_t flat = w->width[last + 1] - w->width[g->first] - blank_before(f, g->first);
    return w->col + flat <= FORMAT_WIDTH;
}
static void open_groups(struct writer *w, size_t i)
{
    struct format *f = w->f;
    for (uint32_t id = f->marks[i].opens; id != 0; id = f->groups.p[id].next) {
        struct group *g = &f->groups.p[id];
        g->base = w->indent;
        g->broken = w->lines[g->last] > w->lines[i] || !fits(w, g);
    }
}

/* In a list of constants: does the next one still fit into the line? */
static bool item_fits(const struct writer *w, size_t i)
{
    const struct format *f = w->f;
    uint32_t group = f->marks[i].group;
    size_t last = i;
    while (last + 1 <= f->groups.p[group].last && f->marks[last + 1].group != group)
        last++;
    return w->col + w->width[last + 1] - w->width[i] <= FORMAT_WIDTH;
}
static bool breaks(const struct writer *w, size_t i)
{
    const struct format *f = w->f;
    const struct mark *m = &f->marks[i];
    if (m->line)
        return true;
    if (m->group == 0 || !f->groups.p[m->group].broken)
        return false;
    const struct group *g = &f->groups.p[m->group];
    return !g->fill || i == g->first + 1 || i == g->last || !item_fits(w, i);
}
static uint32_t indent_of(const struct writer *w, size_t i, bool at_mark)
{
    const struct mark *m = &w->f->marks[i];
    if (i == w->f->n || (m->statement && m->inside == 0))
        return 0;
    if (at_mark && m->group != 0)
        return w->f->groups.p[m->group].base + m->delta;
    return w->structure + FORMAT_INDENT;
}

static void put_token(struct writer *w, size_t i)
{
    const struct format *f = w->f;
    const struct mark *m = &f->marks[i];
    struct str gap = gap_text(f, i);
    bool comment = has_comment(f, i), at_mark = breaks(w, i), empty_line;
    /* in a broken group a comment's line is a line of the group */
    at_mark = at_mark || (comment && m->group != 0 && f->groups.p[m->group].broken);
    if (m->gap == GAP_AS_IS) {
        put(w, gap);
    } else if (comment || (at_mark && i > 0)) {
        uint32_t indent = indent_of(w, i, at_mark);
        bool end = one_of(f, i, ")]}") && at_mark;
        empty_line = put_comments(w, gap, end ? indent + FORMAT_INDENT : indent);
        if (i == f->n)
            return;
        new_line(w, indent, empty_line && m->statement);
        if (at_mark)
            w->structure = w->indent;
    } else if (blank_before(f, i)) {
        put(w, STR(" "));
    }
    open_groups(w, i);
    put(w, format_token(f, i));
}

static void write_all(struct format *f, struct sbuf *out)
{
    struct writer w = {.f = f, .out = out};
    measure(&w);
    for (size_t i = 0; i <= f->n && sbuf_ok(out); i++)
        put_token(&w, i);
    if (out->n > 0)
        sbuf_addc(out, '\n');
}

/* What was written has to say what was read: whoever changes the layout cannot change a query. */
static bool same(struct arena *a, const struct syn *query, struct str text)
{
    struct kql_diags d = {.a = a};
    const struct syn *again = kql_parse(a, text, &d);
    return d.n_errors == 0 && syn_equal(query, again);
}

bool kql_format(struct arena *a, struct str text, struct sbuf *out, struct kql_diags *diags)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make((size_t)KQL_MAX_BYTES * 8);
    struct format f = {.a = a, .text = text};
    struct syn *query = kql_parse(a, text, diags);
    if (diags->n_errors > 0)
        return false;
    f.toks = lex_all(a, text, &f.n);
    f.n--;
    f.marks = arena_array(a, struct mark, f.n + 1);
    format_mark(&f, query);
    write_all(&f, &b);
    struct syn start = {0};
    if (!sbuf_ok(&b) || b.n > KQL_MAX_BYTES) {
        kql_diag_add(diags, ERR_LIMIT, "SYN0005", &start, NULL,
                     "the formatted query is longer than 1 MiB");
        return false;
    }
    if (!same(a, query, sbuf_str(&b))) {
        kql_diag_add(diags, ERR_INTERNAL, "SYN0008", &start, NULL,
                     "this query cannot be formatted without a change of its meaning");
        return false;
    }
    sbuf_add(out, sbuf_str(&b));
    return true;
}
