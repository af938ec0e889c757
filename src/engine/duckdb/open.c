/* The instance: opening, hardening, connections, failures. */
#include "base/ids.h"
#include "engine/duckdb/cfunc.h"
#include "engine/duckdb/insert.h"
#include <stdio.h>

enum { LOG_SQL_BYTES = 16 << 10 };

/* A full disk comes as a failed transaction whose message has the file's error. */
static bool is_disk_error(duckdb_error_type type, const char *message)
{
    struct str text = str_from(message);
    return type == DUCKDB_ERROR_IO || str_find(text, STR("Could not write file"), NULL) ||
           str_find(text, STR("No space left"), NULL);
}

/* A pending result's error comes without its type. */
static bool is_memory_error(duckdb_error_type type, const char *message)
{
    struct str text = str_from(message);
    return type == DUCKDB_ERROR_OUT_OF_MEMORY || str_find(text, STR("Out of Memory Error"), NULL) ||
           str_find(text, STR("Lists larger than"), NULL);
}

bool duck_fail(struct err *e, const char *what, const char *message, duckdb_error_type type,
               struct str sql)
{
    if (is_memory_error(type, message)) {
        err_set(e, ERR_LIMIT, "the %s needs more memory than the engine may use", what);
        err_hint(e, "filter rows before, or summarize by fewer values");
        return false;
    }
    size_t at = 0;
    if (message != NULL && str_find(str_from(message), STR(DUCK_LIMIT_MARK), &at))
        return err_set(e, ERR_LIMIT, "%s", message + at + strlen(DUCK_LIMIT_MARK));
    char ref[37];
    guid_format(guid_new(), ref);
    LOG(LOG_ERROR, "engine", "the database refused a statement", log_z("reference", ref),
        log_z("what", what), log_z("detail", message ? message : ""),
        log_s("sql", str_sub(sql, 0, LOG_SQL_BYTES)));
    if (is_disk_error(type, message))
        return err_set(e, ERR_IO, "the %s could not read or write its files (reference %s)", what,
                       ref);
    err_set(e, ERR_INTERNAL, "the %s could not be run (reference %s)", what, ref);
    err_hint(e, "the log has the details under this reference");
    return false;
}

/* ---- opening ---- */
static bool config_set(duckdb_config c, const char *name, const char *value, struct err *e)
{
    if (duckdb_set_config(c, name, value) == DuckDBSuccess)
        return true;
    return err_set(e, ERR_INTERNAL, "the database refuses the setting %s=%s", name, value);
}

static bool config_fill(duckdb_config c, const struct engine_options *o, struct err *e)
{
    char text[32];
    bool ok = config_set(c, "autoinstall_known_extensions", "false", e) &&
              config_set(c, "autoload_known_extensions", "false", e) &&
              config_set(c, "allow_community_extensions", "false", e) &&
              config_set(c, "allow_unsigned_extensions", "false", e) &&
              config_set(c, "preserve_insertion_order", "true", e) &&
              config_set(c, "wal_autocheckpoint", "1GB", e);
    if (ok && o->threads) {
        snprintf(text, sizeof(text), "%u", o->threads);
        ok = config_set(c, "threads", text, e);
    }
    if (ok && o->memory_bytes) {
        snprintf(text, sizeof(text), "%zuB", o->memory_bytes);
        ok = config_set(c, "memory_limit", text, e);
    }
    if (ok && o->spill_bytes) {
        snprintf(text, sizeof(text), "%zuB", o->spill_bytes);
        ok = config_set(c, "max_temp_directory_size", text, e);
    }
    if (ok)
        ok = config_set(c, "temp_directory", o->temp_dir ? o->temp_dir : "", e);
    return ok;
}

static bool open_database(struct engine *g, const struct engine_options *o, struct err *e)
{
    duckdb_config c = NULL;
    if (duckdb_create_config(&c) != DuckDBSuccess)
        return err_set(e, ERR_INTERNAL, "the database cannot be configured");
    char *why = NULL;
    bool ok = config_fill(c, o, e);
    if (ok && duckdb_open_ext(o->path, &g->db, c, &why) != DuckDBSuccess)
        ok = duck_fail(e, "opening of the database", why, DUCKDB_ERROR_IO, STR_NONE);
    if (why)
        duckdb_free(why);
    duckdb_destroy_config(&c);
    return ok;
}

static bool prepare_instance(struct engine *g, struct err *e)
{
    duckdb_connection con = duck_connect(g, e);
    if (!con)
        return false;
    bool ok = duck_exec(con, STR("SET GLOBAL TimeZone='UTC'"), e) &&
              cf_register(con, cf_families, &g->running, e) && insert_register(g, con, e) &&
              measured_open(g, e);
    duckdb_disconnect(&con);
    return ok;
}

struct engine *engine_open(const struct engine_options *o, struct err *e)
{
    struct engine *g = xcalloc(1, sizeof(*g));
    lock_init(&g->lock, "engine");
    running_list_init(&g->running);
    if (open_database(g, o, e) && prepare_instance(g, e))
        return g;
    engine_close(g);
    return NULL;
}

void engine_close(struct engine *g)
{
    if (!g)
        return;
    measured_close(g);
    if (g->db)
        duckdb_close(&g->db);
    for (size_t i = 0; i < g->n_allowed; i++)
        xfree(g->allowed[i]);
    xfree(g->allowed);
    xfree(g->files);
    lock_fini(&g->lock);
    running_list_fini(&g->running);
    xfree(g);
}

/* ---- connections ---- */
duckdb_connection duck_connect(struct engine *g, struct err *e)
{
    duckdb_connection con = NULL;
    if (duckdb_connect(g->db, &con) == DuckDBSuccess)
        return con;
    err_set(e, ERR_INTERNAL, "the database accepts no more connections");
    return NULL;
}
