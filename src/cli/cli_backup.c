/* vedette backup and vedette restore: copies of a data folder, and the way back; vedette export and
 * vedette import: the same for one workspace, as files that other programs can read. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/api.h"
#include "backup/backup.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/options.h"

static const char backup_usage[] =
    "usage: vedette backup [--data DIR|--url URL] FOLDER\n"
    "Writes a copy of everything in the data folder to FOLDER, which must be new or empty, on the\n"
    "server's machine. The server goes on meanwhile. It holds keys: keep it as safe as the data.\n";
static const char restore_usage[] =
    "usage: vedette restore --data DIR FOLDER\n"
    "       vedette restore --check FOLDER\n"
    "Makes the data folder DIR, which must be new or empty, out of the backup in FOLDER. Every\n"
    "file is checked against the hash that the backup wrote; --check does only that.\n";

static const char export_usage[] =
    "usage: vedette export [--workspace W] [--data DIR|--url URL] FOLDER\n"
    "Writes a workspace to FOLDER, which must be new or empty, on the server's machine: its logs\n"
    "as Parquet files, its rules, incidents, functions, watchlists and summary rules as JSON\n"
    "lines, and workspace.json, which tells of them. The server goes on meanwhile.\n";
static const char import_usage[] =
    "usage: vedette import --data DIR [--name NAME] [--retention DAYS] FOLDER\n"
    "Makes a workspace of the data folder DIR out of the export in FOLDER. No server may use DIR;\n"
    "it is made when it is not there. Every file is checked against the hash that the export\n"
    "wrote.\n\n"
    "  --name NAME       of the new workspace; as it was if not given\n"
    "  --retention DAYS  of its tables, from the receipt of a row; as it was if not given\n";

static int64_t figure(const struct json *answer, const char *name)
{
    const struct json *v = json_get(answer, name);
    return v != NULL && v->type == JSON_INT ? v->i : 0;
}

/* The server does not know where this command was started. */
static struct str absolute(struct arena *a, const char *dir)
{
    char here[PATH_MAX];
    if (dir[0] == '/' || getcwd(here, sizeof(here)) == NULL)
        return arena_str(a, str_from(dir));
    return arena_fmt(a, "%s/%s", here, dir);
}

/* workspace: NULL where it does not matter. */
static bool copy(struct client *c, const char *target, const char *workspace, const char *dir,
                 struct err *e)
{
    struct json answer = {0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out o = json_out_make(&b);
    struct str path = absolute(c->a, dir);
    json_obj(&o);
    json_kv_str(&o, "directory", path);
    if (workspace != NULL)
        json_kv_z(&o, "workspace", workspace);
    json_obj_end(&o);
    if (!client_call(c, "POST", target, NULL, sbuf_str(&b), &answer, e))
        return false;
    printf("%.*s: %lld files, %lld bytes\n", STR_ARG(path), (long long)figure(&answer, "files"),
           (long long)figure(&answer, "bytes"));
    return true;
}

struct words {
    const char *data, *url, *folder, *workspace, *name;
    int64_t retention;
    bool check;
};

/* The options, and one folder behind them. As options_read. */
static int read_words(const char *usage, const struct cli_option *options, size_t n, int argc,
                      char **argv, struct words *out)
{
    int code = options_read(usage, options, n, argc, argv);
    if (code >= 0)
        return code;
    out->folder = argv[optind];
    return argc - optind == 1 ? -1 : options_misused(usage);
}

static int copy_out(const char *command, const char *target, const struct words *w)
{
    struct err e = {0};
    struct client client = {0};
    bool ok = client_open(&client, w->data, w->url, false, &e);
    if (ok) {
        ok = copy(&client, target, w->workspace, w->folder, &e);
        client_close(&client);
    }
    if (!ok)
        complain(command, &e);
    return ok ? 0 : 1;
}

int cli_backup(int argc, char **argv)
{
    struct words w = {0};
    const struct cli_option options[] = {OPTIONS_OF_SERVER(w)};
    int code = read_words(backup_usage, options, COUNTOF(options), argc, argv, &w);
    return code >= 0 ? code : copy_out("backup", "/vedette/v1/backup", &w);
}

int cli_export(int argc, char **argv)
{
    struct words w = {0};
    const struct cli_option options[] = {OPTIONS_OF_WORKSPACE(w)};
    int code = read_words(export_usage, options, COUNTOF(options), argc, argv, &w);
    return code >= 0 ? code : copy_out("export", "/vedette/v1/export", &w);
}

int cli_import(int argc, char **argv)
{
    struct err e = {0};
    struct words w = {0};
    struct backup_result result = {0};
    const struct cli_option options[] = {{"data", .text = &w.data},
                                         {"name", .text = &w.name},
                                         {"retention", .number = &w.retention}};
    int code = read_words(import_usage, options, COUNTOF(options), argc, argv, &w);
    if (code >= 0)
        return code;
    const char *data = w.data != NULL ? w.data : getenv("VEDETTE_DATA");
    if (data == NULL)
        return options_misused(import_usage);
    struct clock *clock = clock_new_system();
    struct import_options o = {.data_dir = data,
                               .dir = w.folder,
                               .clock = clock,
                               .retention_days = w.retention,
                               .name = w.name != NULL ? str_from(w.name) : STR_NONE};
    bool ok = vedette_import_workspace(&o, &result, &e);
    clock_free(clock);
    if (!ok) {
        complain("import", &e);
        return 1;
    }
    printf("%s: %zu files, %llu bytes\n", data, result.files, (unsigned long long)result.bytes);
    if (result.old_rows > 0)
        printf("%llu rows are past the retention of their table: the next server drops them; "
               "--retention keeps them longer\n",
               (unsigned long long)result.old_rows);
    return 0;
}

int cli_restore(int argc, char **argv)
{
    struct err e = {0};
    struct words w = {0};
    struct backup_result result = {0};
    const struct cli_option options[] = {{"data", .text = &w.data}, {"check", .flag = &w.check}};
    int code = read_words(restore_usage, options, COUNTOF(options), argc, argv, &w);
    if (code >= 0)
        return code;
    const char *data = w.data != NULL ? w.data : getenv("VEDETTE_DATA");
    if (data == NULL && !w.check)
        return options_misused(restore_usage);
    bool ok =
        w.check ? backup_check(w.folder, &result, &e) : backup_restore(w.folder, data, &result, &e);
    if (!ok) {
        complain("restore", &e);
        return 1;
    }
    printf("%s: %zu files, %llu bytes\n", w.check ? w.folder : data, result.files,
           (unsigned long long)result.bytes);
    return 0;
}
