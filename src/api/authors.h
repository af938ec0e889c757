/* With whose rights what runs by itself reads other workspaces: those that its author, who saved it
 * last, has when it runs. Azure does the same: a rule whose query lost the permission to one of its
 * data sources fails, and is disabled in the end ("Troubleshoot analytics rules"). */
#pragma once
#include "api/api_priv.h"

/* For detect, jobs and summaries; lives as long as v. */
const struct store_authors *authors_of(struct vedette *v);
/* The request's caller has saved it. Errors: those of the control database. */
bool author_keep(struct vedette *v, struct http_request *q, struct workspace *w, const char *kind,
                 struct str id, struct err *e) MUST_USE;
