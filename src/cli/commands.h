/* The subcommands' functions; each has one row in the table in cli.c. */
#pragma once

int cli_apps(int argc, char **argv);
int cli_backup(int argc, char **argv);
int cli_export(int argc, char **argv);
int cli_import(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_config(int argc, char **argv);
int cli_dcr(int argc, char **argv);
int cli_demo(int argc, char **argv);
int cli_functions(int argc, char **argv);
int cli_incidents(int argc, char **argv);
int cli_cases(int argc, char **argv);
int cli_ingest(int argc, char **argv);
int cli_kql(int argc, char **argv);
int cli_openapi(int argc, char **argv);
int cli_query(int argc, char **argv);
int cli_restore(int argc, char **argv);
int cli_roles(int argc, char **argv);
int cli_rules(int argc, char **argv);
int cli_serve(int argc, char **argv);
int cli_simulate(int argc, char **argv);
int cli_jobs(int argc, char **argv);
int cli_providers(int argc, char **argv);
int cli_tenants(int argc, char **argv);
int cli_workspaces(int argc, char **argv);
int cli_summaries(int argc, char **argv);
int cli_tables(int argc, char **argv);
int cli_users(int argc, char **argv);
int cli_watchlists(int argc, char **argv);
