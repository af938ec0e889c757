/* Tables for terminals: columns as wide as what is in them, nothing that could drive a terminal. */
#pragma once
#include "base/base.h"
#include <stdio.h>

struct text_table {
    struct arena *a;
    const char *const *heads;
    size_t columns;
    VEC(struct str) cells;
};
/* heads is borrowed. */
void text_table_begin(struct text_table *t, struct arena *a, const char *const *heads, size_t n);
/* One cell a column; borrowed until printed. */
void text_table_row(struct text_table *t, const struct str *cells);
/* Cells are cut at 100 characters, those of the last column at 300; "…" says so. */
void text_table_write(const struct text_table *t, struct sbuf *out);
void text_table_print(const struct text_table *t, FILE *to);
/* s for a terminal: control characters but line breaks become blanks. In a. */
struct str text_plain(struct arena *a, struct str s);
