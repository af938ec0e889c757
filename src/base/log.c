/* Structured log lines. This file escapes JSON itself: the writer of text/ is a layer above. */
#include "base/log.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

enum { LOG_LINE_MAX = 64 << 10, LOG_VALUE_MAX = 8 << 10 };

static atomic_int log_min = LOG_INFO;
static atomic_int log_fd = STDERR_FILENO;

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARN] = "warn",
    [LOG_ERROR] = "error",
};

void log_setup(enum log_level min, int fd)
{
    atomic_store(&log_min, (int)min);
    atomic_store(&log_fd, fd);
}

bool log_level_parse(struct str s, enum log_level *out)
{
    for (size_t i = 0; i < COUNTOF(level_names); i++) {
        if (!str_ieqz(s, level_names[i]))
            continue;
        *out = (enum log_level)i;
        return true;
    }
    return false;
}

struct log_field log_s(const char *key, struct str v)
{
    return (struct log_field){.key = key, .type = LOG_F_STR, .s = v};
}

struct log_field log_z(const char *key, const char *v)
{
    return log_s(key, str_from(v));
}

struct log_field log_i(const char *key, int64_t v)
{
    return (struct log_field){.key = key, .type = LOG_F_INT, .i = v};
}

struct log_field log_d(const char *key, double v)
{
    return (struct log_field){.key = key, .type = LOG_F_REAL, .d = v};
}

struct log_field log_b(const char *key, bool v)
{
    return (struct log_field){.key = key, .type = LOG_F_BOOL, .i = v};
}

/* A quoted JSON string, cut at LOG_VALUE_MAX bytes; bad UTF-8 becomes U+FFFD. */
static void add_quoted(struct sbuf *b, struct str s)
{
    bool cut = s.n > LOG_VALUE_MAX;
    const char *p = s.p;
    const char *end = s.n == 0 ? p : p + (cut ? LOG_VALUE_MAX : s.n);
    sbuf_addc(b, '"');
    while (p < end) {
        uint32_t cp = utf8_next(&p, end);
        if (cp == '"' || cp == '\\') {
            sbuf_addf(b, "\\%c", (int)cp);
        } else if (cp < 0x20 || cp == 0x7F || cp == 0x2028 || cp == 0x2029) {
            sbuf_addf(b, "\\u%04x", (unsigned)cp);
        } else {
            char utf8[4];
            sbuf_addmem(b, utf8, utf8_put(utf8, cp));
        }
    }
    sbuf_addz(b, cut ? "...\"" : "\"");
}

static void add_field(struct sbuf *b, const struct log_field *f)
{
    sbuf_addc(b, ',');
    add_quoted(b, str_from(f->key));
    sbuf_addc(b, ':');
    switch (f->type) {
    case LOG_F_STR:
        add_quoted(b, f->s);
        break;
    case LOG_F_INT:
        sbuf_addf(b, "%lld", (long long)f->i);
        break;
    case LOG_F_REAL:
        if (isfinite(f->d))
            sbuf_addf(b, "%.9g", f->d);
        else
            sbuf_addz(b, "null");
        break;
    case LOG_F_BOOL:
        sbuf_addz(b, f->i != 0 ? "true" : "false");
        break;
    }
}

static void add_time(struct sbuf *b)
{
    struct timespec t;
    CHECK(clock_gettime(CLOCK_REALTIME, &t) == 0);
    struct tm tm;
    time_t seconds = t.tv_sec;
    CHECK(gmtime_r(&seconds, &tm) != NULL);
    sbuf_addf(b, "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ\"", tm.tm_year + 1900,
              tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, t.tv_nsec / 1000);
}

static void write_all(struct str s)
{
    int fd = atomic_load(&log_fd);
    while (s.n > 0) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* nowhere to complain to */
        s = str_sub(s, (size_t)n, s.n);
    }
}

void log_write(enum log_level l, const char *component, const char *message,
               const struct log_field *fields, size_t n)
{
    if ((int)l < atomic_load(&log_min))
        return;
    int kept_errno = errno;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(LOG_LINE_MAX);
    add_time(&b);
    sbuf_addz(&b, ",\"level\":");
    add_quoted(&b, str_from(level_names[l]));
    sbuf_addz(&b, ",\"component\":");
    add_quoted(&b, str_from(component));
    sbuf_addz(&b, ",\"message\":");
    add_quoted(&b, str_from(message));
    size_t whole = b.n;
    for (size_t i = 0; i < n && sbuf_ok(&b); i++) {
        add_field(&b, &fields[i]);
        if (sbuf_ok(&b) && b.n < LOG_LINE_MAX - 2)
            whole = b.n;
    }
    /* Fields that no longer fit are left out, the line stays one JSON object. */
    b.failed = false;
    b.n = whole;
    sbuf_addz(&b, "}\n");
    write_all(sbuf_str(&b));
    errno = kept_errno;
}
