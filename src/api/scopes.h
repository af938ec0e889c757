/* What the routes of Microsoft.Authorization share: scopes in front of their path, and how they
 * refuse. */
#pragma once
#include "api/api_priv.h"

#define AUTHORIZATION "/providers/Microsoft.Authorization"
#define SCOPE_GROUP "/subscriptions/{subscription}/resourceGroups/{group}"
#define SCOPE_RESOURCE SCOPE_GROUP "/providers/{provider}/{type}/{resource}"
/* A row for each depth of scope: the server, a subscription, a group, a resource, a part of one
 * (a table). */
#define AT_ALL_SCOPES(method, path, run, access, max)                                               \
    {method, AUTHORIZATION path, run, access, max, FAMILY_ARM},                                     \
        {method, "/subscriptions/{subscription}" AUTHORIZATION path, run, access, max, FAMILY_ARM}, \
        {method, SCOPE_GROUP AUTHORIZATION path, run, access, max, FAMILY_ARM},                     \
        {method, SCOPE_RESOURCE AUTHORIZATION path, run, access, max, FAMILY_ARM},                  \
    {                                                                                               \
        method, SCOPE_RESOURCE "/{part_type}/{part}" AUTHORIZATION path, run, access, max,          \
            FAMILY_ARM                                                                              \
    }

/* The scope that the request's path begins with, its workspace as an id, if the caller has the
 * route's right there; false: the answer is written. */
bool scope_of_request(struct vedette *v, struct http_request *q, struct http_response *r,
                      struct identity_scope *out) MUST_USE;
/* The same for a scope in text, and another action. Errors: ERR_INVALID, ERR_NOT_FOUND,
 * ERR_FORBIDDEN. */
bool scope_allowed(const struct http_request *q, struct str path, const char *action,
                   struct identity_scope *out, struct err *e) MUST_USE;
/* Does whole reach all that part is? */
bool scope_holds(const struct identity_scope *whole, const struct identity_scope *part);
/* Is the tenant (empty: the first one) the caller's own? Roles and assignments of others are not
 * its to see. */
bool scope_is_own(struct vedette *v, const struct http_request *q, struct str tenant);
/* Is the principal of the caller's tenant? Those that the server does not know (groups) are of the
 * first one. */
bool scope_has_principal(struct vedette *v, struct http_request *q, struct str principal);
/* "" for the server's own scope, else its path: what ids begin with. */
struct str scope_prefix(const struct identity_scope *s);
