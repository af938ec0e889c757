/* Checking and converting rules without a server: a store of its own with empty tables. */
#include "cli/rules_validate.h"
#include "base/log.h"
#include "cli/complain.h"
#include "cli/files.h"
#include "detect/rule.h"
#include "engine/fixtures.h"
#include "text/csv.h"
#include <stdio.h>
#include <stdlib.h>

enum { MAX_FILE = 32 << 20, MAX_ISSUES_ARENA = 1 << 30 };

/* What queries are checked against: files first, then what ships. */
struct bench {
    struct arena *a;
    char dir[64];
    struct clock *clock;
    struct store *store;
    struct workspace *w;
    struct state *state;
    struct incidents *incidents;
    struct library *library;
    struct fixtures *files; /* of --schemas and --functions */
    bool watchlists;        /* are given: _GetWatchlist() is the one that ships */
    struct kql_catalog catalog;
};

/* ---- the catalogue ---- */

static bool find_table(void *self, struct arena *a, struct str workspace, struct str name,
                       struct kql_table *out)
{
    struct bench *b = self;
    const struct kql_catalog *files = fixtures_catalog(b->files), *own = workspace_catalog(b->w);
    return files->find_table(files->self, a, workspace, name, out) ||
           own->find_table(own->self, a, workspace, name, out);
}

static bool table_at(void *self, struct arena *a, size_t i, struct kql_table *out)
{
    struct bench *b = self;
    const struct kql_catalog *files = fixtures_catalog(b->files), *own = workspace_catalog(b->w);
    size_t n = 0;
    struct kql_table one;
    while (n <= i && files->table_at(files->self, a, n, &one))
        n++;
    if (i < n) {
        *out = one;
        return true;
    }
    return own->table_at(own->self, a, i - n, out);
}

static bool find_function(void *self, struct arena *a, struct str name,
                          struct kql_stored_function *out)
{
    struct bench *b = self;
    const struct kql_catalog *files = fixtures_catalog(b->files), *own = workspace_catalog(b->w);
    if (b->watchlists && store_function_ships(name) && own->find_function(own->self, a, name, out))
        return true;
    return files->find_function(files->self, a, name, out) ||
           own->find_function(own->self, a, name, out);
}

static bool find_variant(void *self, struct arena *a, struct str name, struct str argument,
                         struct kql_stored_function *out)
{
    struct bench *b = self;
    const struct kql_catalog *own = workspace_catalog(b->w);
    return own->find_variant != NULL && own->find_variant(own->self, a, name, argument, out);
}

/* ---- opening ---- */

static void bench_close(struct bench *b)
{
    fixtures_close(b->files);
    library_close(b->library);
    incidents_close(b->incidents);
    state_close(b->state);
    if (b->store != NULL)
        store_close(b->store);
    if (b->clock != NULL)
        clock_free(b->clock);
    if (b->dir[0] != '\0')
        remove_tree(b->dir);
}

static bool open_store(struct bench *b, struct err *e)
{
    snprintf(b->dir, sizeof(b->dir), "/tmp/vedette-rules-XXXXXX");
    if (mkdtemp(b->dir) == NULL) {
        b->dir[0] = '\0';
        return err_errno(e, "can't make a folder in", "/tmp");
    }
    b->clock = clock_new_system();
    struct store_options so = {.data_dir = b->dir, .clock = b->clock, .threads = 1};
    so.lake.by_hand = true;
    struct arm_scope scope = {0};
    b->store = store_open(&so, e);
    b->state = b->store != NULL ? state_open(NULL, e) : NULL;
    if (b->state == NULL)
        return false;
    b->w = store_workspace_create(b->store, STR("00000000-0000-4000-8000-000000000001"),
                                  STR("rules"), e);
    b->incidents = incidents_open(b->store, b->state, b->clock, &scope);
    struct library_options lo = {b->store, b->state, b->clock, b->incidents, scope};
    b->library = b->w != NULL ? library_open(&lo, e) : NULL;
    return b->library != NULL;
}

/* A list of functions in JSON, as `vedette kql` takes them, is the fixtures' business. */
static bool is_json_file(const char *path)
{
    return path != NULL && str_ends(str_from(path), STR(".json"));
}

static bool add_functions(struct bench *b, const char *path, struct err *e)
{
    static const char *const suffixes[] = {".yaml", ".yml", ".json", ".kql", ".txt", NULL};
    struct file_paths files = {0};
    struct library_import done = {0};
    if (path == NULL || is_json_file(path))
        return true;
    if (!folder_walk(b->a, path, suffixes, &files, NULL))
        VEC_PUSH(b->a, &files, arena_strz(b->a, str_from(path)));
    for (size_t i = 0; i < files.n; i++) {
        struct str text = STR("");
        if (!file_read(b->a, files.p[i], MAX_FILE, &text, e))
            return false;
        if (!library_import(b->library, b->a, b->w, text, str_from(files.p[i]), STR("rules"), &done,
                            e)) {
            err_prefix(e, "%s", files.p[i]);
            return false;
        }
    }
    return true;
}

/* Of VIP.csv: the list VIP with the columns of its first line. */
static bool add_watchlist(struct bench *b, const char *path, struct err *e)
{
    struct str text = STR("");
    const char *slash = strrchr(path, '/');
    struct str name = str_from(slash != NULL ? slash + 1 : path);
    struct store_watchlist l = {.alias = str_sub(name, 0, name.n - 4), .id = STR("rules")};
    size_t at = 0;
    if (!file_read(b->a, path, MAX_FILE, &text, e))
        return false;
    at = str_starts(text, STR("\xef\xbb\xbf")) ? 3 : 0;
    if (csv_line(b->a, text, &at, &l.columns, &l.n, e) && l.n > 0)
        return workspace_watchlist_put(b->w, &l, e);
    err_prefix(e, "%s: a line of column names expected", path);
    return false;
}

static bool add_watchlists(struct bench *b, const char *path, struct err *e)
{
    static const char *const suffixes[] = {".csv", NULL};
    struct file_paths files = {0};
    if (path == NULL)
        return true;
    b->watchlists = true;
    if (str_ends(str_from(path), STR(".csv")))
        VEC_PUSH(b->a, &files, arena_strz(b->a, str_from(path)));
    else if (!folder_walk(b->a, path, suffixes, &files, e))
        return false;
    for (size_t i = 0; i < files.n; i++)
        if (!add_watchlist(b, files.p[i], e))
            return false;
    return true;
}

static bool bench_open(struct bench *b, const struct rules_job *j, struct err *e)
{
    struct fixtures_options fo = {.schemas_file = j->schemas,
                                  .functions_file =
                                      is_json_file(j->functions) ? j->functions : NULL,
                                  .threads = 1};
    *b = (struct bench){.a = j->a};
    b->catalog = (struct kql_catalog){.self = b,
                                      .find_table = find_table,
                                      .table_at = table_at,
                                      .find_function = find_function,
                                      .find_variant = find_variant};
    if (!open_store(b, e))
        return false;
    b->files = fixtures_open(&fo, e);
    return b->files != NULL && add_functions(b, j->functions, e) &&
           add_watchlists(b, j->watchlists, e);
}

/* ---- validate ---- */

static void print_issue(const struct rule_issue *x)
{
    fprintf(stderr, "%.*s:%u:%u: %s: %.*s%s%.*s\n", STR_ARG(x->file), x->line, x->column,
            x->warning ? "warning" : "error", STR_ARG(x->key), x->key.n > 0 ? ": " : "",
            STR_ARG(x->message));
    fprintf(stderr, "%.*s", STR_ARG(x->excerpt));
}

static void check_file(struct bench *b, const char *path, struct rules_sent *out)
{
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ISSUES_ARENA);
    struct rule_issues is = {.a = a, .file = str_from(path)};
    struct rule_list list = {0};
    struct str text = STR("");
    struct err e = {0};
    if (!file_read(a, path, MAX_FILE, &text, &e)) {
        fprintf(stderr, "%s\n", e.msg);
        out->refused++;
        return;
    }
    bool read = rule_read_text(a, text, STR(""), &list, &is);
    for (size_t i = 0; read && i < list.v.n; i++) {
        if (rule_check_query_in(a, &b->catalog, &list.v.p[i], clock_now(b->clock), &is))
            out->rules++;
        else
            out->refused++;
    }
    out->refused += read ? list.refused : 1;
    for (size_t i = 0; i < is.v.n; i++)
        print_issue(&is.v.p[i]);
}

static int report(const struct rules_sent *done)
{
    printf("%zu rules are right, %zu are not\n", done->rules, done->refused);
    return done->refused == 0 ? 0 : 1;
}

int rules_validate(const struct rules_job *j)
{
    struct err e = {0};
    struct file_paths files = {0};
    struct rules_sent done = {0};
    struct bench b;
    log_setup(LOG_ERROR, 2);
    bool ok = rules_files(j->a, j->words, j->n, &files, &e);
    if (ok) {
        ok = bench_open(&b, j, &e);
        for (size_t i = 0; ok && i < files.n; i++)
            check_file(&b, files.p[i], &done);
        bench_close(&b);
    }
    if (ok)
        return report(&done);
    complain("rules validate", &e);
    return 2;
}

bool rules_validate_there(struct client *c, const struct client_workspace *w, const void *arg,
                          struct err *e)
{
    const struct rules_job *j = arg;
    struct file_paths files = {0};
    struct rules_sent done = {0};
    const char *target = arena_fmt(c->a, "/vedette/v1/workspaces/%s/rules?check=true", w->id).p;
    if (!rules_files(c->a, j->words, j->n, &files, e) || !rules_send(c, target, &files, &done, e))
        return false;
    return report(&done) == 0 || err_set(e, ERR_INVALID, "some rules are not right");
}

/* ---- convert ---- */

static void write_resource(const struct rule *r, struct json_out *o)
{
    bool hunting = r->kind == RULE_HUNTING;
    json_obj(o);
    json_kv_z(o, "type",
              hunting ? "Microsoft.OperationalInsights/workspaces/savedSearches"
                      : "Microsoft.SecurityInsights/alertRules");
    json_kv_str(o, "name", r->id);
    if (!hunting)
        json_kv_z(o, "kind", rule_kind_name(r->kind));
    json_key(o, "properties");
    if (hunting)
        rule_write_saved(r, o);
    else
        rule_write_arm(r, 0, o);
    json_obj_end(o);
}

enum form { FORM_NONE, FORM_ARM, FORM_TEMPLATE, FORM_YAML };

static enum form form_of(const char *name)
{
    static const char *const names[] = {"", "arm", "template", "yaml"};
    for (size_t i = 1; name != NULL && i < COUNTOF(names); i++)
        if (strcmp(name, names[i]) == 0)
            return (enum form)i;
    return FORM_NONE;
}

/* Rules of all files, in an arena that outlives those of the files. */
struct converted {
    struct arena *a;
    VEC(struct rule) rules;
};

static bool read_rules(struct converted *x, const char *path, struct rules_sent *done)
{
    struct rule_issues is = {.a = x->a, .file = str_from(path)};
    struct rule_list list = {0};
    struct str text = STR("");
    struct err e = {0};
    if (!file_read(x->a, path, MAX_FILE, &text, &e)) {
        complain("rules convert", &e);
        return false;
    }
    bool read = rule_read_text(x->a, text, STR(""), &list, &is);
    for (size_t i = 0; read && i < list.v.n; i++)
        VEC_PUSH(x->a, &x->rules, list.v.p[i]);
    done->refused += read ? list.refused : 1;
    for (size_t i = 0; i < is.v.n; i++)
        print_issue(&is.v.p[i]);
    return true;
}

static bool write_yaml(const struct converted *x, struct sbuf *out, struct err *e)
{
    for (size_t i = 0; i < x->rules.n; i++) {
        if (i > 0)
            sbuf_addz(out, "---\n");
        if (!rule_write_yaml(&x->rules.p[i], out, e)) {
            err_prefix(e, "%.*s", STR_ARG(x->rules.p[i].name));
            return false;
        }
    }
    return true;
}

static bool write_json(const struct converted *x, enum form form, struct sbuf *out, struct err *e)
{
    struct json_out o = json_out_make(out);
    bool ok = true;
    if (form == FORM_TEMPLATE) {
        ok = rule_write_deployment(x->a, x->rules.p, x->rules.n, &o, e);
    } else {
        json_arr(&o);
        for (size_t i = 0; i < x->rules.n; i++)
            write_resource(&x->rules.p[i], &o);
        json_arr_end(&o);
    }
    sbuf_addc(out, '\n');
    return ok;
}

int rules_convert(const struct rules_job *j)
{
    struct err e = {0};
    struct file_paths files = {0};
    struct rules_sent done = {0};
    struct converted x = {.a = j->a};
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(0);
    enum form form = form_of(j->format);
    if (form == FORM_NONE)
        err_set(&e, ERR_INVALID, "--to arm, template or yaml expected");
    if (form == FORM_NONE || !rules_files(j->a, j->words, j->n, &files, &e)) {
        complain("rules convert", &e);
        return 2;
    }
    for (size_t i = 0; i < files.n; i++)
        if (!read_rules(&x, files.p[i], &done))
            return 2;
    if (!(form == FORM_YAML ? write_yaml(&x, &out, &e) : write_json(&x, form, &out, &e))) {
        complain("rules convert", &e);
        return 1;
    }
    fwrite(sbuf_str(&out).p, 1, out.n, stdout);
    return done.refused == 0 ? 0 : 1;
}
