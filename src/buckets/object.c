/* An object becomes rows: it is copied to an unnamed file, unpacked, cut where records end, and its
 * ranges are stored under ids of their own. The same object gives the same ranges, so that what was
 * stored before a crash is known to the store when it is sent again. */
#include "base/ids.h"
#include "base/log.h"
#include "buckets/buckets_priv.h"
#include "ingest/csv_names.h"
#include "text/unpack.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CHUNK_BYTES = 4 << 20, READ_BYTES = 256 << 10, WHOLE_BYTES = 64 << 20 };
#define MAX_UNPACKED ((uint64_t)64 << 30)

struct reading {
    struct reader *r;
    const struct s3_object *o;
    struct unpack *unpack;
    struct ingest_cut cut;
    struct sbuf buf, header, body;
    uint64_t unpacked, rows;
    unsigned n_ranges;
    char id[37];
};

static bool is_foreign(const struct reading *d)
{
    return ingest_format_routes(d->r->s->format);
}

static bool send(struct reading *d, struct str body, struct err *e)
{
    const struct buckets_source *s = d->r->s;
    struct ingest_result result = {0};
    char id[64];
    if (body.n == 0)
        return true;
    snprintf(id, sizeof(id), "s3 %s %u", d->id, d->n_ranges++);
    struct ingest_request q = {.workspace = d->r->workspace,
                               .stream = s->stream,
                               .format = s->format,
                               .body = body,
                               .source = str_from(d->r->name),
                               .client_request_id = str_from(id),
                               .create_table = true,
                               .keep_times = !s->bound_times,
                               .separator = s->separator,
                               .again = true};
    if (!ingest_logs(d->r->o.ingest, &q, &result, e))
        return false;
    d->rows += result.received;
    return true;
}

/* ---- where records end ---- */

static bool flush_foreign(struct reading *d, bool last, struct err *e)
{
    size_t taken = 1;
    while (taken > 0) {
        sbuf_clear(&d->body);
        if (!ingest_cut_next(&d->cut, sbuf_str(&d->buf), last, &d->header, &d->body, &taken, e) ||
            !send(d, sbuf_str(&d->body), e))
            return false;
        sbuf_drop(&d->buf, taken);
    }
    return true;
}

static size_t cut_lines(const struct reading *d, struct str text, bool last)
{
    if (last)
        return text.n;
    if (d->r->s->format == INGEST_CSV)
        return csv_cut(text, d->r->s->separator);
    const char *nl = text.n > 0 ? memrchr(text.p, '\n', text.n) : NULL;
    return nl != NULL ? (size_t)(nl - text.p) + 1 : 0;
}

/* The first line of CSV goes in front of each range. */
static bool take_header(struct reading *d, struct err *e)
{
    const struct csv_names names = {.separator = d->r->s->separator};
    size_t n = 0;
    if (d->r->s->format != INGEST_CSV || d->header.n > 0 || d->buf.n == 0)
        return true;
    if (!csv_names_line(&names, sbuf_str(&d->buf), &d->header, &n))
        return err_set(e, ERR_SYNTAX, "the first line is no line of CSV");
    sbuf_drop(&d->buf, n);
    return true;
}

static bool flush_lines(struct reading *d, bool last, struct err *e)
{
    if (!take_header(d, e))
        return false;
    struct str text = sbuf_str(&d->buf);
    size_t n = cut_lines(d, text, last);
    if (n == 0)
        return true;
    sbuf_clear(&d->body);
    sbuf_add(&d->body, sbuf_str(&d->header));
    sbuf_add(&d->body, str_sub(text, 0, n));
    if (!send(d, sbuf_str(&d->body), e))
        return false;
    sbuf_drop(&d->buf, n);
    return true;
}

/* Sends what is whole of the bytes that are there; last: there are no more. */
static bool flush(struct reading *d, bool last, struct err *e)
{
    bool ok = true;
    if (d->r->s->format != INGEST_JSON)
        ok = is_foreign(d) ? flush_foreign(d, last, e) : flush_lines(d, last, e);
    else if (last)
        ok = send(d, sbuf_str(&d->buf), e);
    if (ok && !last && d->buf.n > WHOLE_BYTES)
        return err_set(e, ERR_LIMIT, "a record is longer than %d bytes", WHOLE_BYTES);
    return ok;
}

static bool read_all(struct reading *d, struct err *e)
{
    AUTO(xfreep) char *block = xmalloc(READ_BYTES);
    size_t n = 1, since = 0;
    while (n > 0) {
        if (atomic_load(&d->r->stop))
            return err_set(e, ERR_CANCELLED, "stopped");
        if (!unpack_read(d->unpack, block, READ_BYTES, &n, e)) {
            e->code = ERR_SYNTAX; /* damaged: it stays so */
            return false;
        }
        sbuf_addmem(&d->buf, block, n);
        d->unpacked += n;
        since += n;
        if (d->unpacked > MAX_UNPACKED)
            return err_set(e, ERR_LIMIT, "the object unpacks to more than %llu bytes",
                           (unsigned long long)MAX_UNPACKED);
        if (since < CHUNK_BYTES)
            continue;
        since = 0;
        if (!flush(d, false, e))
            return false;
    }
    return flush(d, true, e);
}

/* ---- the copy ---- */

/* A file without a name: nothing is left of it after a crash. */
static int open_copy(const char *folder, struct err *e)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    char *path = arena_strz(a, arena_fmt(a, "%s/s3-XXXXXX", folder));
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        err_errno(e, "can't make a file in", folder);
        return -1;
    }
    (void)unlink(path);
    return fd;
}

static bool read_copy(struct reading *d, int fd, struct err *e)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    d->unpack = unpack_open(path, e);
    if (d->unpack == NULL)
        return false;
    bool ok = read_all(d, e);
    unpack_close(d->unpack);
    return ok;
}

static void refuse(struct reader *r, const struct s3_object *o, const char *reason,
                   const struct err *e)
{
    struct store_count c = {.source = str_from(r->name),
                            .stream = r->s->stream,
                            .reason = str_from(reason),
                            .received = 1,
                            .rejected = 1};
    LOG(LOG_WARN, "s3", "an object is refused", log_s("source", r->s->name), log_s("key", o->key),
        log_z("reason", e->msg));
    store_account(r->workspace, &c, 1);
    lock_take(&r->lock);
    r->stats.refused++;
    lock_drop(&r->lock);
}

/* Gone, changed since the list was made (its new content is in the next list), or in an archive. */
static bool is_out_of_reach(struct reader *r, const struct s3_object *o, const struct err *e)
{
    if (e->code == ERR_NOT_FOUND && strcmp(e->kind, "NoSuchBucket") != 0)
        return true;
    if (e->code == ERR_CONFLICT)
        return true;
    if (strcmp(e->kind, "InvalidObjectState") != 0)
        return false;
    refuse(r, o, "archived_object", e);
    return true;
}

static bool fetch(struct reading *d, int fd, bool *out_skip, struct err *e)
{
    *out_skip = !s3_get_file(d->r->s3, d->o, fd, e);
    return !*out_skip || is_out_of_reach(d->r, d->o, e);
}

bool object_read(struct reader *r, const struct s3_object *o, uint64_t *out_rows, struct err *e)
{
    struct reading d = {.r = r, .o = o, .cut = {.format = r->s->format}};
    struct err why = {0};
    bool skip = false;
    *out_rows = 0;
    if (o->size > r->s->max_object) {
        err_set(&why, ERR_LIMIT, "it has %lld bytes, max_object is %lld", (long long)o->size,
                (long long)r->s->max_object);
        refuse(r, o, "large_object", &why);
        return true;
    }
    int fd = open_copy(r->o.folder, e);
    if (fd < 0)
        return false;
    AUTO(sbuf_fini) struct sbuf name = sbuf_make(0);
    struct guid none = {{0}};
    sbuf_addf(&name, "%s/%s/%.*s/%.*s", r->s->endpoint, r->s->bucket, STR_ARG(o->etag),
              STR_ARG(o->key));
    guid_format(guid_derive(none, sbuf_str(&name)), d.id);
    d.buf = sbuf_make((size_t)2 * WHOLE_BYTES);
    d.header = sbuf_make(1 << 20);
    d.body = sbuf_make((size_t)2 * WHOLE_BYTES);
    bool here = fetch(&d, fd, &skip, &why), ok = here && (skip || read_copy(&d, fd, &why));
    if (!ok && here && ingest_is_final(why.code)) {
        refuse(r, o, "unreadable_object", &why);
        ok = true;
    }
    close(fd);
    sbuf_fini(&d.buf);
    sbuf_fini(&d.header);
    sbuf_fini(&d.body);
    *out_rows = d.rows;
    if (!ok)
        *e = why;
    return ok;
}
