/* What the language has, by name, beside its functions (functions.h): for references and lists.
 * Whether an engine can run it is another question. */
#pragma once
#include "base/base.h"

const char *kql_operator_at(size_t i); /* canonical names of the tabular operators; NULL: the end */
const char *kql_plugin_at(size_t i);   /* plugins of evaluate, sorted; NULL: past the end */
