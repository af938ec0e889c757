/* Checking rules without a server. */
#pragma once
#include "base/base.h"

/* Reads and checks one rule, its query against the tables that ship; prints what is wrong. */
bool rules_validate_file(const char *path, struct err *e) MUST_USE;
