/* From bytes of a file to a call of ingest_logs, and patience while the store refuses. */
#include "base/log.h"
#include "ingest/container.h"
#include "tail/tail_priv.h"
#include <stdio.h>
#include <time.h>

#define FIRST_WAIT_US ((int64_t)100000)
#define LAST_WAIT_US ((int64_t)30000000)
#define SAY_AGAIN_US ((int64_t)60000000)

static const enum ingest_format formats[] = {
    [TAIL_NDJSON] = INGEST_NDJSON,   [TAIL_JSON] = INGEST_JSON,   [TAIL_CSV] = INGEST_CSV,
    [TAIL_SYSLOG] = INGEST_SYSLOG,   [TAIL_TEXT] = INGEST_NDJSON, [TAIL_CEF] = INGEST_CEF,
    [TAIL_CONTAINER] = INGEST_NDJSON};

static enum ingest_format format_of(const struct tail_source *s)
{
    return s->format == TAIL_FOREIGN ? s->foreign : formats[s->format];
}

static bool stopping(struct follower *f)
{
    return atomic_load(&f->stop);
}

static void pause_for(struct follower *f, int64_t us)
{
    const struct timespec slice = {0, 50 * 1000 * 1000};
    for (int64_t end = clock_mono_us() + us; clock_mono_us() < end && !stopping(f);)
        (void)nanosleep(&slice, NULL);
}

static void set_waiting(struct follower *f, bool yes)
{
    lock_take(&f->lock);
    f->stats.waiting = yes ? 1 : 0;
    lock_drop(&f->lock);
}

static void complain(struct follower *f, const struct file *file, const struct err *e)
{
    int64_t now = clock_mono_us();
    if (f->said_us != 0 && now - f->said_us < SAY_AGAIN_US)
        return;
    f->said_us = now;
    LOG(LOG_WARN, "files", "records wait: they cannot be stored", log_s("source", f->s->name),
        log_z("file", file->c.path), log_z("reason", e->msg), log_z("hint", e->hint));
}

static void make_body(struct follower *f, struct file *file, struct str text, struct sbuf *out)
{
    if (f->s->format == TAIL_CONTAINER) {
        struct container_origin o = {.computer = str_from(f->computer)};
        container_origin_read(str_from(file->c.path), &o);
        container_records(text, &o, out);
        return;
    }
    if (f->s->format == TAIL_TEXT) {
        events_records(f->s, text, str_from(file->c.path), str_from(f->computer), out);
        return;
    }
    if (file->header != NULL) {
        sbuf_addz(out, file->header);
        if (file->c.offset < (int64_t)file->header_n)
            text = str_sub(text, file->header_n - (size_t)file->c.offset, text.n);
    }
    sbuf_add(out, text);
}

/* The sender can't mend it by trying again: the range is refused for good, and counted so. */
static bool is_final(const struct follower *f, enum err_code code)
{
    bool bodies = tail_is_whole(f->s) || f->s->format == TAIL_FOREIGN;
    return bodies && ingest_is_final(code);
}

/* text: the bytes of the file; records may also say what its name is, which rotation changes. */
static bool try_once(struct follower *f, const struct file *file, struct str text, struct str body,
                     struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    char id[KEY_BYTES + 32];
    struct ingest_result result;
    snprintf(id, sizeof(id), "%s@%lld", file->c.key, (long long)file->c.offset);
    struct ingest_request q = {.workspace = f->workspace,
                               .stream = f->s->stream,
                               .format = format_of(f->s),
                               .body = body,
                               .source = str_from(f->source),
                               .client_request_id = str_from(id),
                               .create_table = true,
                               .keep_times = !f->s->bound_times,
                               .separator = f->s->csv.separator,
                               .syslog = {.collector = str_from(f->computer)},
                               .again = true};
    if (f->s->format == TAIL_SYSLOG && f->s->first_line != NULL)
        events_messages(a, f->s, text, &q.syslog);
    if (q.syslog.messages != NULL) /* which are counted as its bytes */
        q.body = STR("");
    if (f->s->format == TAIL_TEXT || q.syslog.messages != NULL)
        q.sent = text;
    return ingest_logs(f->ingest, &q, &result, e);
}

bool send_range(struct follower *f, struct file *file, struct str text)
{
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    make_body(f, file, text, &body);
    return send_body(f, file, text, sbuf_str(&body));
}

bool send_body(struct follower *f, struct file *file, struct str text, struct str body)
{
    int64_t wait = FIRST_WAIT_US;
    struct err e = {0};
    file->c.pending = file->c.offset + (int64_t)text.n;
    fingerprint(text, file->c.range);
    while (!stopping(f)) {
        if (cursor_save(f->state, &file->c, &e) && try_once(f, file, text, body, &e)) {
            set_waiting(f, false);
            return true;
        }
        if (is_final(f, e.code)) {
            LOG(LOG_WARN, "files", "the file is refused", log_z("file", file->c.path),
                log_z("reason", e.msg), log_i("line", e.pos.line), log_i("offset", file->c.offset));
            return true;
        }
        complain(f, file, &e);
        set_waiting(f, true);
        pause_for(f, wait);
        wait = wait * 2 < LAST_WAIT_US ? wait * 2 : LAST_WAIT_US;
    }
    return false;
}
