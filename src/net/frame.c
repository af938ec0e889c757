/* Where messages end in a stream: RFC 6587, octet counting and non-transparent framing, told apart
 * message by message. */
#include "net/net.h"

enum { MAX_DIGITS = 8, COMPACT_BYTES = 1 << 16 };

struct net_frames net_frames_make(size_t max_message)
{
    return (struct net_frames){.in = sbuf_make(0), .max_message = max_message};
}

void net_frames_fini(struct net_frames *f)
{
    sbuf_fini(&f->in);
}

static struct str rest(struct net_frames *f)
{
    return str_sub(sbuf_str(&f->in), f->from, f->in.n);
}

void net_frames_add(struct net_frames *f, struct str bytes)
{
    if (f->from == f->in.n) {
        sbuf_clear(&f->in);
        f->from = 0;
    } else if (f->from > COMPACT_BYTES) {
        struct sbuf kept = sbuf_make(0);
        sbuf_add(&kept, rest(f));
        sbuf_fini(&f->in);
        f->in = kept;
        f->from = 0;
    }
    sbuf_add(&f->in, bytes);
}

static size_t line_end(struct str s)
{
    size_t n = s.n;
    const char *lf = n > 0 ? memchr(s.p, '\n', n) : NULL;
    if (lf != NULL)
        n = (size_t)(lf - s.p);
    const char *nul = n > 0 ? memchr(s.p, '\0', n) : NULL;
    return nul != NULL ? (size_t)(nul - s.p) : lf != NULL ? n : SIZE_MAX;
}

/* The rest of a message that was given out cut. */
static bool skipped(struct net_frames *f)
{
    struct str s = rest(f);
    if (f->skip > 0) {
        size_t n = f->skip < s.n ? f->skip : s.n;
        f->skip -= n;
        f->from += n;
        return f->skip == 0;
    }
    if (!f->skip_line)
        return true;
    size_t end = line_end(s);
    f->skip_line = end == SIZE_MAX;
    f->from += end == SIZE_MAX ? s.n : end + 1;
    return !f->skip_line;
}

enum counted { COUNT_NONE, COUNT_MORE, COUNT_FOUND };

/* Is this "LENGTH SP <"? A line may start with digits, too; a message in counted frames always
 * starts with its priority (RFC 5425, 4.3). */
static enum counted octet_count(struct str s, size_t *header, size_t *length)
{
    size_t i = 0, n = 0;
    if (s.n == 0 || s.p[0] < '1' || s.p[0] > '9')
        return COUNT_NONE;
    while (i < s.n && i < MAX_DIGITS && s.p[i] >= '0' && s.p[i] <= '9')
        n = n * 10 + (size_t)(s.p[i++] - '0');
    if (i + 1 >= s.n)
        return i < MAX_DIGITS && (i == s.n || s.p[i] == ' ') ? COUNT_MORE : COUNT_NONE;
    if (s.p[i] != ' ' || s.p[i + 1] != '<')
        return COUNT_NONE;
    *header = i + 1;
    *length = n;
    return COUNT_FOUND;
}

static bool counted_next(struct net_frames *f, struct str s, size_t header, size_t length,
                         bool at_end, struct str *out, bool *cut)
{
    size_t there = s.n - header;
    size_t want = length < f->max_message ? length : f->max_message;
    if (there < want && !at_end)
        return false;
    *out = str_sub(s, header, want);
    *cut = out->n < length;
    f->from += header + out->n;
    f->skip = length - out->n;
    return true;
}

static bool line_next(struct net_frames *f, struct str s, bool at_end, struct str *out, bool *cut)
{
    size_t end = line_end(s);
    bool whole = end != SIZE_MAX || at_end;
    size_t n = end != SIZE_MAX ? end : s.n;
    *cut = n > f->max_message;
    if (!whole && !*cut)
        return false;
    *out = str_sub(s, 0, *cut ? f->max_message : n);
    f->skip_line = *cut && end == SIZE_MAX && !at_end;
    f->from += n + (end != SIZE_MAX);
    return true;
}

bool net_frames_next(struct net_frames *f, bool at_end, struct str *out, bool *cut)
{
    while (skipped(f)) {
        struct str s = rest(f);
        size_t header = 0, length = 0;
        if (s.n == 0)
            return false;
        enum counted c = octet_count(s, &header, &length);
        bool found = c == COUNT_FOUND ? counted_next(f, s, header, length, at_end, out, cut)
                     : c == COUNT_MORE && !at_end ? false
                                                  : line_next(f, s, at_end, out, cut);
        if (!found)
            return false;
        if (out->n > 0 && !str_eqz(*out, "\r"))
            return true;
    }
    return false;
}
