/* Identifiers and literals in SQL, and cells in JSON: the only writers of either. */
#include "engine/duckdb/duck_priv.h"
#include "text/date.h"
#include "text/json.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

void sql_ident(struct sbuf *b, struct str name)
{
    sbuf_addc(b, '"');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '"')
            sbuf_addc(b, '"');
        if (name.p[i] != '\0')
            sbuf_addc(b, name.p[i]);
    }
    sbuf_addc(b, '"');
}

/* A NUL byte would end the statement: it is written as chr(0). */
static bool has_nul(struct str text)
{
    return text.n && memchr(text.p, '\0', text.n) != NULL;
}

void sql_text(struct sbuf *b, struct str text)
{
    bool nul = has_nul(text);
    if (nul)
        sbuf_addc(b, '(');
    sbuf_addc(b, '\'');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '\0') {
            sbuf_addz(b, "' || chr(0) || '");
            continue;
        }
        if (text.p[i] == '\'')
            sbuf_addc(b, '\'');
        sbuf_addc(b, text.p[i]);
    }
    sbuf_addc(b, '\'');
    if (nul)
        sbuf_addc(b, ')');
}

const char *engine_sql_type(enum kql_type t)
{
    switch (t) {
    case KQL_BOOL:
        return "BOOLEAN";
    case KQL_INT:
        return "INTEGER";
    case KQL_LONG:
    case KQL_DATETIME:
    case KQL_TIMESPAN:
        return "BIGINT";
    case KQL_REAL:
        return "DOUBLE";
    case KQL_DECIMAL:
        return "DECIMAL(38,18)";
    case KQL_GUID:
        return "UUID";
    case KQL_STRING:
    case KQL_DYNAMIC:
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        return "VARCHAR";
    }
    return "VARCHAR";
}

static void real_literal(struct sbuf *b, double d)
{
    if (isnan(d))
        sbuf_addz(b, "'NaN'::DOUBLE");
    else if (isinf(d))
        sbuf_addz(b, d > 0 ? "'Infinity'::DOUBLE" : "'-Infinity'::DOUBLE");
    else
        sbuf_addf(b, "'%.17g'::DOUBLE", d);
}

void sql_value(struct sbuf *b, const struct kql_value *v)
{
    if (v->is_null && v->type != KQL_STRING) {
        sbuf_addf(b, "NULL::%s", engine_sql_type(v->type));
        return;
    }
    switch (v->type) {
    case KQL_BOOL:
        sbuf_addz(b, v->b ? "TRUE" : "FALSE");
        return;
    case KQL_INT:
        sbuf_addf(b, "(%" PRId64 ")::INTEGER", v->i);
        return;
    case KQL_LONG:
    case KQL_DATETIME:
    case KQL_TIMESPAN:
        sbuf_addf(b, "(%" PRId64 ")::BIGINT", v->i);
        return;
    case KQL_REAL:
        real_literal(b, v->d);
        return;
    case KQL_DECIMAL:
        sbuf_addz(b, "TRY_CAST(");
        sql_text(b, v->s);
        sbuf_addz(b, " AS DECIMAL(38,18))");
        return;
    case KQL_GUID:
        sbuf_addz(b, "TRY_CAST(");
        sql_text(b, v->s);
        sbuf_addz(b, " AS UUID)");
        return;
    case KQL_STRING:
    case KQL_DYNAMIC:
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        sql_text(b, v->s);
        return;
    }
}

void engine_value_json(struct json_out *w, const struct kql_value *v)
{
    char text[40];
    if (v->is_null && v->type != KQL_STRING) {
        json_null(w);
        return;
    }
    switch (v->type) {
    case KQL_BOOL:
        json_bool(w, v->b);
        return;
    case KQL_INT:
    case KQL_LONG:
        json_int(w, v->i);
        return;
    case KQL_REAL:
        if (isnan(v->d))
            json_z(w, "NaN");
        else if (isinf(v->d))
            json_z(w, v->d > 0 ? "Infinity" : "-Infinity");
        else
            json_real(w, v->d);
        return;
    case KQL_DATETIME:
        date_format(v->i, text);
        json_z(w, text);
        return;
    case KQL_TIMESPAN:
        span_format(v->i, text);
        json_z(w, text);
        return;
    case KQL_DYNAMIC:
        json_raw(w, v->s);
        return;
    case KQL_DECIMAL:
    case KQL_GUID:
    case KQL_STRING:
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        json_str(w, v->s);
        return;
    }
}
