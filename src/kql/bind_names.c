/* Automatic names of columns, and names that meet. Source: engine answers (names of unnamed
 * expressions), "Name references and identifiers". */
#include "kql/bind_priv.h"

const struct syn *bind_strip(const struct syn *s)
{
    while (s->kind == SYN_PAREN && s->n == 1)
        s = s->kids[0];
    return s;
}

static struct str join_path(struct binder *b, struct str head, struct str tail)
{
    return head.n == 0 ? STR_NONE : arena_fmt(b->a, "%.*s_%.*s", STR_ARG(head), STR_ARG(tail));
}

/* "sum_$1", "$1", "$1_sorted", "$only", "$value", "$IngestionTime", or a name as it stands. */
static struct str name_by_rule(const struct cx *c, const struct syn *s, const char *rule)
{
    struct str r = str_from(rule);
    size_t at;
    if (r.n == 0)
        return STR_NONE;
    if (str_eqz(r, "$value"))
        return s->n > 0 && s->kids[0]->kind == SYN_LITERAL ? s->kids[0]->value.s : STR_NONE;
    if (str_eqz(r, "$only"))
        return s->n == 1 ? bind_auto_name(c, s->kids[0]) : STR_NONE;
    if (!str_find(r, STR("$1"), &at))
        return r;
    struct str first = s->n > 0 ? bind_auto_name(c, s->kids[0]) : STR_NONE;
    if (r.n == 2)
        return first;
    struct str head = arena_fmt(c->b->a, "%.*s%.*s", (int)at, r.p, STR_ARG(first));
    struct str tail = str_sub(r, at + 2, r.n);
    if (!str_eqz(tail, "_$2"))
        return first.n > 0 || tail.n == 0
                   ? arena_fmt(c->b->a, "%.*s%.*s", STR_ARG(head), STR_ARG(tail))
                   : STR_NONE;
    return join_path(c->b, head, s->n > 1 ? bind_auto_name(c, s->kids[1]) : STR_NONE);
}

static struct str name_of_call(const struct cx *c, const struct syn *s)
{
    struct binding *env;
    if (bind_lookup(c->env, s->text) != NULL ||
        bind_find_function(c->b, c->env, s->text, &env, NULL) != NULL)
        return STR_NONE;
    const char *of_graph = c->graph != NULL ? bind_graph_column(s->text) : NULL;
    if (of_graph != NULL)
        return str_from(of_graph);
    const struct kql_func *f = kql_func_find(s->text);
    if (f != NULL && c->aggregates) {
        const struct kql_func *agg = kql_func_get(s->text, KF_AGGREGATE, KF_AGGREGATE);
        f = agg != NULL ? agg : f;
    }
    return f != NULL ? name_by_rule(c, s, f->naming) : STR_NONE;
}

static struct str name_of_index(const struct cx *c, const struct syn *s)
{
    const struct syn *i = bind_strip(s->kids[1]);
    struct str head = bind_auto_name(c, s->kids[0]);
    if (i->kind != SYN_LITERAL)
        return head;
    return join_path(c->b, head, i->value.type == KQL_STRING ? i->value.s : i->text);
}

struct str bind_auto_name(const struct cx *c, const struct syn *s)
{
    s = bind_strip(s);
    switch ((int)s->kind) {
    case SYN_NAME:
    case SYN_NAMED:
        return s->text;
    case SYN_MEMBER:
        if (s->n == 2)
            return STR_NONE;
        if (s->kids[0]->kind == SYN_NAME &&
            (str_eqz(s->kids[0]->text, "$left") || str_eqz(s->kids[0]->text, "$right")))
            return s->text;
        return join_path(c->b, bind_auto_name(c, s->kids[0]), s->text);
    case SYN_INDEX:
        return name_of_index(c, s);
    case SYN_CALL:
        return name_of_call(c, s);
    default:
        return STR_NONE;
    }
}

struct names names_start(struct binder *b)
{
    return (struct names){.b = b, .used = map_new(b->a, false)};
}

void names_reserve(struct names *n, struct str name)
{
    map_put(n->used, name, n->b);
}

struct str names_unique(struct names *n, struct str wanted)
{
    struct str name = wanted;
    for (unsigned i = 1; map_get(n->used, name) != NULL; i++)
        name = arena_fmt(n->b->a, "%.*s%u", STR_ARG(wanted), i);
    names_reserve(n, name);
    return name;
}

struct str names_column(struct names *n)
{
    struct str name;
    do {
        name = arena_fmt(n->b->a, "Column%u", ++n->columns);
    } while (map_get(n->used, name) != NULL);
    names_reserve(n, name);
    return name;
}
