/* The files of the portal, as its build left them, in memory: what is served is one version,
 * whatever happens to the folder while the server runs. */
#pragma once
#include "base/base.h"

struct portal_file {
    struct str name; /* below the folder: "assets/index-3f2a.js" */
    struct str bytes;
    struct str gzip;    /* the same packed, when the build left it beside it; else empty */
    const char *type;   /* of content; static text */
    char etag[24];      /* weak; a hash of bytes */
    bool named_by_hash; /* its name changes with its content */
};
struct portal;
/* Reads the folder that content_portal finds. Never NULL: what can't be read is logged, and
 * portal_find answers NULL to everything then. portal_free(NULL) is fine. */
struct portal *portal_load(void);
void portal_free(struct portal *p);
/* NULL: there is none; name compares bytewise, so that nothing outside of the folder has a name.
 * Borrowed from p, which may be NULL. */
const struct portal_file *portal_find(const struct portal *p, struct str name);
