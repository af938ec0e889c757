/* Table definitions, and the reader of content/schemas. One table:
 *
 *   SigninLogs:
 *     TimeGenerated datetime, AADTenantId AppDisplayName string, …
 *
 * A line that starts with a blank belongs to the table above it. Names before a type share it.
 * Words between the table's name and the colon: free (never billed), open (properties without a
 * column get one). '#' starts a comment line. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_priv.h"

enum { SCHEMA_MAX_BYTES = 16 << 20, SCHEMA_MAX_COLUMNS = 2000, SCHEMA_ARENA_BYTES = 64 << 20 };

/* The files of content/schemas, one after the other; see src/store/schema_text.c. */
extern const char schema_text_begin[], schema_text_end[];

/* ---- definitions ---- */

size_t table_def_find(const struct table_def *d, struct str column)
{
    const struct kql_column *c = map_get(d->index, column);
    if (c == NULL)
        return SIZE_MAX;
    if (c >= d->t.schema.cols && c < d->t.schema.cols + d->t.schema.n)
        return (size_t)(c - d->t.schema.cols);
    return d->t.schema.n + (size_t)(c - d->t.hidden.cols);
}

static const struct kql_column *column_at(const struct table_def *d, size_t col)
{
    CHECK(col < table_def_width(d));
    return col < d->t.schema.n ? &d->t.schema.cols[col] : &d->t.hidden.cols[col - d->t.schema.n];
}

enum kql_type table_def_type(const struct table_def *d, size_t col)
{
    return column_at(d, col)->type;
}

struct str table_def_name(const struct table_def *d, size_t col)
{
    return column_at(d, col)->name;
}

size_t table_def_width(const struct table_def *d)
{
    return d->t.schema.n + d->t.hidden.n;
}

static void add_columns(struct arena *a, struct table_def *d, const struct kql_schema *schema)
{
    struct kql_column *cols = arena_array(a, struct kql_column, schema->n + 3);
    size_t n = 0;
    if (!kql_schema_has(schema, STR("TimeGenerated")))
        cols[n++] = (struct kql_column){STR("TimeGenerated"), KQL_DATETIME};
    for (size_t i = 0; i < schema->n; i++)
        cols[n++] = (struct kql_column){arena_str(a, schema->cols[i].name), schema->cols[i].type};
    if (!kql_schema_has(schema, STR("TenantId")))
        cols[n++] = (struct kql_column){STR("TenantId"), KQL_STRING};
    if (!kql_schema_has(schema, STR("Type")))
        cols[n++] = (struct kql_column){STR("Type"), KQL_STRING};
    d->t.schema = (struct kql_schema){cols, n};
    d->t.hidden = kql_hidden_columns(a, &d->t.schema);
}

const struct table_def *table_def_make(struct arena *a, struct str name,
                                       const struct kql_schema *schema, bool open, bool billable)
{
    struct table_def *d = arena_new_of(a, struct table_def);
    d->t.name = arena_str(a, name);
    d->custom = str_ends(name, STR("_CL"));
    d->open = open;
    d->billable = billable;
    add_columns(a, d, schema);
    d->index = map_new(a, false);
    for (size_t i = 0; i < d->t.schema.n; i++)
        map_put(d->index, d->t.schema.cols[i].name, &d->t.schema.cols[i]);
    for (size_t i = 0; i < d->t.hidden.n; i++)
        map_put(d->index, d->t.hidden.cols[i].name, &d->t.hidden.cols[i]);
    d->time_at = table_def_find(d, STR("TimeGenerated"));
    d->timestamp_at = table_def_find(d, STR("Timestamp"));
    if (d->timestamp_at != SIZE_MAX && table_def_type(d, d->timestamp_at) != KQL_DATETIME)
        d->timestamp_at = SIZE_MAX;
    return d;
}

/* ---- the text ---- */

struct schema_entry {
    struct str name, flags, body; /* borrowed from the text */
    const struct table_def *def;  /* NULL: not asked for yet; guarded by lock */
};
struct schema_set {
    struct lock lock;
    struct arena *a;
    struct sbuf text; /* empty when the program's own copy is used */
    VEC(struct schema_entry) v;
    struct map *by_name; /* to entries; filled once v is sorted and fixed */
};

static struct str next_word(struct str *s)
{
    size_t i = 0;
    while (i < s->n && (s->p[i] == ' ' || s->p[i] == '\n' || s->p[i] == '\r' || s->p[i] == '\t'))
        i++;
    size_t j = i;
    while (j < s->n && s->p[j] != ' ' && s->p[j] != '\n' && s->p[j] != '\r' && s->p[j] != '\t' &&
           s->p[j] != ',')
        j++;
    struct str word = {s->p + i, j - i};
    *s = str_sub(*s, j, s->n);
    return word;
}

/* "A B string, C long": a word before ',' or the end is the type of the names since the last one.
 */
static bool read_columns(struct arena *a, struct str body, struct kql_schema *out, struct err *e)
{
    struct kql_column *cols = arena_array(a, struct kql_column, SCHEMA_MAX_COLUMNS);
    size_t n = 0, from = 0;
    for (;;) {
        struct str word = next_word(&body);
        struct str rest = str_trim(body);
        bool closes = rest.n == 0 || rest.p[0] == ',';
        if (word.n == 0)
            break;
        if (!closes) {
            if (n == SCHEMA_MAX_COLUMNS)
                return err_set(e, ERR_LIMIT, "more than %d columns", SCHEMA_MAX_COLUMNS);
            cols[n++].name = word;
            continue;
        }
        enum kql_type type;
        if (!kql_type_parse(word, &type))
            return err_set(e, ERR_SYNTAX, "'%.*s' is not a type", STR_ARG(word));
        for (; from < n; from++)
            cols[from].type = type;
        body = rest.n > 0 ? str_sub(rest, 1, rest.n) : rest;
    }
    *out = (struct kql_schema){cols, n};
    return from == n ? true : err_set(e, ERR_SYNTAX, "the last columns have no type");
}

static bool has_flag(struct str flags, const char *flag)
{
    for (;;) {
        struct str word = next_word(&flags);
        if (word.n == 0)
            return false;
        if (str_eqz(word, flag))
            return true;
    }
}

static struct str take_line(struct str *text)
{
    const char *nl = text->n > 0 ? memchr(text->p, '\n', text->n) : NULL;
    size_t n = nl != NULL ? (size_t)(nl - text->p) : text->n;
    struct str line = {text->p, n};
    *text = str_sub(*text, nl != NULL ? n + 1 : n, text->n);
    return line;
}

/* Splits the text into tables without looking at their columns. */
static bool index_text(struct schema_set *s, struct str text, struct err *e)
{
    struct schema_entry *open = NULL;
    while (text.n > 0) {
        struct str line = take_line(&text);
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (line.p[0] == ' ') {
            if (open == NULL)
                return err_set(e, ERR_SYNTAX, "columns before the first table: '%.*s'",
                               STR_ARG(line));
            if (open->body.n == 0)
                open->body.p = line.p;
            open->body.n = (size_t)(line.p + line.n - open->body.p);
            continue;
        }
        size_t colon;
        if (!str_find(line, STR(":"), &colon))
            return err_set(e, ERR_SYNTAX, "a table's line needs a colon: '%.*s'", STR_ARG(line));
        struct str head = str_sub(line, 0, colon);
        struct schema_entry entry = {.name = next_word(&head)};
        entry.flags = head;
        VEC_PUSH(s->a, &s->v, entry);
        open = &s->v.p[s->v.n - 1];
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct schema_entry *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

static bool read_file(struct sbuf *out, int dir, const char *name, struct err *e)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, "can't open the table schemas", name);
    char buf[16384];
    ssize_t n;
    while ((n = read(fd, buf, sizeof(buf))) > 0)
        sbuf_addmem(out, buf, (size_t)n);
    sbuf_addc(out, '\n');
    bool ok = n == 0 || err_errno(e, "can't read the table schemas", name);
    close(fd);
    if (ok && !sbuf_ok(out))
        return err_set(e, ERR_LIMIT, "the table schemas are larger than %d bytes",
                       SCHEMA_MAX_BYTES);
    return ok;
}

static int is_schema_file(const struct dirent *d)
{
    return d->d_name[0] != '.' && str_ends(str_from(d->d_name), STR(".txt"));
}

static bool read_dir(struct sbuf *out, const char *dir, struct err *e)
{
    struct dirent **names = NULL;
    int n = scandir(dir, &names, is_schema_file, alphasort);
    if (n < 0)
        return err_errno(e, "can't read the folder of table schemas", dir);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 || err_errno(e, "can't open the folder of table schemas", dir);
    for (int i = 0; i < n; i++) {
        ok = ok && read_file(out, fd, names[i]->d_name, e);
        xfree(names[i]);
    }
    xfree(names);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool load(struct schema_set *s, const char *dir, struct err *e)
{
    struct str text = {schema_text_begin, (size_t)(schema_text_end - schema_text_begin)};
    if (dir != NULL) {
        if (!read_dir(&s->text, dir, e))
            return false;
        text = sbuf_str(&s->text);
    }
    if (!index_text(s, text, e))
        return false;
    qsort(s->v.p, s->v.n, sizeof(*s->v.p), by_name);
    for (size_t i = 0; i < s->v.n; i++)
        if (map_put(s->by_name, s->v.p[i].name, &s->v.p[i]) != NULL)
            return err_set(e, ERR_CONFLICT, "table '%.*s' is described twice",
                           STR_ARG(s->v.p[i].name));
    return true;
}

struct schema_set *schema_set_open(const char *dir, struct err *e)
{
    struct schema_set *s = xcalloc(1, sizeof(*s));
    lock_init(&s->lock, "schema_set");
    s->a = arena_new(SCHEMA_ARENA_BYTES);
    s->text = sbuf_make(SCHEMA_MAX_BYTES);
    s->by_name = map_new(s->a, false);
    if (load(s, dir, e))
        return s;
    err_prefix(e, "table schemas");
    schema_set_close(s);
    return NULL;
}

void schema_set_close(struct schema_set *s)
{
    if (s == NULL)
        return;
    sbuf_fini(&s->text);
    arena_free(s->a);
    lock_fini(&s->lock);
    xfree(s);
}

static const struct table_def *define(struct schema_set *s, struct schema_entry *entry)
{
    struct arena *scratch = arena_new(SCHEMA_ARENA_BYTES);
    struct kql_schema schema = {NULL, 0};
    struct err e = {0};
    if (read_columns(scratch, entry->body, &schema, &e))
        entry->def = table_def_make(s->a, entry->name, &schema, has_flag(entry->flags, "open"),
                                    !has_flag(entry->flags, "free"));
    else
        LOG(LOG_ERROR, "store", "a shipped table schema is unreadable", log_s("table", entry->name),
            log_z("reason", e.msg));
    arena_free(scratch);
    return entry->def;
}

const struct table_def *schema_set_find(struct schema_set *s, struct str name)
{
    struct schema_entry *entry = map_get(s->by_name, name);
    if (entry == NULL)
        return NULL;
    lock_take(&s->lock);
    const struct table_def *d = entry->def != NULL ? entry->def : define(s, entry);
    lock_drop(&s->lock);
    return d;
}

size_t schema_set_count(const struct schema_set *s)
{
    return s->v.n;
}

struct str schema_set_name(const struct schema_set *s, size_t i)
{
    return s->v.p[i].name;
}
