/* Lines that belong to one event: a stack trace behind the line that tells of it. Which lines these
 * are follows from the bytes from an event's start on, and from nothing else: whoever reads a range
 * again finds the same events in it. */
#include "ingest/syslog.h"
#include "tail/tail_priv.h"
#include "text/rx.h"

/* Without its line end. */
static struct str content_of(struct str line)
{
    while (line.n > 0 && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
        line.n--;
    return line;
}

/* A pattern matches UTF-8 only: what stands before the first byte that is none. A match that costs
 * too much joins nothing. */
static bool is_first(const struct tail_source *s, struct str line)
{
    size_t good = 0;
    line = content_of(line);
    if (!utf8_valid(line, &good))
        line = str_sub(line, 0, good);
    return rx_test(s->first_line, line) != RX_NONE;
}

/* With its line end; the last one may have none. */
static struct str line_at(struct str text, size_t at)
{
    const char *nl = memchr(text.p + at, '\n', text.n - at);
    return str_sub(text, at, nl != NULL ? (size_t)(nl - text.p) + 1 - at : text.n - at);
}

/* Where the event at from ends. *out_next: another one begins there. whole: only lines with their
 * ends count, since what one begins with does not say how it goes on. */
static size_t event_end(const struct tail_source *s, struct str text, size_t from, bool whole,
                        bool *out_next)
{
    size_t end = from;
    *out_next = false;
    for (int64_t lines = 0; end < text.n; lines++) {
        struct str line = line_at(text, end);
        if (whole && line.p[line.n - 1] != '\n')
            break;
        *out_next =
            lines > 0 && (s->first_line == NULL || lines >= s->event_lines ||
                          (int64_t)(end + line.n - from) > s->event_bytes || is_first(s, line));
        if (*out_next)
            break;
        end += line.n;
    }
    return end;
}

size_t events_cut(const struct tail_source *s, struct str text)
{
    size_t cut = 0;
    for (bool next = true; next;) {
        size_t end = event_end(s, text, cut, true, &next);
        if (next)
            cut = end;
    }
    return cut;
}

bool events_next(const struct tail_source *s, struct str text, size_t *at, struct str *out)
{
    while (*at < text.n) {
        bool next = false;
        size_t end = event_end(s, text, *at, false, &next);
        *out = content_of(str_sub(text, *at, end - *at));
        *at = end;
        if (str_trim(*out).n > 0)
            return true;
    }
    return false;
}

void events_records(const struct tail_source *s, struct str text, struct str path,
                    struct str computer, struct sbuf *out)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str event;
    for (size_t at = 0; events_next(s, text, &at, &event); arena_reset(a)) {
        struct json_out w = json_out_make(out);
        json_obj(&w);
        json_kv_str(&w, "RawData", syslog_clean(a, event));
        json_kv_str(&w, "FilePath", syslog_clean(a, path));
        json_kv_str(&w, "Computer", computer);
        json_obj_end(&w);
        sbuf_addc(out, '\n');
    }
}

void events_messages(struct arena *a, const struct tail_source *s, struct str text,
                     struct ingest_syslog *out)
{
    VEC(struct ingest_message) messages = {0};
    struct ingest_message m = {0};
    for (size_t at = 0; events_next(s, text, &at, &m.text);)
        VEC_PUSH(a, &messages, m);
    out->messages = messages.p != NULL ? messages.p : arena_array(a, struct ingest_message, 1);
    out->n_messages = messages.n;
}
