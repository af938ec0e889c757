/* Which terms (src/terms) rows must have for a condition to hold: read from text comparisons with
 * constants, through and/or, and carried down to columns of tables. What is not sure wants nothing:
 * NULL stands for "any row". */
#include "engine/duckdb/emit_priv.h"
#include "kql/functions.h"
#include "terms/terms.h"
#include "text/json.h"

/* Nodes of all trees of a statement, and values of a list; more want nothing. Each is looked up for
 * each row group, and some of many values is in most of them. */
enum { MAX_WANTS = 20000, MAX_LIST = 256 };

/* As struct engine_want, by a column's id. */
struct emit_want {
    enum engine_want_kind kind;
    const struct emit_want **kids;
    size_t n;
    uint32_t col;
    bool json; /* the terms are somewhere in the column's JSON */
    const struct terms_word *words;
    size_t n_words;
};

static const struct emit_want never = {.kind = WANT_NEVER};

/* ---- trees ---- */

static struct emit_want *node(struct emit *m, enum engine_want_kind kind, size_t kids)
{
    if (++m->wants > MAX_WANTS)
        return NULL;
    struct emit_want *w = arena_new_of(m->a, struct emit_want);
    w->kind = kind;
    w->kids = arena_array(m->a, const struct emit_want *, kids + 1);
    return w;
}

/* all or any of n trees, without those that say nothing; trees of the same kind become one. */
static const struct emit_want *join(struct emit *m, enum engine_want_kind kind,
                                    const struct emit_want *const *kids, size_t n)
{
    size_t most = 0;
    for (size_t i = 0; i < n; i++)
        most += kids[i] != NULL && kids[i]->kind == kind ? kids[i]->n : 1;
    struct emit_want *w = node(m, kind, most);
    bool all = kind == WANT_ALL;
    for (size_t i = 0; w != NULL && i < n; i++) {
        bool no = kids[i] != NULL && kids[i]->kind == WANT_NEVER;
        if (kids[i] == NULL && !all)
            return NULL;
        if (no && all)
            return &never;
        bool same = kids[i] != NULL && kids[i]->kind == kind;
        for (size_t k = 0; same && k < kids[i]->n; k++)
            w->kids[w->n++] = kids[i]->kids[k];
        if (kids[i] != NULL && !no && !same)
            w->kids[w->n++] = kids[i];
    }
    if (w == NULL || w->n == 0)
        return w == NULL || all ? NULL : &never;
    return w->n == 1 ? w->kids[0] : w;
}

const struct emit_want *emit_want_both(struct emit *m, const struct emit_want *a,
                                       const struct emit_want *b)
{
    const struct emit_want *two[] = {a, b};
    return join(m, WANT_ALL, two, COUNTOF(two));
}

/* ---- which words ---- */

static bool made_of(struct str word, const char *characters)
{
    for (size_t i = 0; i < word.n; i++)
        if (word.p[i] == '\0' || strchr(characters, word.p[i]) == NULL)
            return false;
    return true;
}

/* Whether a value of the type can have the word when it is printed. */
static bool can_print(enum kql_type t, struct str word)
{
    switch (t) {
    case KQL_INT:
    case KQL_LONG:
    case KQL_TIMESPAN:
        return made_of(word, "0123456789");
    case KQL_DATETIME:
        return made_of(word, "0123456789tz");
    case KQL_GUID:
        return made_of(word, "0123456789abcdef");
    case KQL_BOOL:
        return made_of(word, "01truefals");
    case KQL_REAL:
    case KQL_DECIMAL:
        return made_of(word, "0123456789einfatyn");
    case KQL_STRING:
    case KQL_DYNAMIC:
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        return true;
    }
    UNREACHABLE();
}

/* Numbers, booleans and nulls inside of JSON may be printed in another form than they have there.
 */
static bool json_keeps(struct str word)
{
    return !can_print(KQL_REAL, word) && !can_print(KQL_BOOL, word) && !str_eqz(word, "null");
}

static const struct emit_want *leaf(struct emit *m, uint32_t col, bool json,
                                    const struct terms_word *words, size_t n)
{
    struct emit_want *w = node(m, WANT_TERMS, 0);
    struct terms_word *kept = arena_array(m->a, struct terms_word, n + 1);
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!json || json_keeps(words[i].text))
            kept[n_kept++] = words[i];
    if (w == NULL || n_kept == 0)
        return NULL;
    w->col = col;
    w->json = json;
    w->words = kept;
    w->n_words = n_kept;
    return w;
}

/* ---- which column ---- */

struct place {
    const struct expr *column; /* EX_COLUMN */
    bool inside;               /* x is a part of its value */
};

/* x is a column's value, or a part of it, perhaps as text. */
static bool place_of(const struct expr *x, struct place *out)
{
    bool inside = false;
    for (; x->kind == EX_CALL && x->n_args > 0; x = x->args[0]) {
        if (strcmp(x->fn->name, "[]") == 0 && x->args[0]->type == KQL_DYNAMIC)
            inside = true;
        else if (strcmp(x->fn->name, "tostring") != 0 || x->n_args != 1)
            return false;
    }
    *out = (struct place){x, inside};
    return x->kind == EX_COLUMN && !x->absent;
}

static const struct emit_want *known(bool of_use)
{
    return of_use ? NULL : &never;
}

/* The value of x has the words. */
static const struct emit_want *has_words(struct emit *m, const struct expr *x, bool json,
                                         const struct terms_word *words, size_t n)
{
    struct place p;
    if (x->kind == EX_CONST && x->type == KQL_STRING && !x->value.is_null) {
        bool all = true;
        for (size_t i = 0; i < n && all; i++)
            all = terms_in_text(x->value.s, words[i].hash);
        return known(all);
    }
    if (!place_of(x, &p))
        return NULL;
    enum kql_type t = p.column->type;
    if (t == KQL_DYNAMIC)
        return leaf(m, p.column->col, true, words, n);
    if (json || p.inside)
        return NULL;
    if (t == KQL_STRING)
        return leaf(m, p.column->col, false, words, n);
    bool all = true;
    for (size_t i = 0; i < n && all; i++)
        all = can_print(t, words[i].text);
    return known(all);
}

/* ---- conditions ---- */

enum { OPEN_START = 1, OPEN_END = 2 }; /* the text may go on there: a term may be cut */
static const struct text_op {
    const char *name;
    unsigned open;
} text_ops[] = {
    {"has", 0},
    {"has_cs", 0},
    {"==", 0},
    {"=~", 0},
    {"hasprefix", OPEN_END},
    {"hasprefix_cs", OPEN_END},
    {"hassuffix", OPEN_START},
    {"hassuffix_cs", OPEN_START},
    {"startswith", OPEN_END},
    {"startswith_cs", OPEN_END},
    {"endswith", OPEN_START},
    {"endswith_cs", OPEN_START},
    {"contains", OPEN_START | OPEN_END},
    {"contains_cs", OPEN_START | OPEN_END},
};

static const struct emit_want *has_text(struct emit *m, const struct expr *x, struct str text,
                                        unsigned open)
{
    struct terms_words all = {0}, whole = {0};
    terms_of_text(m->a, text, &all);
    for (size_t i = 0; i < all.n; i++)
        if (!(all.p[i].first && (open & OPEN_START)) && !(all.p[i].last && (open & OPEN_END)))
            VEC_PUSH(m->a, &whole, all.p[i]);
    return whole.n > 0 ? has_words(m, x, false, whole.p, whole.n) : NULL;
}

static bool is_text(const struct expr *x)
{
    return x->kind == EX_CONST && x->type == KQL_STRING && !x->value.is_null;
}

static const struct emit_want *of_text_op(struct emit *m, const struct expr *e)
{
    for (size_t i = 0; i < COUNTOF(text_ops) && e->n_args == 2; i++) {
        if (strcmp(text_ops[i].name, e->fn->name) != 0)
            continue;
        bool equality = text_ops[i].name[0] == '=';
        if (is_text(e->args[1]))
            return has_text(m, e->args[0], e->args[1]->value.s, text_ops[i].open);
        if (equality && is_text(e->args[0]))
            return has_text(m, e->args[1], e->args[0]->value.s, text_ops[i].open);
        return NULL;
    }
    return NULL;
}

struct str_list {
    struct str *p;
    size_t n, cap;
};

/* The texts of a list's constant argument. false: there is something else in it. */
static bool add_texts(struct emit *m, const struct expr *x, struct str_list *out)
{
    struct json j;
    if (is_text(x)) {
        VEC_PUSH(m->a, out, x->value.s);
        return true;
    }
    if (x->kind != EX_CONST || x->type != KQL_DYNAMIC || x->value.is_null ||
        !json_parse(m->a, x->value.s, NULL, &j, NULL) || j.type != JSON_ARRAY)
        return false;
    for (size_t i = 0; i < j.n; i++) {
        if (j.items[i].type != JSON_STRING)
            return false;
        VEC_PUSH(m->a, out, j.items[i].text);
    }
    return true;
}

/* in, in~, has_any: one of them; has_all: each. */
static const struct emit_want *of_list(struct emit *m, const struct expr *e,
                                       enum engine_want_kind kind)
{
    struct str_list texts = {0};
    for (size_t i = 1; i < e->n_args; i++)
        if (!add_texts(m, e->args[i], &texts))
            return NULL;
    if (texts.n == 0 || texts.n > MAX_LIST)
        return NULL;
    const struct emit_want **kids = arena_array(m->a, const struct emit_want *, texts.n + 1);
    for (size_t i = 0; i < texts.n; i++)
        kids[i] = has_text(m, e->args[0], texts.p[i], 0);
    return join(m, kind, kids, texts.n);
}

const struct emit_want *emit_want_where(struct emit *m, const struct expr *e)
{
    static const struct {
        const char *name;
        enum engine_want_kind kind;
    } lists[] = {{"in", WANT_ANY}, {"in~", WANT_ANY}, {"has_any", WANT_ANY}, {"has_all", WANT_ALL}};
    if (e->kind == EX_CONST && e->type == KQL_BOOL && !e->value.is_null)
        return known(e->value.b);
    if (e->kind != EX_CALL || m->wants > MAX_WANTS)
        return NULL;
    bool all = strcmp(e->fn->name, "and") == 0;
    if (all || strcmp(e->fn->name, "or") == 0) {
        const struct emit_want **kids = arena_array(m->a, const struct emit_want *, e->n_args + 1);
        for (size_t i = 0; i < e->n_args; i++)
            kids[i] = emit_want_where(m, e->args[i]);
        return join(m, all ? WANT_ALL : WANT_ANY, kids, e->n_args);
    }
    for (size_t i = 0; i < COUNTOF(lists); i++)
        if (strcmp(lists[i].name, e->fn->name) == 0)
            return of_list(m, e, lists[i].kind);
    return of_text_op(m, e);
}

/* ---- down to other columns ---- */

struct step {
    const struct plan *p;
    size_t branch; /* of a union */
};
typedef const struct emit_want *step_fn(struct emit *m, const struct step *s,
                                        const struct emit_want *w);

static const struct emit_want *carry(struct emit *m, const struct emit_want *w,
                                     const struct step *s, step_fn *fn)
{
    if (w == NULL || w->kind == WANT_NEVER)
        return w;
    if (w->kind == WANT_TERMS)
        return fn(m, s, w);
    const struct emit_want **kids = arena_array(m->a, const struct emit_want *, w->n + 1);
    for (size_t i = 0; i < w->n; i++)
        kids[i] = carry(m, w->kids[i], s, fn);
    return join(m, w->kind, kids, w->n);
}

static const struct emit_want *through_project(struct emit *m, const struct step *s,
                                               const struct emit_want *w)
{
    for (size_t i = 0; i < s->p->n_named; i++) {
        const struct named_expr *n = &s->p->named[i];
        bool same = n->col.type == n->e->type || n->col.type == KQL_STRING;
        if (n->col.id == w->col)
            return same ? has_words(m, n->e, w->json, w->words, w->n_words) : NULL;
    }
    return NULL;
}

const struct emit_want *emit_want_project(struct emit *m, const struct emit_want *w,
                                          const struct plan *p)
{
    const struct step s = {p, 0};
    return carry(m, w, &s, through_project);
}

/* A column that the branch lacks is empty there. */
static const struct emit_want *through_union(struct emit *m, const struct step *s,
                                             const struct emit_want *w)
{
    const struct union_links *links = &s->p->links[s->branch];
    if (s->p->source_labels != NULL && s->p->cols.p[0].id == w->col)
        return NULL;
    for (size_t i = 0; i < links->n; i++) {
        if (s->p->cols.p[links->p[i].at].id != w->col)
            continue;
        const struct plan_cols *in = &s->p->in[s->branch]->cols;
        for (size_t k = 0; k < in->n; k++)
            if (in->p[k].id == links->p[i].id &&
                in->p[k].type == (w->json ? KQL_DYNAMIC : KQL_STRING))
                return leaf(m, in->p[k].id, w->json, w->words, w->n_words);
        return NULL;
    }
    return &never;
}

const struct emit_want *emit_want_union(struct emit *m, const struct emit_want *w,
                                        const struct plan *p, size_t branch)
{
    const struct step s = {p, branch};
    return carry(m, w, &s, through_union);
}

/* ---- at the table ---- */

static const struct engine_want *for_table(struct emit *m, const struct plan *p,
                                           const struct emit_want *w)
{
    struct engine_want *x = arena_new_of(m->a, struct engine_want);
    x->kind = w->kind;
    x->kids = arena_array(m->a, const struct engine_want *, w->n + 1);
    for (size_t i = 0; i < w->n; i++)
        x->kids[x->n++] = for_table(m, p, w->kids[i]);
    if (w->kind != WANT_TERMS)
        return x;
    struct str *words = arena_array(m->a, struct str, w->n_words);
    uint64_t *terms = arena_array(m->a, uint64_t, w->n_words);
    for (size_t i = 0; i < w->n_words; i++) {
        words[i] = w->words[i].text;
        terms[i] = w->words[i].hash;
    }
    if (emit_is_member(w->col)) /* its terms are in the text that it is a member of */
        x->column = m->members.p[(w->col - MEMBER_FIRST) / MEMBER_STRIDE].column;
    for (size_t i = 0; i < p->cols.n && x->column.n == 0; i++)
        if (p->cols.p[i].id == w->col)
            x->column = p->source_names != NULL ? p->source_names[i] : p->cols.p[i].name;
    x->type = w->json ? KQL_DYNAMIC : KQL_STRING;
    x->words = words;
    x->terms = terms;
    x->n_terms = w->n_words;
    return x;
}

/* A column of another node means any row: sub-queries read columns of rows around them. */
static const struct emit_want *of_table(struct emit *m, const struct step *s,
                                        const struct emit_want *w)
{
    (void)m;
    for (size_t i = 0; i < s->p->cols.n; i++)
        if (s->p->cols.p[i].id == w->col)
            return s->p->cols.p[i].type == (w->json ? KQL_DYNAMIC : KQL_STRING) ? w : NULL;
    return NULL;
}

const struct engine_want *emit_want_table(struct emit *m, const struct emit_want *w,
                                          const struct plan *p)
{
    const struct step s = {p, 0};
    w = carry(m, w, &s, of_table);
    return w != NULL ? for_table(m, p, w) : NULL;
}

/* ---- for people ---- */

static void print_terms(const struct engine_want *w, struct sbuf *out)
{
    sbuf_add(out, w->column);
    sbuf_addz(out, " has ");
    for (size_t i = 0; i < w->n_terms; i++) {
        sbuf_addz(out, i > 0 ? ", " : "");
        sql_text(out, w->words[i]);
    }
}

void engine_want_print(const struct engine_want *w, struct sbuf *out)
{
    if (w->kind == WANT_NEVER)
        sbuf_addz(out, "nothing");
    if (w->kind == WANT_TERMS)
        print_terms(w, out);
    for (size_t i = 0; i < w->n; i++) {
        bool group = w->kids[i]->n > 0;
        sbuf_addz(out, i == 0 ? "" : w->kind == WANT_ALL ? " and " : " or ");
        sbuf_addz(out, group ? "(" : "");
        engine_want_print(w->kids[i], out);
        sbuf_addz(out, group ? ")" : "");
    }
}
