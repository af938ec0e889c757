/* Who changed what: rows of SentinelAudit. Columns and ExtendedProperties are those of Sentinel's
 * audit of analytics rules (learn.microsoft.com, "Microsoft Sentinel audit tables reference"); the
 * same shape tells of everything else that is changed here, and of sign-ins. */
#pragma once
#include "incident/incident.h"

struct audit_entry {
    const char *operation;    /* "Microsoft.SecurityInsights/watchlists/Write" */
    struct str resource_id;   /* ARM id */
    struct str resource_name; /* its last part */
    struct str resource_type; /* for people: "Watchlist" */
    struct str display_name;
    bool failed;
    struct str description, reason;
    struct str caller, address; /* name; address that the request came from, may be empty */
    struct str more;            /* further ExtendedProperties, a JSON object; may be empty */
    struct str id;              /* a GUID: the row is written once for it; empty: a new one */
};
/* Puts the row into the outbox of the log tables, in the state transaction that the caller may be
 * in. Errors: ERR_LIMIT (texts of more than 1 MiB), those of the control database. */
bool audit_put(struct incidents *in, struct workspace *w, int64_t now, const struct audit_entry *x,
               struct err *e) MUST_USE;
