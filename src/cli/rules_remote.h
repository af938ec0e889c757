/* The rules of a workspace, as a set like that of files. */
#pragma once
#include "cli/client.h"
#include "cli/rule_files.h"

/* The alertRules resources of a workspace; those of kinds without a query are not in it. */
bool rules_fetch(struct client *c, const struct client_workspace *w, struct json *out,
                 struct err *e) MUST_USE;
/* The same, read. s->a: in which it lives. */
bool rule_set_fetch(struct rule_set *s, struct client *c, const struct client_workspace *w,
                    struct err *e) MUST_USE;
