/* vedette kql format. */
#pragma once

/* argv[0] is "format". Exit code: 0 fine, 1 does not parse or (--check) is not formatted, 2 usage.
 */
int kql_format_command(int argc, char **argv);
