/* vedette backup and vedette restore: copies of a data folder, and the way back. */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backup/backup.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/complain.h"

static const char backup_usage[] =
    "usage: vedette backup [--data DIR|--url URL] FOLDER\n"
    "Writes a copy of everything in the data folder to FOLDER, which must be new or empty, on the\n"
    "server's machine. The server goes on meanwhile. It holds keys: keep it as safe as the data.\n";
static const char restore_usage[] =
    "usage: vedette restore --data DIR FOLDER\n"
    "       vedette restore --check FOLDER\n"
    "Makes the data folder DIR, which must be new or empty, out of the backup in FOLDER. Every\n"
    "file is checked against the hash that the backup wrote; --check does only that.\n";

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

static bool backup(struct client *c, const char *dir, struct err *e)
{
    struct json answer = {0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    struct json_out o = json_out_make(&b);
    struct str path = absolute(c->a, dir);
    json_obj(&o);
    json_kv_str(&o, "directory", path);
    json_obj_end(&o);
    if (!client_call(c, "POST", "/vedette/v1/backup", NULL, sbuf_str(&b), &answer, e))
        return false;
    printf("%.*s: %lld files, %lld bytes\n", STR_ARG(path), (long long)figure(&answer, "files"),
           (long long)figure(&answer, "bytes"));
    return true;
}

struct words {
    const char *data, *url, *folder;
    bool check;
};

/* < 0: go on; else the exit code. */
static int read_words(int argc, char **argv, const char *usage, struct words *out)
{
    static const struct option options[] = {{"data", required_argument, NULL, 'd'},
                                            {"url", required_argument, NULL, 'u'},
                                            {"check", no_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    int c;
    while ((c = getopt_long(argc, argv, "d:u:ch", options, NULL)) != -1) {
        out->data = c == 'd' ? optarg : out->data;
        out->url = c == 'u' ? optarg : out->url;
        out->check |= c == 'c';
        if (c == '?' || c == 'h') {
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }
    out->folder = argv[optind];
    if (argc - optind == 1)
        return -1;
    fputs(usage, stderr);
    return 2;
}

int cli_backup(int argc, char **argv)
{
    struct err e = {0};
    struct client client = {0};
    struct words w = {0};
    int code = read_words(argc, argv, backup_usage, &w);
    if (code >= 0)
        return code;
    if (w.check) {
        fputs(backup_usage, stderr);
        return 2;
    }
    bool ok = client_open(&client, w.data, w.url, false, &e);
    if (ok) {
        ok = backup(&client, w.folder, &e);
        client_close(&client);
    }
    if (!ok)
        complain("backup", &e);
    return ok ? 0 : 1;
}

int cli_restore(int argc, char **argv)
{
    struct err e = {0};
    struct words w = {0};
    struct backup_result result = {0};
    int code = read_words(argc, argv, restore_usage, &w);
    if (code >= 0)
        return code;
    const char *data = w.data != NULL ? w.data : getenv("VEDETTE_DATA");
    if ((data == NULL && !w.check) || w.url != NULL) {
        fputs(restore_usage, stderr);
        return 2;
    }
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
