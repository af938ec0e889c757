/* Structured logs: one JSON object per line on standard error (or a given descriptor).
 * Never put a secret, a token or event content into a log line. */
#pragma once
#include "base/base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
void log_setup(enum log_level min, int fd); /* process-wide; level and fd are atomics */
bool log_level_parse(struct str s, enum log_level *out) MUST_USE;
struct log_field {
    const char *key;
    enum { LOG_F_STR, LOG_F_INT, LOG_F_REAL, LOG_F_BOOL } type;
    struct str s;
    int64_t i;
    double d;
};
struct log_field log_s(const char *key, struct str v);
struct log_field log_z(const char *key, const char *v);
struct log_field log_i(const char *key, int64_t v);
struct log_field log_d(const char *key, double v);
struct log_field log_b(const char *key, bool v);
/* {"time":"…Z","level":"info","component":"store","message":"…",fields…}; written by one write(2).
 */
void log_write(enum log_level l, const char *component, const char *message,
               const struct log_field *fields, size_t n);
#define LOG(l, component, message, ...)                                                            \
    log_write((l), (component), (message), (struct log_field[]){__VA_ARGS__},                      \
              sizeof((struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
/* LOG needs at least one field: LOG(LOG_INFO, "http", "listening", log_i("port", 8443)); */
