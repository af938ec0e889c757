/* vedette kql sql --explain: what a query would read of a server's or a data folder's tables. */
#pragma once

/* argv: "sql", then options and the query. Returns the exit code. */
int kql_explain_command(int argc, char **argv);
