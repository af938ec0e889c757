/* Who changed what: rows of SentinelAudit. Columns and ExtendedProperties are those of Sentinel's
 * audit of analytics rules (learn.microsoft.com, "Microsoft Sentinel audit tables reference"); the
 * same shape tells of everything else that is changed here, and of sign-ins. */
#pragma once
#include "incident/incident.h"

enum { AUDIT_MAX_ROW = 32 << 20 };

struct audit_entry {
    const char *operation;    /* "Microsoft.SecurityInsights/watchlists/Write" */
    struct str resource_id;   /* ARM id */
    struct str resource_name; /* its last part */
    struct str resource_type; /* for people: "Watchlist" */
    struct str resource_kind; /* may be empty */
    struct str display_name;
    bool failed;
    struct str description, reason;
    struct str caller, address; /* name; address that the request came from, may be empty */
    struct str more;            /* further ExtendedProperties, a JSON object; may be empty */
    struct str id;              /* a GUID: the row is written once for it; empty: a new one */
    struct str correlation_id;  /* empty: id */
};
/* Puts the row into the outbox of the log tables, in the state transaction that the caller may be
 * in. Errors: ERR_LIMIT (more than AUDIT_MAX_ROW), those of the control database. */
bool audit_put(struct incidents *in, struct workspace *w, int64_t now, const struct audit_entry *x,
               struct err *e) MUST_USE;
