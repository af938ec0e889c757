/* The names of CSV's columns, where the file's own first line is not what is wanted. */
#pragma once
#include "base/base.h"

enum { CSV_MAX_NAMES = 500 };
struct csv_names {
    char separator;      /* between fields */
    struct str *columns; /* the file has no first line of names: these are they */
    size_t n_columns;
    struct str *map_from, *map_to; /* names in the file, and the columns that they mean */
    size_t n_map;
};
/* Writes the line of names that goes in front of records. start: of the file; *out_n: how much of
 * it is its own first line. false: that line is not complete, or not CSV. */
bool csv_names_line(const struct csv_names *c, struct str start, struct sbuf *out,
                    size_t *out_n) MUST_USE;
/* Reads "a,b,c" into columns, and "From=To,…" into the map; texts are borrowed. Errors:
 * ERR_INVALID.
 */
bool csv_names_read_columns(struct csv_names *c, struct arena *a, struct str text,
                            struct err *e) MUST_USE;
bool csv_names_read_map(struct csv_names *c, struct arena *a, struct str text,
                        struct err *e) MUST_USE;
/* End of the last line in text, which starts at a line's start; 0: none. A line feed inside of
 * quotes ends no line; a quote opens at the start of a field only. */
size_t csv_cut(struct str text, char separator);
/* One character of ASCII, or "tab". */
bool csv_separator_read(struct str text, char *out);
