/* Rules in files: Azure-Sentinel's YAML, and ARM JSON as the portal exports it. */
#pragma once
#include "detect/rule.h"

struct rule_file {
    const char *path;
    struct rule rule;
    struct str text; /* YAML: the file's; JSON: the resource's, {kind, name, properties} */
    bool yaml;
};
struct rule_set {
    struct arena *a;
    VEC(struct rule_file) v;
    size_t refused; /* files, or rules of a file, that can't be read; told on standard error */
};
/* Reads files, and from folders, at any depth, what ends in .yaml, .yml or .json (files of tests
 * are left out, and in a folder what is no rule). A JSON file is one resource, a list of them, or a
 * template with "resources". Errors: ERR_IO, ERR_NOT_FOUND (a folder without rules). */
bool rule_set_read(struct rule_set *s, char *const *paths, size_t n, struct err *e) MUST_USE;
/* One ARM resource; errors are told on standard error and counted. */
void rule_set_add_arm(struct rule_set *s, const char *path, const struct json *resource);
