/* How commands reach the system: through the running server of a data folder, or, when none runs,
 * through the same routes in this process. */
#pragma once
#include "api/api.h"
#include "text/json.h"

struct client {
    struct arena *a;
    struct clock *clock; /* in-process only */
    struct vedette *own; /* NULL: over HTTP */
    const char *url, *ca_file, *token;
};
/* make: a data folder that is not there is made. url NULL: $VEDETTE_URL (with $VEDETTE_TOKEN and
 * $VEDETTE_CA); else the server that DATA/server.json names, if it answers; else the data folder in
 * this process. data NULL: $VEDETTE_DATA. Errors: ERR_INVALID (neither is given), ERR_NOT_FOUND (no
 * such folder), ERR_CONFLICT (in use by a process that does not answer). */
bool client_open(struct client *c, const char *data, const char *url, bool make,
                 struct err *e) MUST_USE;
void client_close(struct client *c);
/* One request. body may be empty; the answer is parsed into c->a; an answer that is not 2xx is an
 * error with the server's message. out may be NULL. */
bool client_call(struct client *c, const char *method, const char *target, const char *content_type,
                 struct str body, struct json *out, struct err *e) MUST_USE;
/* As client_call, but any status is an answer. */
bool client_call_any(struct client *c, const char *method, const char *target,
                     const char *content_type, struct str body, int *out_status, struct json *out,
                     struct err *e) MUST_USE;
/* s for a place in a URL's path or query. */
struct str client_encoded(struct arena *a, struct str s);
/* What an answer that is a refusal says, as an error; always false. */
bool client_refused(int status, const struct json *answer, struct err *e);
struct client_workspace {
    const char *id, *name, *dcr, *tenant; /* tenant: its id */
    const char *arm;                      /* "/subscriptions/…/workspaces/NAME" */
    const char *insights;                 /* below it, "/providers/Microsoft.SecurityInsights" */
};
/* What a command asks of a workspace; arg is the command's own. */
struct client_place {
    const char *data, *url, *workspace;
};
typedef bool client_fn(struct client *c, const struct client_workspace *w, const void *arg,
                       struct err *e);
/* Opens, finds the workspace, runs fn, closes; complains. Returns the exit code. make: see
 * client_open. */
int client_run(const char *command, const struct client_place *p, bool make, client_fn *fn,
               const void *arg);
/* By id or name; NULL or empty: the first. Errors: ERR_NOT_FOUND; ERR_CONFLICT: workspaces of
 * several tenants have the name. */
bool client_workspace(struct client *c, const char *name, struct client_workspace *out,
                      struct err *e) MUST_USE;
