/* Names that only rows bring, where there are no rows. The columns of bag_unpack and pivot are what
 * the rows hold; over an empty table a query that names one is right all the same, and has to run:
 * a rule runs on quiet days too. Such a plan is lenient, and a name that it does not know stands
 * for an empty value. Nothing tells its type, so it is a string (as the columns of watchlists are)
 * until something asks for another type. Where there are rows, an unknown name is a mistake. */
#include "kql/bind_priv.h"

struct expr *bind_absent(struct binder *b, const struct syn *at)
{
    struct expr *e = ex_const(b, (struct kql_value){.type = KQL_STRING}, at);
    e->absent = true;
    return e;
}

struct expr *bind_absent_as(struct binder *b, struct expr *e, enum kql_type t)
{
    if (e->type == t)
        return e;
    struct expr *r = e->kind == EX_CONST ? ex_null(b, t) : ex_cast(b, e, t);
    r->off = e->off;
    r->len = e->len;
    return r;
}

void bind_absent_settle(struct binder *b, struct expr **args, size_t n)
{
    enum kql_type t = KQL_UNKNOWN;
    for (size_t i = 0; i < n && t == KQL_UNKNOWN; i++)
        if (!args[i]->absent)
            t = args[i]->type;
    for (size_t i = 0; i < n && t != KQL_UNKNOWN; i++)
        if (args[i]->absent)
            args[i] = bind_absent_as(b, args[i], t);
}

bool bind_absent_try(struct binder *b, struct expr **args, struct kql_arg *kinds, size_t n,
                     size_t attempt)
{
    static const enum kql_type types[] = {KQL_DYNAMIC,  KQL_REAL, KQL_LONG, KQL_DATETIME,
                                          KQL_TIMESPAN, KQL_BOOL, KQL_GUID};
    bool any = false;
    for (size_t i = 0; i < n && attempt < COUNTOF(types); i++) {
        if (!args[i]->absent)
            continue;
        args[i] = bind_absent_as(b, args[i], types[attempt]);
        args[i]->absent = true; /* so that the next attempt finds it */
        kinds[i].type = types[attempt];
        any = true;
    }
    return any;
}
