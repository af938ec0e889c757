/* Secrets: out of a file or a variable, never out of the configuration. */
#include "topics/topics_priv.h"
#include <stdio.h>
#include <stdlib.h>

enum { MAX_SECRET = 8192 };

bool secret_read(struct arena *a, const char *file, const char *variable, struct str *out,
                 struct err *e)
{
    char text[MAX_SECRET + 1];
    if (file == NULL) {
        const char *v = variable != NULL ? getenv(variable) : NULL;
        if (v == NULL || v[0] == '\0')
            return err_set(e, ERR_INVALID, "the variable %s is not set",
                           variable != NULL ? variable : "");
        *out = arena_str(a, str_from(v));
        return true;
    }
    FILE *f = fopen(file, "re");
    if (f == NULL)
        return err_errno(e, "can't read the secret", file);
    size_t n = fread(text, 1, sizeof(text), f);
    bool bad = ferror(f) != 0;
    (void)fclose(f);
    if (bad)
        return err_errno(e, "can't read the secret", file);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    if (n == 0 || n > MAX_SECRET || memchr(text, '\0', n) != NULL)
        return err_set(e, ERR_INVALID, "%s: a secret of 1 to %d bytes expected", file, MAX_SECRET);
    *out = arena_str(a, (struct str){text, n});
    return true;
}

static bool is_host(struct str s)
{
    bool ok = s.n > 0 && s.n < 254;
    for (size_t i = 0; ok && i < s.n; i++) {
        char c = s.p[i];
        ok = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '.' || c == '-';
    }
    return ok;
}

bool event_hub_read(struct arena *a, struct str text, struct event_hub *out, struct err *e)
{
    struct str rest = text;
    bool key = false;
    *out = (struct event_hub){NULL, NULL};
    while (rest.n > 0) {
        size_t at = rest.n, equals = 0;
        (void)str_find(rest, STR(";"), &at);
        struct str part = str_sub(rest, 0, at);
        rest = str_sub(rest, at + 1, rest.n);
        if (!str_find(part, STR("="), &equals))
            continue;
        struct str name = str_trim(str_sub(part, 0, equals));
        struct str value = str_trim(str_sub(part, equals + 1, part.n));
        if (str_ieqz(name, "Endpoint")) {
            if (str_starts(value, STR("sb://")))
                value = str_sub(value, 5, value.n);
            while (value.n > 0 && value.p[value.n - 1] == '/')
                value.n--;
            if (is_host(value))
                out->brokers = arena_fmt(a, "%.*s:9093", STR_ARG(value)).p;
        } else if (str_ieqz(name, "EntityPath") && value.n > 0) {
            out->topic = arena_strz(a, value);
        } else if (str_ieqz(name, "SharedAccessKey")) {
            key = value.n > 0;
        }
    }
    return (out->brokers != NULL && key) ||
           err_set(e, ERR_INVALID,
                   "the connection string: Endpoint=sb://HOST/;SharedAccessKeyName=…;"
                   "SharedAccessKey=… expected");
}
