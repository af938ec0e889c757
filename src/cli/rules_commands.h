/* Verbs of `vedette rules` that have options of their own; each takes its words from the verb on
 * and returns the exit code. */
#pragma once

int rules_backtest(int argc, char **argv);
int rules_coverage(int argc, char **argv);
int rules_diff(int argc, char **argv);
int rules_export(int argc, char **argv);
int rules_test(int argc, char **argv);
