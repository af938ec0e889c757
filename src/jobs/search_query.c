/* What a search job may ask: one table, and operators that look at one row at a time. */
#include "jobs/jobs_priv.h"

#define ORIGINALS "_OriginalType, _OriginalItemId, _OriginalTimeGenerated"

static const char *const operators[] = {"where",           "extend",       "project",
                                        "project-away",    "project-keep", "project-rename",
                                        "project-reorder", "parse",        "parse-where"};

static bool refuse(const struct syn *at, struct err *e, const char *what)
{
    err_at(e, ERR_INVALID, (struct pos){.off = at->off}, "%s", what);
    e->len = at->len;
    return false;
}

static bool operator_ok(const struct syn *op, struct err *e)
{
    for (size_t i = 0; op->kind == SYN_OP && i < COUNTOF(operators); i++)
        if (str_eqz(op->text, operators[i]))
            return true;
    return refuse(op, e,
                  "a search job takes where, extend, project, project-away, project-keep, "
                  "project-rename, project-reorder, parse and parse-where only");
}

/* No other table anywhere inside. */
static bool expressions_ok(const struct syn *n, struct err *e)
{
    if (n == NULL)
        return true;
    switch ((int)n->kind) {
    case SYN_PIPE:
    case SYN_SUBQUERY:
    case SYN_TOSCALAR:
    case SYN_TOTABLE:
    case SYN_MATERIALIZE:
    case SYN_DATATABLE:
    case SYN_EXTERNALDATA:
        return refuse(n, e, "a search job reads one table only");
    default:
        break;
    }
    for (size_t i = 0; i < n->n; i++)
        if (!expressions_ok(n->kids[i], e))
            return false;
    for (size_t i = 0; i < n->n_params; i++)
        if (!expressions_ok(n->params[i], e))
            return false;
    return true;
}

/* The source, and the operators behind it. */
static bool shape_ok(const struct syn *query, const struct syn **out_source,
                     const struct syn **out_pipe, struct err *e)
{
    const struct syn *only = query->n == 1 ? query->kids[0] : NULL;
    if (only == NULL || only->kind != SYN_EXPR_STMT || only->n != 1)
        return refuse(query, e, "a search job's query is one table and operators behind it");
    const struct syn *body = only->kids[0];
    const struct syn *source = body->kind == SYN_PIPE && body->n > 0 ? body->kids[0] : body;
    if (source->kind != SYN_NAME)
        return refuse(source, e, "a search job's query begins with the name of a table");
    *out_source = source;
    *out_pipe = body->kind == SYN_PIPE ? body : NULL;
    for (size_t i = 1; *out_pipe != NULL && i < body->n; i++) {
        if (!operator_ok(body->kids[i], e))
            return false;
        for (size_t k = 0; k < body->kids[i]->n; k++)
            if (!expressions_ok(body->kids[i]->kids[k], e))
                return false;
    }
    return true;
}

/* Behind the source the three columns are made, and each projection keeps them. */
static struct str with_originals(struct arena *a, struct str text, const struct syn *source,
                                 const struct syn *pipe)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(2 * (size_t)KQL_MAX_BYTES);
    size_t at = source->off + source->len;
    sbuf_add(&b, str_sub(text, 0, at));
    sbuf_addz(&b, " | extend _OriginalType = Type, _OriginalItemId = _ItemId, "
                  "_OriginalTimeGenerated = TimeGenerated");
    for (size_t i = 1; pipe != NULL && i < pipe->n; i++) {
        const struct syn *op = pipe->kids[i];
        size_t end = op->off + op->len;
        sbuf_add(&b, str_sub(text, at, end - at));
        if (str_eqz(op->text, "project") || str_eqz(op->text, "project-keep"))
            sbuf_addz(&b, ", " ORIGINALS);
        at = end;
    }
    sbuf_add(&b, str_sub(text, at, text.n));
    return sbuf_ok(&b) && b.n <= KQL_MAX_BYTES ? arena_str(a, sbuf_str(&b)) : STR_NONE;
}

/* What the store writes in every row itself. */
bool search_query_keeps(struct str column)
{
    static const char *const own[] = {"TenantId",      "Type",         "_ItemId",
                                      "_TimeReceived", "_BilledSize",  "_IsBillable",
                                      "_WorkspaceId",  "TimeGenerated"};
    for (size_t i = 0; i < COUNTOF(own); i++)
        if (str_eqz(column, own[i]))
            return false;
    return true;
}

static bool compile(struct arena *a, const struct kql_catalog *cat, struct str text, int64_t now,
                    struct kql_query *out, struct err *e)
{
    struct kql_options o = {.catalog = cat, .now_ticks = now};
    struct kql_diags diags = {.a = a, .text = text};
    if (kql_compile(a, text, &o, out, &diags))
        return true;
    kql_diags_err(&diags, e);
    return false;
}

static bool read_tree(struct arena *a, const struct kql_catalog *cat, struct str query, int64_t now,
                      struct search_query *out, struct err *e)
{
    struct kql_diags diags = {.a = a, .text = query};
    const struct syn *source = NULL, *pipe = NULL;
    struct kql_table t = {0};
    struct kql_query own = {0}, whole = {0};
    struct syn *tree = kql_parse(a, query, &diags);
    if (tree == NULL || diags.n_errors > 0) {
        kql_diags_err(&diags, e);
        return false;
    }
    /* The caller's own text first: its errors have their place in it. */
    if (!shape_ok(tree, &source, &pipe, e) || !compile(a, cat, query, now, &own, e))
        return false;
    if (own.tables.n != 1 || !cat->find_table(cat->self, a, STR_NONE, own.tables.p[0], &t))
        return refuse(source, e, "a search job reads one table only");
    out->source = own.tables.p[0];
    out->text = with_originals(a, query, source, pipe);
    if (out->text.n == 0)
        return err_set(e, ERR_LIMIT, "the query is too long");
    if (!compile(a, cat, out->text, now, &whole, e))
        return false;
    const struct plan_cols *cols = &whole.results[0].plan->cols;
    out->columns = (struct kql_schema){arena_array(a, struct kql_column, cols->n + 1), 0};
    for (size_t i = 0; i < cols->n; i++)
        if (!cols->p[i].hidden && search_query_keeps(cols->p[i].name))
            out->columns.cols[out->columns.n++] =
                (struct kql_column){cols->p[i].name, cols->p[i].type};
    return true;
}

bool search_query_read(struct arena *a, const struct kql_catalog *cat, struct str query,
                       int64_t now, struct search_query *out, struct err *e)
{
    struct err why = {0};
    if (read_tree(a, cat, query, now, out, &why))
        return true;
    kql_err_locate(query, &why);
    if (why.pos.line > 0)
        err_prefix(&why, "properties.searchResults.query, line %u, column %u", why.pos.line,
                   why.pos.col);
    why.code = why.code == ERR_INTERNAL || why.code == ERR_LIMIT ? why.code : ERR_INVALID;
    *e = why;
    return false;
}
