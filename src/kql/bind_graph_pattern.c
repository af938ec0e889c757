/* Reads (a)-[e*1..3]->(b), (b)<--(c). Source: "graph-match operator", graph pattern notation. */
#include "kql/bind_graph_pattern.h"

struct reader {
    struct binder *b;
    const struct syn *at;
    struct str text;
    size_t i;
};

static bool bad(const struct reader *r, const char *wanted)
{
    struct str rest = str_sub(r->text, r->i, r->text.n - r->i);
    bind_error(r->b, "SYN0002", r->at, "in the graph pattern, %s is expected before '%s'", wanted,
               z(r->b, str_sub(rest, 0, rest.n > 20 ? 20 : rest.n)));
    return false;
}

static bool accept(struct reader *r, const char *word)
{
    size_t n = strlen(word);
    if (r->text.n - r->i < n || memcmp(r->text.p + r->i, word, n) != 0)
        return false;
    r->i += n;
    return true;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct str word(struct reader *r)
{
    size_t from = r->i;
    while (r->i < r->text.n && is_word(r->text.p[r->i]))
        r->i++;
    return str_sub(r->text, from, r->i - from);
}

static bool number(struct reader *r, unsigned *out)
{
    size_t from = r->i;
    *out = 0;
    while (r->i < r->text.n && r->text.p[r->i] >= '0' && r->text.p[r->i] <= '9' && *out < 100000)
        *out = *out * 10 + (unsigned)(r->text.p[r->i++] - '0');
    return r->i > from || bad(r, "a number of steps");
}

static bool steps(struct reader *r, struct pattern_item *e)
{
    e->min = e->max = 1;
    if (!accept(r, "*"))
        return true;
    e->many = true;
    if (!number(r, &e->min) || (!accept(r, "..") && !bad(r, "'..'")) || !number(r, &e->max))
        return false;
    if (e->max < e->min || e->max == 0) {
        bind_error(r->b, "SEM0001", r->at, "an edge of %u to %u steps does not exist", e->min,
                   e->max);
        return false;
    }
    if (e->max > PATTERN_MAX_STEPS) {
        kql_diag_add(r->b->d, ERR_LIMIT, "LIM0004", r->at, NULL,
                     "a variable edge has at most %d steps here, not %u", PATTERN_MAX_STEPS,
                     e->max);
        return false;
    }
    return true;
}

static bool node(struct reader *r, struct pattern_item *v)
{
    if (!accept(r, "("))
        return bad(r, "'('");
    v->name = word(r);
    return accept(r, ")") || bad(r, "')'");
}

static bool edge(struct reader *r, struct pattern_item *e)
{
    e->edge = true;
    e->min = e->max = 1;
    bool left = accept(r, "<");
    if (!accept(r, "-"))
        return bad(r, "an edge such as -[e]->");
    if (accept(r, "[")) {
        e->name = word(r);
        if (!steps(r, e) || (!accept(r, "]") && !bad(r, "']'")))
            return false;
    }
    if (!accept(r, "-"))
        return bad(r, "'-'");
    bool right = accept(r, ">");
    e->forward = right || !left;
    e->backward = left || !right;
    return true;
}

static struct pattern_item *add(struct reader *r, struct pattern *out)
{
    if (out->n == PATTERN_MAX_ELEMENTS) {
        kql_diag_add(r->b->d, ERR_LIMIT, "LIM0004", r->at, NULL,
                     "a graph pattern has at most %d nodes and edges", PATTERN_MAX_ELEMENTS);
        return NULL;
    }
    return &out->items[out->n++];
}

bool pattern_read(struct binder *b, const struct syn *clause, struct pattern *out)
{
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(KQL_MAX_BYTES);
    for (size_t i = 0; i < clause->n; i++)
        sbuf_add(&text, clause->kids[i]->text);
    struct reader r = {b, clause, arena_str(b->a, sbuf_str(&text)), 0};
    *out = (struct pattern){.n = 0};
    do {
        struct pattern_item *v = add(&r, out);
        if (v == NULL || !node(&r, v))
            return false;
        v->first = true;
        while (r.i < r.text.n && r.text.p[r.i] != ',') {
            if ((v = add(&r, out)) == NULL || !edge(&r, v))
                return false;
            if ((v = add(&r, out)) == NULL || !node(&r, v))
                return false;
        }
    } while (accept(&r, ","));
    return true;
}
