/* Writes a large load (replay/replay.h) as files of NDJSON or as a stream.
 *
 *   replay_load --out DIR | --stream | --session N  [--OPTION VALUE…]
 *
 * --out:     DIR/TABLE/YYYY-MM-DD.ndjson in order of time, late.ndjson (which of their lines arrive
 *            late), needles.json (queries and what they must find), manifest.json (counts and
 * SHA-256)
 * --stream:  "ARRIVAL<tab>TABLE<tab>JSON" lines in the order in which they would be ingested
 * --session: the rows of one session as such lines
 */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "replay/replay.h"
#include "text/date.h"
#include "text/json.h"

enum { DATE_BYTES = 10, HEX_BYTES = 2 * EVP_MAX_MD_SIZE + 1, LATE_TABLE = REPLAY_MAX_TABLES };

struct options {
    struct replay_options load;
    const char *out;
    int64_t session;
    bool stream;
};

/* ---- files ---- */

struct file {
    FILE *f;
    EVP_MD_CTX *sha256;
    char path[64 + DATE_BYTES]; /* below the folder */
    int64_t rows, bytes, day;
};
struct files {
    const char *dir;
    const struct replay *r;
    struct file open[REPLAY_MAX_TABLES + 1]; /* the last: late rows */
    struct sbuf entries;                     /* of the manifest: objects with commas */
    int64_t rows, bytes, late;
};

static bool file_open(struct files *all, struct file *f, struct str table, int64_t day,
                      struct err *e)
{
    char date[29], path[4096];
    date_format(day * TICKS_PER_DAY, date);
    int n = snprintf(path, sizeof(path), "%s/%.*s", all->dir, STR_ARG(table));
    if (table.n > 0 && mkdir(path, 0777) != 0 && errno != EEXIST)
        return err_errno(e, "create", path);
    if (table.n > 0)
        snprintf(f->path, sizeof(f->path), "%.*s/%.10s.ndjson", (int)(table.n < 50 ? table.n : 50),
                 table.p, date);
    else
        snprintf(f->path, sizeof(f->path), "late.ndjson");
    if (n < 0 || snprintf(path, sizeof(path), "%s/%s", all->dir, f->path) >= (int)sizeof(path))
        return err_set(e, ERR_INVALID, "--out: the path is too long");
    f->f = fopen(path, "we");
    if (f->f == NULL)
        return err_errno(e, "create", path);
    f->sha256 = EVP_MD_CTX_new();
    CHECK(f->sha256 != NULL && EVP_DigestInit_ex(f->sha256, EVP_sha256(), NULL) == 1);
    f->rows = f->bytes = 0;
    f->day = day;
    return true;
}

static bool file_line(struct file *f, struct str line, struct err *e)
{
    CHECK(EVP_DigestUpdate(f->sha256, line.p, line.n) == 1);
    CHECK(EVP_DigestUpdate(f->sha256, "\n", 1) == 1);
    f->rows++;
    f->bytes += (int64_t)line.n + 1;
    return (fwrite(line.p, 1, line.n, f->f) == line.n && putc('\n', f->f) != EOF) ||
           err_errno(e, "write", f->path);
}

static bool file_close(struct files *all, struct file *f, struct err *e)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    char hex[HEX_BYTES] = "";
    unsigned n = 0;
    if (f->f == NULL)
        return true;
    bool ok = fclose(f->f) == 0 || err_errno(e, "write", f->path);
    CHECK(EVP_DigestFinal_ex(f->sha256, sum, &n) == 1);
    EVP_MD_CTX_free(f->sha256);
    for (unsigned i = 0; i < n; i++)
        snprintf(hex + (size_t)2 * i, 3, "%02x", sum[i]);
    struct json_out w = json_out_make(&all->entries);
    sbuf_addz(&all->entries, all->entries.n > 0 ? ",\n" : "");
    json_obj(&w);
    json_kv_z(&w, "path", f->path);
    json_kv_int(&w, "rows", f->rows);
    json_kv_int(&w, "bytes", f->bytes);
    json_kv_z(&w, "sha256", hex);
    json_obj_end(&w);
    f->f = NULL;
    return ok;
}

static bool late_line(struct files *all, const struct replay_row *row, const struct file *f,
                      struct err *e)
{
    AUTO(sbuf_fini) struct sbuf line = sbuf_make(0);
    struct json_out w = json_out_make(&line);
    struct file *late = &all->open[LATE_TABLE];
    if (late->f == NULL && !file_open(all, late, STR(""), 0, e))
        return false;
    json_obj(&w);
    json_kv_z(&w, "path", f->path);
    json_kv_int(&w, "line", f->rows);
    json_kv_time(&w, "arrival", row->arrival);
    json_obj_end(&w);
    all->late++;
    return file_line(late, sbuf_str(&line), e);
}

static bool to_files(void *self, const struct replay_row *row, struct err *e)
{
    struct files *all = self;
    struct file *f = &all->open[row->table];
    int64_t day = row->time / TICKS_PER_DAY;
    if (f->f != NULL && f->day != day && !file_close(all, f, e))
        return false;
    if (f->f == NULL && !file_open(all, f, replay_table(all->r, row->table), day, e))
        return false;
    all->rows++;
    all->bytes += (int64_t)row->json.n + 1;
    return file_line(f, row->json, e) && (row->arrival == row->time || late_line(all, row, f, e));
}

/* ---- what is beside them ---- */

static bool write_text(const char *dir, const char *name, struct str text, struct err *e)
{
    char path[4096];
    if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
        return err_set(e, ERR_INVALID, "--out: the path is too long");
    FILE *f = fopen(path, "we");
    bool ok = f != NULL && fwrite(text.p, 1, text.n, f) == text.n;
    if (f != NULL)
        ok = fclose(f) == 0 && ok;
    return ok || err_errno(e, "write", path);
}

static bool write_needles(const char *dir, const struct replay *r, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    for (size_t i = 0; i < replay_needles(r); i++) {
        const struct replay_needle *n = replay_needle(r, i);
        sbuf_addz(&b, i > 0 ? "\n" : "");
        json_obj(&w);
        json_kv_z(&w, "kind", n->kind);
        json_kv_str(&w, "name", n->name);
        json_kv_str(&w, "table", n->table);
        json_kv_str(&w, "query", n->query);
        json_kv_int(&w, "rows", n->rows);
        json_obj_end(&w);
    }
    json_arr_end(&w);
    sbuf_addz(&b, "\n");
    return write_text(dir, "needles.json", sbuf_str(&b), e);
}

static bool write_manifest(struct files *all, const struct options *o, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_int(&w, "generator", REPLAY_VERSION);
    json_kv_int(&w, "seed", (int64_t)o->load.seed);
    json_kv_z(&w, "mix", o->load.mix);
    json_kv_int(&w, "events", o->load.events);
    json_kv_int(&w, "days", replay_days(all->r));
    json_kv_time(&w, "first_day", replay_first_day(all->r));
    json_kv_int(&w, "sessions", replay_sessions(all->r));
    json_kv_int(&w, "rows", all->rows);
    json_kv_int(&w, "bytes", all->bytes);
    json_kv_int(&w, "late_rows", all->late);
    json_key(&w, "files");
    sbuf_addz(&b, "[\n");
    sbuf_add(&b, sbuf_str(&all->entries));
    sbuf_addz(&b, "]}\n");
    return write_text(all->dir, "manifest.json", sbuf_str(&b), e);
}

static bool write_files(struct replay *r, const struct options *o, struct err *e)
{
    struct files all = {.dir = o->out, .r = r, .entries = sbuf_make(0)};
    int64_t since = clock_mono_us();
    if (mkdir(o->out, 0777) != 0 && errno != EEXIST)
        return err_errno(e, "create", o->out);
    bool ok = write_needles(o->out, r, e) && replay_run(r, to_files, &all, e);
    for (size_t i = 0; i < COUNTOF(all.open); i++)
        ok = file_close(&all, &all.open[i], ok ? e : NULL) && ok;
    ok = ok && write_manifest(&all, o, e);
    struct rusage u;
    CHECK(getrusage(RUSAGE_SELF, &u) == 0);
    double cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
                 (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
    if (ok)
        printf(
            "rows %lld\nbytes %lld\nlate_rows %lld\nsessions %u\nseconds %.2f\ncpu_seconds %.2f\n"
            "memory_kb %ld\n",
            (long long)all.rows, (long long)all.bytes, (long long)all.late, replay_sessions(r),
            (double)(clock_mono_us() - since) / 1e6, cpu, u.ru_maxrss);
    sbuf_fini(&all.entries);
    return ok;
}

static bool to_stdout(void *self, const struct replay_row *row, struct err *e)
{
    char at[29];
    date_format(row->arrival, at);
    struct str table = replay_table(self, row->table);
    bool ok = printf("%s\t%.*s\t", at, STR_ARG(table)) > 0 &&
              fwrite(row->json.p, 1, row->json.n, stdout) == row->json.n && putchar('\n') != EOF;
    return ok || err_errno(e, "write", "standard output");
}

/* ---- options ---- */

static const char usage[] =
    "usage: replay_load --out DIR | --stream | --session N [--OPTION VALUE…]\n"
    "  --events N (10000)   --seed N (1)   --mix office|endpoint|network   --days N (30; 90)\n"
    "  --needles N (3)      each attack so often; 0: nothing is planted\n"
    "  --cast-of N          as many hosts and people as a load of N events has\n"
    "  --threads N (1)      the rows are the same for any number\n"
    "  --datasets DIR       ($VEDETTE_SHARED/datasets)\n";

static bool number(const char *name, const char *text, int64_t *out)
{
    if (text != NULL && str_to_i64(str_from(text), out) && *out >= 0)
        return true;
    fprintf(stderr, "replay_load: %s needs a number\n", name);
    return false;
}

static bool option(struct options *o, const char *name, const char *value)
{
    int64_t n = 0;
    const struct {
        const char *name;
        int64_t *to;
    } numbers[] = {
        {"--events", &o->load.events}, {"--cast-of", &o->load.cast_of}, {"--session", &o->session}};
    if (value == NULL)
        return number(name, value, &n);
    for (size_t i = 0; i < COUNTOF(numbers); i++)
        if (strcmp(name, numbers[i].name) == 0)
            return number(name, value, numbers[i].to);
    if (strcmp(name, "--out") == 0)
        o->out = value;
    else if (strcmp(name, "--mix") == 0)
        o->load.mix = value;
    else if (strcmp(name, "--datasets") == 0)
        o->load.datasets = value;
    else if (!number(name, value, &n))
        return false;
    else if (strcmp(name, "--seed") == 0)
        o->load.seed = (uint64_t)n;
    else if (strcmp(name, "--days") == 0)
        o->load.days = (int)n;
    else if (strcmp(name, "--needles") == 0)
        o->load.needles = (int)n;
    else if (strcmp(name, "--threads") == 0)
        o->load.threads = (unsigned)n;
    else {
        fprintf(stderr, "replay_load: unknown option '%s'\n", name);
        return false;
    }
    return true;
}

static bool options_read(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--stream") == 0)
            o->stream = true;
        else if (!option(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL))
            return false;
        else
            i++;
    }
    return (o->out != NULL) + o->stream + (o->session >= 0) == 1;
}

int main(int argc, char **argv)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const char *shared = getenv("VEDETTE_SHARED");
    struct options o = {.session = -1};
    o.load = (struct replay_options){
        .mix = "office", .seed = 1, .events = 10000, .needles = 3, .threads = 1};
    if (!options_read(argc, argv, &o)) {
        fputs(usage, stderr);
        return 2;
    }
    if (o.load.datasets == NULL && shared == NULL) {
        fprintf(stderr, "replay_load: VEDETTE_SHARED is not set, and no --datasets\n");
        return 2;
    }
    if (o.load.datasets == NULL)
        o.load.datasets = arena_fmt(a, "%s/datasets", shared).p;
    o.load.order = o.stream ? REPLAY_BY_ARRIVAL : REPLAY_BY_TIME;
    struct err e = {0};
    struct replay *r = replay_open(&o.load, &e);
    bool ok = r != NULL;
    if (ok && o.out != NULL)
        ok = write_files(r, &o, &e);
    else if (ok && o.stream)
        ok = replay_run(r, to_stdout, r, &e);
    else if (ok)
        ok = replay_session(r, (uint32_t)(o.session > UINT32_MAX ? UINT32_MAX : o.session),
                            to_stdout, r, &e);
    if (!ok)
        fprintf(stderr, "replay_load: %s\n", e.msg);
    replay_close(r);
    return ok ? 0 : 1;
}
