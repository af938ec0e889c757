/* Records of Azure's diagnostic settings, as columns of their tables. */
#pragma once
#include "ingest/foreign.h"

/* One record under way. */
struct azure_row {
    struct foreign *f;
    struct record_maker m;
    struct str table;
    const struct json *record;
    struct map *used; /* columns that have a value: the first one stays */
};
void azure_text(struct azure_row *r, const char *column, struct str text);
void azure_value(struct azure_row *r, const char *column, const struct json *v);

/* /subscriptions/S/resourceGroups/G/providers/P/type/name: its pieces, as written. */
struct azure_resource {
    struct str subscription, group, provider, type, name;
};
struct azure_resource azure_resource_of(struct str id);
/* A member of an object, in any case. */
const struct json *azure_member(const struct json *v, const char *name);

/* azure_open.c: AzureDiagnostics, whose columns are named by type. */
void azure_diagnostics(struct azure_row *r);
