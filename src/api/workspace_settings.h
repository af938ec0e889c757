/* What a workspace's resource says besides its cap: access control mode, display name. */
#pragma once
#include "api/api_priv.h"
#include "identity/access.h"
#include "text/json.h"

struct workspace_settings { /* that a body asks for */
    struct identity_access access;
    bool access_given; /* and other than it is */
    struct str name;
    bool name_given;
};
/* The members of "properties", into an open object. */
void workspace_settings_write(struct vedette *v, struct http_request *q, struct workspace *w,
                              struct json_out *o);
/* w NULL: one that is to be made. Errors: ERR_INVALID, with the member. */
bool workspace_settings_read(struct vedette *v, struct workspace *w, const struct json *body,
                             struct workspace_settings *out, struct err *e) MUST_USE;
bool workspace_settings_keep(struct vedette *v, struct workspace *w,
                             const struct workspace_settings *x, struct err *e) MUST_USE;
