/* The flows of a rule: from which stream, through what, into which tables; and whether that fits.
 */
#include "dcr/dcr_priv.h"

bool dcr_flow_reads(const struct dcr_flow *f, struct str stream)
{
    for (size_t i = 0; i < f->n_streams; i++)
        if (str_eq(f->streams[i], stream))
            return true;
    return false;
}

struct str dcr_flow_output(const struct dcr_flow *f, struct str stream)
{
    return f->output.n > 0 ? f->output : stream;
}

/* ---- does the result fit the table ---- */

static const char *azure_type(enum kql_type t)
{
    static const char *const names[KQL_N_TYPES] = {
        [KQL_STRING] = "String",   [KQL_INT] = "Int",      [KQL_LONG] = "Long",
        [KQL_REAL] = "Real",       [KQL_BOOL] = "Boolean", [KQL_DATETIME] = "DateTime",
        [KQL_DYNAMIC] = "Dynamic", [KQL_GUID] = "Guid",    [KQL_TIMESPAN] = "TimeSpan",
        [KQL_DECIMAL] = "Decimal",
    };
    return t < KQL_N_TYPES && names[t] != NULL ? names[t] : "Unknown";
}

/* Without loss of anything. */
static bool type_fits(enum kql_type given, enum kql_type column)
{
    if (given == column || column == KQL_DYNAMIC)
        return true;
    switch ((int)column) {
    case KQL_STRING:
        return given == KQL_GUID;
    case KQL_GUID:
        return given == KQL_STRING;
    case KQL_LONG:
        return given == KQL_INT;
    case KQL_REAL:
    case KQL_DECIMAL:
        return given == KQL_INT || given == KQL_LONG;
    default:
        return false;
    }
}

/* What a table that ships lacks is dropped; what the service fills in is ignored. */
static void check_column(struct dcr_reading *r, const struct kql_column *c,
                         const struct kql_table *t, struct str target)
{
    size_t at;
    const struct kql_column *to = store_column_find(t, c->name, &at);
    bool own = str_ends(t->name, STR("_CL"));
    if (to != NULL && !type_fits(c->type, to->type))
        dcr_issue(r, "InvalidTransformOutput", target,
                  "Types of transform output columns do not match the ones defined by the output "
                  "stream: %.*s [produced:'%s', output:'%s']",
                  STR_ARG(dcr_brief(c->name)), azure_type(c->type), azure_type(to->type));
    else if (to == NULL && own && !store_column_is_services(c->name))
        dcr_issue(r, "InvalidTransformOutput", target,
                  "the output has the column '%.*s' [produced:'%s'], table %.*s has not: add it to "
                  "the table, or project it away",
                  STR_ARG(dcr_brief(c->name)), azure_type(c->type), STR_ARG(t->name));
}

static void check_output(struct dcr_reading *r, const struct kql_schema *given, struct workspace *w,
                         struct str table, struct str target)
{
    struct kql_table t = {0};
    bool timed = false;
    if (!workspace_table_find(w, r->a, table, &t))
        return;
    for (size_t i = 0; i < given->n; i++) {
        check_column(r, &given->cols[i], &t, target);
        timed = timed || (str_eqz(given->cols[i].name, "TimeGenerated") &&
                          given->cols[i].type == KQL_DATETIME);
    }
    if (!timed)
        dcr_issue(r, "InvalidTransformOutput", target,
                  "the output must have TimeGenerated, a datetime: for example extend "
                  "TimeGenerated = now()");
}

/* ---- one flow ---- */

struct flow_reading {
    struct dcr_reading *r;
    const struct dcr_flow *f;
    struct str target;
};

static void check_transform(const struct flow_reading *x, const struct kql_schema *columns,
                            struct workspace *w, struct str table)
{
    struct dcr_reading *r = x->r;
    struct kql_schema given = {0};
    struct err e = {0};
    struct ingest_transform t = {x->f->transform.n > 0 ? x->f->transform : STR("source"), columns};
    if (ingest_transform_check(r->a, &t, r->about->now, &given, &e))
        check_output(r, &given, w, table, x->target);
    else if (e.pos.line > 0)
        dcr_issue(r, "InvalidTransformQuery", x->target, "transformKql, line %u, column %u: %s%s%s",
                  e.pos.line, e.pos.col, e.msg, e.hint[0] != '\0' ? "; " : "", e.hint);
    else
        dcr_issue(r, "InvalidTransformQuery", x->target, "transformKql: %s", e.msg);
}

static void check_stream(const struct flow_reading *x, struct workspace *w, struct str stream)
{
    struct dcr_reading *r = x->r;
    struct str output = dcr_flow_output(x->f, stream), table = STR("");
    struct str own = arena_fmt(r->a, "Microsoft-%.*s",
                               STR_ARG(str_sub(stream, sizeof(DCR_TABLE_STREAM) - 1, stream.n)));
    if (r->about->standing && x->f->output.n == 0)
        output = own;
    struct kql_schema columns = {0};
    struct err e = {0};
    bool declared = false;
    bool of_table = str_starts(stream, STR(DCR_TABLE_STREAM));
    if (of_table != r->about->standing)
        dcr_issue(r, "InvalidStream", x->target,
                  "stream '%.*s': rules of kind WorkspaceTransforms have streams " DCR_TABLE_STREAM
                  "<a table that ships>, others have not",
                  STR_ARG(dcr_brief(stream)));
    else if (!dcr_model_columns(r->a, r->m, w, stream, &columns, &declared))
        dcr_issue(r, "InvalidStream", x->target,
                  "'Streams' stream '%.*s' must be a custom stream that streamDeclarations has, or "
                  "Microsoft-<a table that ships>",
                  STR_ARG(dcr_brief(stream)));
    else if (r->about->standing && !str_eq(output, own))
        dcr_issue(r, "InvalidOutputTable", x->target, "outputStream '%.*s': '%.*s' expected",
                  STR_ARG(dcr_brief(output)), STR_ARG(dcr_brief(own)));
    else if (!ingest_stream_table(w, r->a, output, &table, &e))
        dcr_issue(r, "InvalidOutputTable", x->target,
                  "Table for output stream '%.*s' is not "
                  "available for destination '%.*s'%s%s",
                  STR_ARG(dcr_brief(output)), STR_ARG(workspace_name(w)),
                  e.hint[0] != '\0' ? "; " : "", e.hint);
    else if (declared || x->f->transform.n > 0)
        check_transform(x, &columns, w, table);
}

static struct str *read_names(struct dcr_reading *r, const struct json *flow, const char *name,
                              struct str target, size_t *out_n)
{
    const struct json *list = dcr_array(r, flow, name, target);
    size_t n = list != NULL ? list->n : 0;
    struct str *out = arena_array(r->a, struct str, n + 1);
    for (*out_n = 0; *out_n < n; ++*out_n)
        out[*out_n] = arena_str(r->a, json_text(&list->items[*out_n], STR("")));
    if (n == 0)
        dcr_issue(r, "InvalidDataFlow", target, "%s: at least one expected", name);
    return out;
}

static struct workspace *destination(struct dcr_reading *r, struct str name, struct str target)
{
    for (size_t i = 0; i < r->m->n_destinations; i++)
        if (str_eq(r->m->destinations[i].name, name)) /* without a workspace it was told of */
            return r->m->destinations[i].workspace;
    dcr_issue(r, "InvalidDestination", target,
              "destination '%.*s' is none of properties.destinations.logAnalytics, the kind that "
              "there is here",
              STR_ARG(dcr_brief(name)));
    return NULL;
}

/* What would change the records in a way that there is not here. */
static void refuse_foreign(struct dcr_reading *r, const struct json *v, struct str target)
{
    static const char *const names[] = {"builtInTransform", "transform"};
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (json_text(json_get(v, names[i]), STR("")).n > 0)
            dcr_issue(r, "InvalidDataFlow", target, "%s can't be used here: use transformKql",
                      names[i]);
}

static void read_flow(struct dcr_reading *r, const struct json *v, struct str target,
                      struct dcr_flow *f)
{
    size_t n = 0;
    *f = (struct dcr_flow){
        .transform = arena_str(r->a, str_trim(json_text(json_get(v, "transformKql"), STR("")))),
        .output = arena_str(r->a, json_text(json_get(v, "outputStream"), STR("")))};
    if (str_eqz(f->transform, "source"))
        f->transform = STR("");
    f->streams = read_names(r, v, "streams", target, &f->n_streams);
    struct str *names = read_names(r, v, "destinations", target, &n);
    refuse_foreign(r, v, target);
    if (f->transform.n > 0 && f->n_streams > 1)
        dcr_issue(r, "InvalidDataFlow", target, "a flow with transformKql has one stream");
    f->to = arena_array(r->a, struct workspace *, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct workspace *w = destination(r, names[i], target);
        if (w != NULL)
            f->to[f->n_to++] = w;
    }
    struct flow_reading x = {r, f, target};
    for (size_t i = 0; i < f->n_to; i++)
        for (size_t k = 0; k < f->n_streams; k++)
            check_stream(&x, f->to[i], f->streams[k]);
}

void dcr_read_flows(struct dcr_reading *r, const struct json *properties)
{
    const struct json *flows = dcr_array(r, properties, "dataFlows", STR("properties"));
    size_t n = flows != NULL ? flows->n : 0;
    r->m->flows = arena_array(r->a, struct dcr_flow, n + 1);
    for (size_t i = 0; i < n; i++)
        read_flow(r, &flows->items[i], arena_fmt(r->a, "properties.dataFlows[%zu]", i),
                  &r->m->flows[r->m->n_flows++]);
    if (n == 0)
        dcr_issue(r, "InvalidDataFlow", STR("properties.dataFlows"), "at least one flow expected");
}
