/* Data collection rules and streams: which table a stream name means. */
#include "ingest/ingest_priv.h"

#include "base/ids.h"

void ingest_dcr_id(const struct workspace *w, char out[INGEST_DCR_BYTES])
{
    struct str id = workspace_id(w);
    size_t n = 0;
    memcpy(out, "dcr-", 4);
    for (size_t i = 0; i < id.n && n < 32; i++)
        if (id.p[i] != '-')
            out[4 + n++] = id.p[i];
    CHECK(n == 32);
    out[36] = '\0';
}

struct workspace *ingest_dcr_find(struct ingest *in, struct str immutable_id)
{
    struct guid g;
    if (immutable_id.n != INGEST_DCR_BYTES - 1 || !str_starts(immutable_id, STR("dcr-")) ||
        !guid_parse(str_sub(immutable_id, 4, 32), &g))
        return NULL;
    char id[37];
    guid_format(g, id);
    return store_workspace_find(in->store, str_from(id));
}

static bool unknown(struct workspace *w, struct arena *a, struct str stream, struct str table,
                    struct err *e)
{
    struct str near = workspace_table_suggest(w, a, table);
    err_set(e, ERR_NOT_FOUND, "there is no stream '%.*s'", STR_ARG(stream));
    if (near.n > 0)
        err_hint(e, "did you mean '%s-%.*s'?", str_ends(near, STR("_CL")) ? "Custom" : "Microsoft",
                 STR_ARG(near));
    return false;
}

bool ingest_stream_table(struct workspace *w, struct arena *a, struct str stream,
                         struct str *out_table, struct err *e)
{
    struct str table = stream;
    bool custom = str_starts(stream, STR("Custom-"));
    if (custom)
        table = str_sub(stream, 7, stream.n);
    else if (str_starts(stream, STR("Microsoft-")))
        table = str_sub(stream, 10, stream.n);
    else
        return unknown(w, a, stream, table, e);
    struct kql_table t;
    bool is_cl = str_ends(table, STR("_CL"));
    bool own = str_starts(table, STR("Vedette"));
    bool found = !own && workspace_table_find(w, a, table, &t);
    if (custom && !found && !is_cl) {
        table = arena_fmt(a, "%.*s_CL", STR_ARG(table));
        is_cl = true;
        found = workspace_table_find(w, a, table, &t);
    }
    if (!found || (!custom && is_cl)) {
        if (custom)
            *out_table = arena_str(a, table); /* what the name would mean if the table were made */
        return unknown(w, a, stream, table, e);
    }
    *out_table = t.name;
    return true;
}
