/* An index of the terms in columns of text: for groups of consecutive rows and each column a filter
 * that tells which terms are not there. A term is what `has` takes for one: a run of letters and
 * digits of any script, its case folded. Filters never deny a term that is there; they may claim
 * one that is not. Knows neither tables nor the files that it describes. */
#pragma once
#include "base/base.h"

/* ---- terms of a text ---- */
struct terms_word {
    uint64_t hash;
    struct str text;  /* folded */
    bool first, last; /* nothing before, after it in the text */
};
struct terms_words {
    struct terms_word *p;
    size_t n, cap;
};
/* Adds the terms of text. Behind the last number of an IPv4 address comes the address as a term of
 * its own: its numbers are everywhere. */
void terms_of_text(struct arena *a, struct str text, struct terms_words *out);
/* Whether a text has a term. */
bool terms_in_text(struct str text, uint64_t hash);

/* ---- building ---- */
struct terms_builder;
struct terms_column {
    struct str name;
    bool json; /* JSON text: terms are found in it as it is written, and as it reads */
};
/* memory_bytes: for terms of one group; a column whose terms don't fit gets no filter there. Names
 * are copied. */
struct terms_builder *terms_builder_new(const struct terms_column *cols, size_t n,
                                        size_t memory_bytes);
void terms_builder_free(struct terms_builder *b); /* NULL is fine */
/* A value of the group under construction, in any order. */
void terms_builder_add(struct terms_builder *b, size_t col, struct str text);
/* Ends the group, which follows the one before. Filters are as exact as budget_bytes allows. */
void terms_builder_end_group(struct terms_builder *b, uint32_t rows, size_t budget_bytes);
/* Appends the file. false: it is larger than out takes. */
bool terms_builder_finish(struct terms_builder *b, struct sbuf *out) MUST_USE;

/* ---- reading ---- */
/* A file's directory, checked. Everything in it is bounded by the file's size. */
struct terms_file;
/* Errors: ERR_IO; ERR_INVALID: it is no such file, or damaged. */
struct terms_file *terms_file_open(const char *path, struct err *e) MUST_USE;
/* The same of bytes, which must live as long. */
struct terms_file *terms_file_of(struct str bytes, struct err *e) MUST_USE;
void terms_file_close(struct terms_file *f); /* NULL is fine */
size_t terms_file_groups(const struct terms_file *f);
size_t terms_file_columns(const struct terms_file *f);
size_t terms_file_bytes(const struct terms_file *f); /* of memory */
uint32_t terms_file_rows(const struct terms_file *f, size_t group);
uint64_t terms_file_all_rows(const struct terms_file *f);
/* false: the file says nothing of the column. */
bool terms_file_column(const struct terms_file *f, struct str name, size_t *out_col);
/* The filters that columns with many terms share in some groups, as a column of its own. false:
 * there are none. */
bool terms_file_shared(const struct terms_file *f, size_t *out_col);
/* A column's filters, read and checked. Errors: as terms_file_open. */
struct terms_filters;
struct terms_filters *terms_filters_load(const struct terms_file *f, size_t col,
                                         struct err *e) MUST_USE;
void terms_filters_free(struct terms_filters *x); /* NULL is fine */
size_t terms_filters_bytes(const struct terms_filters *x);
/* The column's terms of the group are in the shared filters: ask these, too. */
bool terms_filters_shared(const struct terms_filters *x, size_t group);
/* false: no row of the group has the term. */
bool terms_filters_may_hold(const struct terms_filters *x, size_t group, uint64_t hash);
