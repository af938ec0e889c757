/* Commands of the form `vedette THING VERB [options] [words]` that ask a workspace. */
#pragma once
#include "cli/client.h"
#include "cli/options.h"

struct verb {
    const char *name;
    client_fn *fn;
};
struct verb_command {
    const char *name, *usage;
    const struct verb *verbs;
    size_t n_verbs;
    const struct cli_option *options;
    size_t n_options;
};
/* What is behind the verb. */
struct verb_words {
    char **p;
    int n;
};
/* Reads the options into their places and the words into w, then runs the verb with arg, where
 * place is where. Returns the exit code: 2 for a wrong use, after the usage. */
int verbs_run(const struct verb_command *k, const struct client_place *place, struct verb_words *w,
              const void *arg, int argc, char **argv);
/* Errors: ERR_INVALID: "<what> expected". */
bool verb_words_are(const struct verb_words *w, int n, const char *what, struct err *e) MUST_USE;

/* ---- what verbs of resources do ---- */
/* "<collection>/<name><action>?api-version=<version>"; an empty name is the collection itself. */
char *verb_path(struct client *c, struct str collection, struct str name, const char *action,
                const char *version);
/* Reads a file of JSON; errors name it and the place. */
bool verb_json_read(struct client *c, const char *file, struct str *out_text, struct json *out,
                    struct err *e) MUST_USE;
struct verb_resource {
    struct str name, text;
    struct json body;
};
/* Reads the only word of w, a JSON file. Its resource's name is given, or where that is NULL its
 * "name". Errors name the file. */
bool verb_resource_read(struct client *c, const struct verb_words *w, const char *given,
                        struct verb_resource *out, struct err *e) MUST_USE;
/* Prints what a GET answers, as JSON in a line. */
bool verb_show(struct client *c, const char *target, struct err *e) MUST_USE;
/* Gives the cells of one item, as many as there are heads. */
typedef void verb_row_fn(struct client *c, const struct json *item, struct str *cells);
/* Prints a table of the items of a GET's "value", of all pages; at most VERB_COLUMNS heads. */
enum { VERB_COLUMNS = 8 };
bool verb_list(struct client *c, const char *target, const char *const *heads, size_t n_heads,
               verb_row_fn *row, struct err *e) MUST_USE;
/* DELETE of what is there: ERR_NOT_FOUND if nothing is. */
bool verb_delete(struct client *c, const char *target, struct err *e) MUST_USE;
