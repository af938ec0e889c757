/* Opening: the endpoint's parts, and what is checked of them. */
#include "s3/s3_priv.h"

static bool is_host(struct str s)
{
    bool ok = s.n > 0 && s.n < 254;
    for (size_t i = 0; ok && i < s.n; i++) {
        char c = s.p[i];
        ok = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
             str_holds(STR(".-:[]_"), c);
    }
    return ok;
}

static bool is_loopback(struct str host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < COUNTOF(names); i++) {
        struct str name = str_from(names[i]);
        if (str_ieq(str_sub(host, 0, name.n), name) && (host.n == name.n || host.p[name.n] == ':'))
            return true;
    }
    return false;
}

/* Letters, digits, '.', '-' (and '_', which old buckets have). */
static bool is_bucket(struct str s)
{
    bool ok = s.n >= 3 && s.n <= 255 && s.p[0] != '.' && s.p[0] != '-';
    for (size_t i = 0; ok && i < s.n; i++) {
        char c = s.p[i];
        ok = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
             str_holds(STR(".-_"), c);
    }
    return ok;
}

static bool is_printable(struct str s)
{
    bool ok = s.n < 8192;
    for (size_t i = 0; ok && i < s.n; i++)
        ok = (unsigned char)s.p[i] > 0x20 && (unsigned char)s.p[i] < 0x7f;
    return ok;
}

static bool read_endpoint(struct s3 *s, const struct s3_options *o, struct err *e)
{
    struct str text = str_trim(str_from(o->endpoint)), scheme = STR("https");
    size_t at = 0;
    if (str_find(text, STR("://"), &at)) {
        scheme = str_sub(text, 0, at);
        text = str_sub(text, at + 3, text.n);
    }
    if (text.n > 0 && text.p[text.n - 1] == '/')
        text.n--;
    bool plain = str_ieqz(scheme, "http");
    if (!is_host(text) || (!plain && !str_ieqz(scheme, "https")))
        return err_set(e, ERR_INVALID, "endpoint: https://HOST or https://HOST:PORT expected");
    if (plain && !is_loopback(text))
        return err_set(e, ERR_INVALID,
                       "endpoint: plain http:// is for this machine only, https:// expected");
    s->scheme = plain ? "http" : "https";
    s->host = o->virtual_host ? arena_fmt(s->a, "%s.%.*s", o->bucket, STR_ARG(text)).p
                              : arena_strz(s->a, text);
    s->base = o->virtual_host ? "/" : arena_fmt(s->a, "/%s/", o->bucket).p;
    s->label = arena_fmt(s->a, "bucket %s at %.*s", o->bucket, STR_ARG(text)).p;
    return true;
}

static bool check(const struct s3_options *o, struct err *e)
{
    if (!is_bucket(str_from(o->bucket)))
        return err_set(e, ERR_INVALID, "bucket: a bucket's name expected");
    if (o->region != NULL && (!is_host(str_from(o->region))))
        return err_set(e, ERR_INVALID, "region: a region such as eu-central-1 expected");
    if ((o->access_key.n == 0) != (o->secret_key.n == 0))
        return err_set(e, ERR_INVALID, "an access key and its secret key, or neither, expected");
    return (is_printable(o->access_key) && is_printable(o->secret_key) &&
            is_printable(o->session_token)) ||
           err_set(e, ERR_INVALID, "the keys hold characters that no key has");
}

struct s3 *s3_open(const struct s3_options *o, struct err *e)
{
    if (!check(o, e))
        return NULL;
    struct s3 *s = xcalloc(1, sizeof(*s));
    s->a = arena_new(0);
    s->region = arena_strz(s->a, str_from(o->region != NULL ? o->region : "us-east-1"));
    s->ca_file = o->ca_file != NULL ? arena_strz(s->a, str_from(o->ca_file)) : NULL;
    s->access_key = arena_str(s->a, o->access_key);
    s->secret_key = arena_str(s->a, o->secret_key);
    s->session_token = arena_str(s->a, o->session_token);
    s->clock = o->clock;
    s->timeout_s = o->timeout_s > 0 ? o->timeout_s : 60;
    s->attempts = o->attempts > 0 ? o->attempts : 5;
    s->wait_us = o->wait_us > 0 ? o->wait_us : 200000;
    s->stop = o->stop;
    if (read_endpoint(s, o, e))
        return s;
    s3_close(s);
    return NULL;
}

void s3_close(struct s3 *s)
{
    if (s == NULL)
        return;
    arena_free(s->a);
    xfree(s);
}

const char *s3_label(const struct s3 *s)
{
    return s->label;
}
