/* Expressions of ARM templates, "[concat(parameters('workspace'), '/x')]": as much of the language
 * as exported rules and published templates use. */
#pragma once
#include "text/json.h"

struct arm_scope_of_template {
    const struct json *parameters, *variables; /* of the template; NULL: none */
    const struct arm_scope_of_template *outer; /* where names are looked up next; NULL: nowhere */
    /* What a parameter without default stands for whose name has "workspace" in it. */
    struct str workspace;
};
/* v with each text that is an expression replaced by its value; the tree lives in a, offsets stay
 * those of v. Texts that start with "[[" lose one of them. Errors: ERR_SYNTAX, ERR_UNSUPPORTED (a
 * function), ERR_NOT_FOUND (parameter, variable), ERR_LIMIT (depth,
 * calls, length); e->pos.off: v's offset. */
bool arm_evaluate(struct arena *a, const struct arm_scope_of_template *t, const struct json *v,
                  struct json *out, struct err *e) MUST_USE;
