/* Values of operators' parameters: kind= and its like, and what render draws. */
#include "kql/bind_priv.h"

/* Values by blanks; ASCII case does not matter. */
static const struct {
    const char *op, *param, *values;
} choices[] = {
    {"join", "kind",
     "inner innerunique leftouter rightouter fullouter leftanti leftantisemi leftsemi rightanti "
     "rightantisemi rightsemi anti"},
    {"lookup", "kind", "leftouter inner"},
    {"mv-expand", "kind", "bag array"},
    {"mv-expand", "bagexpansion", "bag array"},
    {"parse", "kind", "simple regex relaxed"},
    {"parse-where", "kind", "simple regex relaxed"},
    {"union", "kind", "inner outer"},
};

static const char charts[] = "table list barchart piechart ladderchart timechart linechart "
                             "anomalychart pivotchart areachart "
                             "stackedareachart scatterchart timepivot columnchart timeline 3Dchart "
                             "card treemap plotly graph "
                             "sankey";

static const char properties[] = "accumulate anomalycolumns kind legend series title xaxis xcolumn "
                                 "xmax xmin xtitle yaxis ycolumns "
                                 "ymax ymin ysplit ytitle";

static bool next_word(struct str *rest, struct str *word)
{
    size_t n = 0;
    while (n < rest->n && rest->p[n] != ' ')
        n++;
    *word = str_sub(*rest, 0, n);
    *rest = str_sub(*rest, n < rest->n ? n + 1 : n, rest->n);
    return word->n > 0;
}

/* Is text one of the values? If not, it is reported at s, with what there is. */
static void check(struct binder *b, const struct syn *s, struct str text, const char *values,
                  const char *what)
{
    struct str rest = str_from(values), word;
    struct suggest near = {.want = text};
    while (next_word(&rest, &word)) {
        if (str_ieq(word, text))
            return;
        suggest_offer(&near, word);
    }
    struct str hint = near.best.n > 0 ? arena_fmt(b->a, "did you mean '%.*s'?", STR_ARG(near.best))
                                      : arena_fmt(b->a, "there are: %s", values);
    kql_diag_add(b->d, ERR_SEMANTIC, "SEM0219", s, z(b, hint), "'%s' is not %s", z(b, text), what);
}

/* A value that is a word or a text. */
static void check_value(struct binder *b, const struct syn *s, const char *values, const char *what)
{
    if (s->kind == SYN_NAME)
        check(b, s, s->text, values, what);
    else if (s->kind == SYN_LITERAL && s->value.type == KQL_STRING)
        check(b, s, s->value.s, values, what);
}

static void check_render(struct binder *b, const struct syn *op)
{
    if (op->n > 0)
        check_value(b, op->kids[0], charts, "a chart");
    for (size_t i = 0; i < op->n_params; i++) {
        const struct syn *p = op->params[i];
        if (str_starts(p->text, STR("with.")))
            check(b, p, str_sub(p->text, 5, p->text.n), properties, "a property of render");
    }
}

void bind_check_params(struct binder *b, const struct syn *op)
{
    for (size_t i = 0; i < COUNTOF(choices); i++) {
        const struct syn *p =
            str_eqz(op->text, choices[i].op) ? syn_param(op, choices[i].param) : NULL;
        if (p != NULL && p->n > 0)
            check_value(b, p->kids[0], choices[i].values,
                        arena_fmt(b->a, "a kind of %s", choices[i].op).p);
    }
    if (str_eqz(op->text, "render"))
        check_render(b, op);
}
