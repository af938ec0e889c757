/* Verbs of vedette rules that ask a server about single rules and templates. */
#pragma once
#include "cli/client.h"

struct rules_job {
    struct client_place place;
    char **words;
    int n;
    struct arena *a;
    const char *format;    /* of show: json or yaml; of convert: arm, template or yaml */
    const char *id, *name; /* of what duplicate and create make */
    const char *schemas, *functions, *watchlists; /* of validate */
    const char *at;                               /* of run: the end of the window */
};
/* arg: a struct rules_job. */
client_fn rules_list, rules_show, rules_enable, rules_disable, rules_duplicate, rules_delete,
    rules_versions, rules_restore, rules_update, rules_templates;
/* Files of rules that words name: files as they are, and those below folders that are rules by
 * their names (.yaml, .yml, .json; not .test.yaml). */
struct file_paths;
bool rules_files(struct arena *a, char **words, int n, struct file_paths *out,
                 struct err *e) MUST_USE;
/* Prints "file:line:column: error: key: message" for each issue of an answer to an import; returns
 * how many are errors. */
size_t rules_print_issues(const char *file, const struct json *answer);
/* Sends each file to the target, prints its issues, counts. check: only look. */
struct rules_sent {
    size_t rules, refused;
};
bool rules_send(struct client *c, const char *target, const struct file_paths *files,
                struct rules_sent *out, struct err *e) MUST_USE;
