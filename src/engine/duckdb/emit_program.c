/* Operators and plugins that are programs: one row in the table and one emitter each. */
#include "engine/duckdb/emit_priv.h"

static const struct program_arg *find_arg(const struct plan *p, const char *name, size_t at)
{
    for (size_t i = 0; i < p->program->n_args; i++) {
        if (str_eqz(p->program->args[i].name, name))
            return &p->program->args[i];
    }
    if (at < p->program->n_args && p->program->args[at].name.n == 0)
        return &p->program->args[at];
    return NULL;
}

/* bag_unpack(bag [, prefix]): new columns are members of the bag, typed by the binder from the rows
 * it looked at. */
static bool bag_unpack(struct emit *m, const struct plan *p, struct sbuf *out)
{
    const struct program_arg *bag = find_arg(p, "bag", 0), *prefix = find_arg(p, "prefix", 1);
    if (!bag || !bag->e)
        return emit_unsupported(m, p->off, p->len, "bag_unpack of this column");
    struct str pre = prefix && prefix->e ? prefix->e->value.s : prefix ? prefix->text : STR_NONE;
    struct str text;
    if (!emit_arg(m, bag->e, KQL_DYNAMIC, &text))
        return false;
    sbuf_addz(out, "SELECT ");
    for (size_t i = 0; i < p->cols.n; i++) {
        const struct plan_col *c = &p->cols.p[i];
        bool old = false;
        for (size_t j = 0; j < p->in[0]->cols.n; j++)
            old = old || p->in[0]->cols.p[j].id == c->id;
        sbuf_addz(out, i ? ", " : "");
        if (old) {
            emit_col(c->id, out);
            continue;
        }
        struct cast k;
        (void)cast_find(KQL_DYNAMIC, c->type, &k);
        struct str key = str_starts(c->name, pre) ? str_sub(c->name, pre.n, c->name.n) : c->name;
        sbuf_addf(out, "%svdc_dyn_key(%.*s, ", k.before, STR_ARG(text));
        sql_text(out, key);
        sbuf_addf(out, ")%s AS c%u", k.after, c->id);
    }
    if (p->cols.n == 0)
        sbuf_addz(out, "1 AS c0");
    sbuf_addz(out, " FROM ");
    return emit_from(m, p->in[0], out);
}

static const struct program_row {
    const char *name;
    bool (*fn)(struct emit *m, const struct plan *p, struct sbuf *out);
} programs[] = {
    {"bag_unpack", bag_unpack},
};

bool emit_program(struct emit *m, const struct plan *p, struct sbuf *out)
{
    for (size_t i = 0; i < COUNTOF(programs); i++) {
        if (str_eqz(p->program->name, programs[i].name))
            return programs[i].fn(m, p, out);
    }
    return emit_unsupported(m, p->off, p->len, arena_strz(m->a, p->program->name));
}
