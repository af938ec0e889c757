/* Checking and converting rules without a server. */
#pragma once
#include "cli/rules_manage.h"

/* Checks files of rules against the tables that ship and what the job's schemas, functions and
 * watchlists add; prints what is wrong. Returns the exit code. */
int rules_validate(const struct rules_job *j);
/* The same by a server, which knows its own tables, functions and watchlists. */
client_fn rules_validate_there;
/* Prints the rules of files in another form: --to arm (a list of resources), template or yaml. */
int rules_convert(const struct rules_job *j);
