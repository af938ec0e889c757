/* Verbs of `vedette incidents` about merging. */
#pragma once
#include <stdbool.h>

/* Runs the verb that argv[1] names, if it is one of these; *out_code is the exit code. */
bool cli_incidents_merge(int argc, char **argv, int *out_code);
