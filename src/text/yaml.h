/* The one YAML reader (libyaml): one document becomes a struct json tree, so that whoever reads
 * rules, configuration or fixtures walks one kind of tree. */
#pragma once
#include "text/json.h"

struct yaml_opts {
    size_t max_depth;  /* 0 = 64 */
    size_t max_values; /* 0 = 1 Mi; aliases count each time they are used */
};
/* Parses a stream of exactly one document. Plain scalars follow the core schema of YAML 1.2,
 * narrowly: null ~ and the empty text are null; true and false (also True, TRUE) are booleans;
 * decimal integers without leading zeros and decimal fractions are numbers; everything else, and
 * whatever is quoted or a block, is a string. text holds the scalar as written for all of them. off
 * of a mapping's value is the offset of its key. Repeated keys are errors; `<<` is an ordinary key;
 * tags are ignored. a    owns the tree; text may be freed afterwards opts may be NULL e ERR_SYNTAX
 * with line and column, ERR_LIMIT */
bool yaml_parse(struct arena *a, struct str text, const struct yaml_opts *opts, struct json *out,
                struct err *e) MUST_USE;
/* The same for a stream of any number of documents; *out is their array. */
bool yaml_parse_stream(struct arena *a, struct str text, const struct yaml_opts *opts,
                       struct json *out, struct err *e) MUST_USE;

/* Where byte at of a scalar stands in the text that it was read from, which was in text: plain,
 * quoted, a block, or a string of JSON. off: the scalar's in its tree; of a mapping's value in YAML
 * the offset of its key (after_key). Exact up to white space that YAML folds; the end of value
 * gives the place behind its last visible character. */
size_t yaml_scalar_place(struct str text, size_t off, bool after_key, struct str value, size_t at);

/* v as a document that yaml_parse reads as the same tree (offsets and the spelling of plain scalars
 * apart): blocks for texts of several lines, quotes where they are needed.
 * Errors: ERR_LIMIT (out is full, or v is nested too deep). */
bool yaml_write(const struct json *v, struct sbuf *out, struct err *e) MUST_USE;
