/* One request: its address, its signature, attempts, and what the store says against it. */
#include "base/ids.h"
#include "http/http.h"
#include "s3/s3_priv.h"
#include "text/date.h"
#include "text/xml.h"
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#define LAST_WAIT_US ((int64_t)20000000)

static bool stopping(const struct s3 *s)
{
    return s->stop != NULL && atomic_load(s->stop);
}

static void pause_for(const struct s3 *s, int64_t us)
{
    const struct timespec slice = {0, 20000000};
    for (int64_t end = clock_mono_us() + us; clock_mono_us() < end && !stopping(s);)
        (void)nanosleep(&slice, NULL);
}

/* ---- documents ---- */

bool s3_document(struct arena *a, struct str xml, const char *root, const struct json **out,
                 struct err *e)
{
    AUTO(sbuf_fini) struct sbuf text = sbuf_make((size_t)32 << 20);
    struct json *v = arena_new_of(a, struct json);
    if (!xml_to_json(xml, &text, e) || !json_parse(a, arena_str(a, sbuf_str(&text)), NULL, v, e))
        return false;
    *out = json_get(v, root);
    return *out != NULL || err_set(e, ERR_INVALID, "the store's answer is no %s", root);
}

struct str s3_member(const struct json *v, const char *name)
{
    return json_text(json_get(v, name), STR(""));
}

/* Texts of others, for messages: printable and short. */
static struct str tame(struct arena *a, struct str s)
{
    struct str copy = arena_str(a, str_sub(s, 0, 200));
    char *p = arena_strz(a, copy);
    for (size_t i = 0; i < copy.n; i++)
        p[i] = (unsigned char)p[i] < 0x20 || (unsigned char)p[i] > 0x7e ? '?' : p[i];
    return (struct str){p, copy.n};
}

static enum err_code code_of(int status)
{
    switch (status) {
    case 401:
    case 403:
        return ERR_FORBIDDEN;
    case 404:
        return ERR_NOT_FOUND;
    case 409:
    case 412:
        return ERR_CONFLICT;
    case 429:
    case 503:
        return ERR_BUSY;
    default:
        return status >= 300 && status < 500 ? ERR_INVALID : ERR_IO;
    }
}

bool s3_refused(const struct s3 *s, const struct s3_request *q, int status, struct str body,
                struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    const struct json *error = NULL;
    struct str code = STR("no reason given"), message = STR("");
    if (body.n > 0 && s3_document(a, body, "Error", &error, NULL)) {
        code = tame(a, s3_member(error, "Code"));
        message = tame(a, s3_member(error, "Message"));
    }
    struct str key = tame(a, q->key);
    err_set(e, code_of(status), "%s %.*s%s%s: status %d, %.*s%s%.*s", q->method, STR_ARG(key),
            key.n > 0 ? " in " : "", s->label, status, STR_ARG(code), message.n > 0 ? ": " : "",
            STR_ARG(message));
    if (e != NULL)
        snprintf(e->kind, sizeof(e->kind), "%.*s", STR_ARG(str_sub(code, 0, 23)));
    if (status / 100 == 3)
        err_hint(e, "the bucket is in another region: see the settings endpoint and region");
    if (str_eqz(code, "RequestTimeTooSkewed"))
        err_hint(e, "this machine's clock and the store's differ");
    return false;
}

/* ---- one attempt ---- */

enum { MAX_HEADERS = 8 };
struct attempt {
    struct s3 *s;
    const struct s3_request *q;
    struct arena *a;
    const char *path;
    struct s3_pair signed_headers[MAX_HEADERS];
    size_t n_signed;
    struct http_pair headers[MAX_HEADERS];
    size_t n_headers;
    struct s3_answer *answer;
};

static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* "Fri, 24 May 2013 00:00:00 GMT"; anything else: 0 */
static int64_t read_http_date(struct str s)
{
    int64_t day = 0, year = 0, hour = 0, minute = 0, second = 0, ticks = 0;
    if (s.n != 29 || !str_to_i64(str_sub(s, 5, 2), &day) || !str_to_i64(str_sub(s, 12, 4), &year) ||
        !str_to_i64(str_sub(s, 17, 2), &hour) || !str_to_i64(str_sub(s, 20, 2), &minute) ||
        !str_to_i64(str_sub(s, 23, 2), &second))
        return 0;
    struct civil c = {(int)year, 0, (int)day, (int)hour, (int)minute, (int)second, 0};
    for (size_t m = 0; m < COUNTOF(months); m++)
        if (str_eqz(str_sub(s, 8, 3), months[m]))
            c.month = (int)m + 1;
    return ticks_from_civil(&c, &ticks) ? ticks : 0;
}

static void on_header(void *self, struct str name, struct str value)
{
    struct s3_answer *out = self;
    if (str_ieqz(name, "etag")) {
        if (value.n >= 2 && value.p[0] == '"')
            value = str_sub(value, 1, value.n - 2);
        if (value.n < sizeof(out->etag)) {
            memcpy(out->etag, value.p, value.n);
            out->etag[value.n] = '\0';
        }
    } else if (str_ieqz(name, "content-length")) {
        if (!str_to_i64(value, &out->length) || out->length < 0)
            out->length = -1;
    } else if (str_ieqz(name, "last-modified")) {
        out->modified = read_http_date(value);
    } else if (str_ieqz(name, "date")) {
        out->date = read_http_date(value);
    }
}

static void add_header(struct attempt *t, const char *name, struct str value)
{
    if (value.n == 0)
        return;
    CHECK(t->n_signed < MAX_HEADERS);
    t->signed_headers[t->n_signed++] = (struct s3_pair){name, value};
    if (strcmp(name, "host") != 0) /* libcurl's own, of the address */
        t->headers[t->n_headers++] = (struct http_pair){str_from(name), value};
}

/* Headers in order of name, as the signature wants them. */
static void make_headers(struct attempt *t)
{
    struct s3 *s = t->s;
    char payload[S3_HASH_HEX], time[S3_TIME_BYTES];
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    t->n_signed = t->n_headers = 0;
    s3_hash_hex(t->q->body, payload);
    s3_time(clock_now(s->clock), time);
    add_header(t, "host", str_from(s->host));
    add_header(t, "if-match", t->q->if_match);
    add_header(t, "range", t->q->range);
    add_header(t, "x-amz-content-sha256", arena_str(t->a, str_from(payload)));
    add_header(t, "x-amz-date", arena_str(t->a, str_from(time)));
    add_header(t, "x-amz-security-token", s->session_token);
    if (s->access_key.n == 0)
        return;
    struct s3_signing q = {.region = s->region,
                           .access_key = s->access_key,
                           .secret_key = s->secret_key,
                           .method = t->q->method,
                           .path = t->path,
                           .query = t->q->query,
                           .n_query = t->q->n_query,
                           .headers = t->signed_headers,
                           .n_headers = t->n_signed,
                           .payload = payload,
                           .time = time};
    s3_authorization(&q, &b);
    t->headers[t->n_headers++] =
        (struct http_pair){STR("authorization"), arena_str(t->a, sbuf_str(&b))};
}

static bool try_once(struct attempt *t, struct sbuf *body, int *out_retry_after_s, struct err *e)
{
    struct s3 *s = t->s;
    AUTO(sbuf_fini) struct sbuf url = sbuf_make(0);
    sbuf_addf(&url, "%s://%s%s%s", s->scheme, s->host, t->path, t->q->n_query > 0 ? "?" : "");
    s3_query_text(&url, t->q->query, t->q->n_query);
    make_headers(t);
    *t->answer = (struct s3_answer){.length = -1};
    struct http_call c = {.method = t->q->method,
                          .url = sbuf_str(&url).p,
                          .label = s->label,
                          .ca_file = s->ca_file,
                          .body = t->q->body,
                          .headers = t->headers,
                          .n_headers = t->n_headers,
                          .verbatim = true,
                          .on_header = on_header,
                          .header_self = t->answer,
                          .cancel = s->stop,
                          .timeout_s = s->timeout_s,
                          .max_response =
                              t->q->max_response > 0 ? t->q->max_response : (size_t)4 << 20};
    return http_call(&c, &t->answer->status, body, out_retry_after_s, e);
}

static bool worth_another(bool answered, int status, const struct err *e)
{
    if (!answered)
        return e->code == ERR_IO || e->code == ERR_TIMEOUT;
    return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

/* Between half of the wait and all of it, so that many that were refused do not come back at once.
 */
static int64_t jitter(int64_t us)
{
    uint32_t r = 0;
    random_bytes(&r, sizeof(r));
    return us / 2 + (int64_t)((uint64_t)us / 2 * r / UINT32_MAX);
}

bool s3_call(struct s3 *s, const struct s3_request *q, struct s3_answer *out, struct sbuf *body,
             struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf path = sbuf_make(0);
    struct attempt t = {.s = s, .q = q, .a = a, .answer = out};
    size_t before = body->n;
    int64_t wait = s->wait_us;
    if (q->key.n > S3_MAX_KEY)
        return err_set(e, ERR_INVALID, "a key of more than %d bytes", S3_MAX_KEY);
    sbuf_addz(&path, s->base);
    s3_encode(&path, q->key, true);
    t.path = sbuf_str(&path).p;
    for (unsigned i = 1;; i++) {
        int retry_after = 0;
        struct err why = {0};
        if (stopping(s))
            return err_set(e, ERR_CANCELLED, "%s: stopped", s->label);
        body->n = before;
        bool answered = try_once(&t, body, &retry_after, &why);
        struct str text = str_sub(sbuf_str(body), before, body->n);
        if (answered && (out->status / 100 == 2 || (unsigned)out->status == q->also_ok))
            return true;
        if (i >= s->attempts || !worth_another(answered, out->status, &why)) {
            if (answered)
                return s3_refused(s, q, out->status, text, e);
            if (e != NULL)
                *e = why;
            return false;
        }
        int64_t asked = (int64_t)retry_after * 1000000;
        pause_for(s, asked > wait && asked < LAST_WAIT_US ? asked : jitter(wait));
        wait = wait * 2 < LAST_WAIT_US ? wait * 2 : LAST_WAIT_US;
    }
}
