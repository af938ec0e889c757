/* The server: libmicrohttpd reads and writes, a worker pool runs the handlers.
 *
 *   MHD thread:  target → headers → body pieces → suspend ─┐          ┌─ send
 *   worker:                                                └ dispatch ┘ resume
 *
 * Invariants: handlers never run on MHD's threads; an exchange belongs to the MHD thread except
 * between suspend and resume; a body is never larger than its route's limit and all bodies together
 * never larger than max_inflight_bytes. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/thread.h"
#include "http/http_priv.h"

enum {
    MAX_HEADERS_IN = 100,
    MAX_RETIRED = 16,
    CONNECTION_MEMORY = 128 * 1024, /* request line and headers */
    DISCARD_LIMIT = 32 * 1024 * 1024,
    REQUEST_MEMORY = 1024 * 1024 * 1024 /* twice what compiling a query may take */
};

struct http_server {
    struct http_server_options o;
    struct http_router *router;
    struct pool *pool, *long_pool, *costly_pool;
    struct watch *watch;
    struct lock daemons_lock; /* of the next two, once the server runs */
    struct MHD_Daemon *daemons[4];
    struct MHD_Daemon *retired[MAX_RETIRED]; /* accept nothing more: of certificates before */
    uint16_t ports[4];
    atomic_bool draining, cancel;
    atomic_size_t inflight_bytes;
    atomic_uint_fast64_t open, long_pending, requests, bytes_in, bytes_out, refused_busy,
        by_class[6];
};

enum exchange_state { EX_NEW, EX_BODY, EX_DISCARD, EX_WORKING, EX_DONE };

struct exchange {
    struct http_server *server;
    struct MHD_Connection *conn;
    enum exchange_state state;
    struct http_request q;
    struct http_response r;
    struct sbuf body;
    size_t counted, discarded; /* bytes booked in inflight_bytes; bytes thrown away */
    int64_t start_us;
    bool bad_target;
    atomic_bool gone; /* the client; long work only */
    struct err target_err;
    char remote[INET6_ADDRSTRLEN];
};

static void *on_target(void *cls, const char *uri, struct MHD_Connection *c)
{
    struct http_server *s = cls;
    struct exchange *x = xcalloc(1, sizeof(*x));
    atomic_fetch_add(&s->open, 1);
    x->server = s;
    x->conn = c;
    x->start_us = clock_mono_us();
    x->q.arena = arena_new(REQUEST_MEMORY);
    x->q.cancel = &s->cancel;
    x->r = http_response_make(s->o.max_response);
    guid_format(guid_new(), x->q.id);
    x->bad_target =
        !http_request_target(&x->q, arena_str(x->q.arena, str_from(uri)), &x->target_err);
    return x;
}

static void on_completed(void *cls, struct MHD_Connection *c, void **con_cls,
                         enum MHD_RequestTerminationCode why)
{
    struct http_server *s = cls;
    struct exchange *x = *con_cls;
    (void)c;
    (void)why;
    if (x == NULL)
        return;
    *con_cls = NULL;
    atomic_fetch_sub(&s->inflight_bytes, x->counted);
    sbuf_fini(&x->body);
    http_response_fini(&x->r);
    arena_free(x->q.arena);
    xfree(x);
    atomic_fetch_sub(&s->open, 1);
}

static enum MHD_Result add_header(void *cls, enum MHD_ValueKind kind, const char *key,
                                  const char *value)
{
    struct http_request *q = cls;
    (void)kind;
    if (q->n_headers == MAX_HEADERS_IN)
        return MHD_NO;
    q->headers[q->n_headers++] =
        (struct http_pair){arena_str(q->arena, str_from(key)),
                           arena_str(q->arena, str_from(value != NULL ? value : ""))};
    return MHD_YES;
}

static void fill_remote(struct exchange *x)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *sa = info != NULL ? info->client_addr : NULL;
    const void *addr = NULL;
    if (sa != NULL && sa->sa_family == AF_INET)
        addr = (const char *)sa + offsetof(struct sockaddr_in, sin_addr);
    else if (sa != NULL && sa->sa_family == AF_INET6)
        addr = (const char *)sa + offsetof(struct sockaddr_in6, sin6_addr);
    if (addr == NULL || inet_ntop(sa->sa_family, addr, x->remote, sizeof(x->remote)) == NULL)
        x->remote[0] = '\0';
    x->q.remote = str_from(x->remote);
}

/* Of every answer that does not say otherwise: whatever is in it, no browser runs, frames, keeps or
 * guesses at it, and tells nobody where it was. */
static void add_safety_headers(struct exchange *x, struct MHD_Response *m)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cache-Control", "no-store"},
    };
    char age[48];
    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (http_response_get(&x->r, rows[i].name) == NULL)
            (void)MHD_add_response_header(m, rows[i].name, rows[i].value);
    if (x->server->o.hsts_s == 0 ||
        MHD_get_connection_info(x->conn, MHD_CONNECTION_INFO_PROTOCOL) == NULL)
        return; /* over plain HTTP browsers ignore it (RFC 6797, 8.1) */
    snprintf(age, sizeof(age), "max-age=%lld", (long long)x->server->o.hsts_s);
    (void)MHD_add_response_header(m, "Strict-Transport-Security", age);
}

static enum MHD_Result send_response(struct exchange *x)
{
    struct http_response *r = &x->r;
    struct str body = sbuf_str(&r->body);
    union {
        const char *in;
        void *out;
    } bytes = {.in = body.p}; /* MHD does not write to a persistent buffer */
    struct MHD_Response *m =
        r->stream != NULL
            ? stream_response(r->stream, x->conn)
            : MHD_create_response_from_buffer(body.n, bytes.out, MHD_RESPMEM_PERSISTENT);
    CHECK(m != NULL);
    for (size_t i = 0; i < r->n_headers; i++)
        (void)MHD_add_response_header(m, r->headers[i].name, r->headers[i].value);
    const char *type =
        r->content_type != NULL ? r->content_type : "application/json; charset=utf-8";
    if (body.n > 0 || r->stream != NULL)
        (void)MHD_add_response_header(m, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    add_safety_headers(x, m);
    if (atomic_load(&x->server->draining))
        (void)MHD_add_response_header(m, MHD_HTTP_HEADER_CONNECTION, "close");
    unsigned cls = (unsigned)r->status / 100;
    atomic_fetch_add(&x->server->by_class[cls < 6 ? cls : 5], 1);
    atomic_fetch_add(&x->server->bytes_out, body.n);
    enum MHD_Result rc = MHD_queue_response(x->conn, (unsigned)r->status, m);
    MHD_destroy_response(m);
    return rc;
}

/* Prepares the answer to a request that no handler sees. */
static void refuse(struct exchange *x, int status, enum err_code code, const char *text)
{
    struct err e = {0};
    (void)err_set(&e, code, "%s", text);
    http_response_header(&x->r, "x-ms-request-id", str_from(x->q.id));
    if (status == 503 || status == 429) {
        http_response_header(&x->r, "Retry-After", STR("1"));
        atomic_fetch_add(&x->server->refused_busy, 1);
    }
    http_fail(x->server->router, &x->q, status, &e, &x->r);
    atomic_fetch_sub(&x->server->inflight_bytes, x->counted);
    x->counted = 0;
    sbuf_fini(&x->body);
    x->body = sbuf_make(0);
    x->state = EX_DISCARD;
}

static void finish(struct exchange *x)
{
    x->state = EX_DONE;
    MHD_resume_connection(x->conn);
}

static void work(void *arg)
{
    struct exchange *x = arg;
    x->q.body = sbuf_str(&x->body);
    http_dispatch(x->server->router, &x->q, &x->r);
    finish(x);
}

/* Nobody reads the answer to what was given up while it waited. */
static void long_work(void *arg)
{
    struct exchange *x = arg;
    struct http_server *s = x->server;
    if (atomic_load(&x->gone)) {
        refuse(x, 503, ERR_CANCELLED, "The request was given up while it waited.");
    } else {
        x->q.body = sbuf_str(&x->body);
        http_dispatch(s->router, &x->q, &x->r);
    }
    watch_remove(s->watch, &x->gone);
    atomic_fetch_sub(&s->long_pending, 1);
    finish(x);
}

static void start_long_work(struct exchange *x)
{
    struct http_server *s = x->server;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(x->conn, MHD_CONNECTION_INFO_CONNECTION_FD);
    CHECK(info != NULL);
    x->q.cancel = &x->gone;
    watch_add(s->watch, info->connect_fd, &x->gone);
    if (atomic_load(&s->cancel))
        atomic_store(&x->gone, true);
    atomic_fetch_add(&s->long_pending, 1);
    if (pool_run(s->long_pool, long_work, x))
        return;
    atomic_fetch_sub(&s->long_pending, 1);
    watch_remove(s->watch, &x->gone);
    refuse(x, 429, ERR_BUSY, "Too many queries are waiting. Try again in a second.");
    finish(x);
}

/* busy: the status when too many wait already. */
static void start_on(struct exchange *x, struct pool *pool, int busy)
{
    if (pool_run(pool, work, x))
        return;
    refuse(x, busy, ERR_BUSY, "The server is busy. Try again in a second.");
    finish(x);
}

static enum MHD_Result start_work(struct exchange *x)
{
    struct http_server *s = x->server;
    x->state = EX_WORKING;
    x->q.since_us = clock_mono_us();
    MHD_suspend_connection(x->conn);
    switch (http_router_lane(s->router, x->q.route)) {
    case HTTP_LONG:
        start_long_work(x);
        break;
    case HTTP_COSTLY:
        start_on(x, s->costly_pool, 429);
        break;
    case HTTP_SHORT:
        start_on(x, s->pool, 503);
        break;
    }
    return MHD_YES;
}

static const struct http_route *route_of(struct exchange *x)
{
    bool other = false;
    enum http_method m = x->q.method == HTTP_HEAD ? HTTP_GET : x->q.method;
    return http_router_find(x->server->router, x->q.arena, m, x->q.path, NULL, NULL, &other);
}

/* Headers are complete. A body that can only be refused is not stored; one that is too long to be
 * thrown away is not even read. */
static enum MHD_Result begin(struct exchange *x, const char *method)
{
    struct http_server *s = x->server;
    atomic_fetch_add(&s->requests, 1);
    x->q.method = http_method_parse(str_from(method));
    x->q.headers = arena_array(x->q.arena, struct http_pair, MAX_HEADERS_IN);
    MHD_get_connection_values(x->conn, MHD_HEADER_KIND, add_header, &x->q);
    fill_remote(x);
    x->state = EX_BODY;
    x->q.route = x->bad_target ? NULL : route_of(x);
    size_t limit = http_router_max_body(s->router, x->q.route);
    x->body = sbuf_make(limit);
    int64_t declared = 0;
    struct str length = http_header(&x->q, "content-length");
    if (length.n > 0 && !str_to_i64(length, &declared))
        declared = INT64_MAX;
    if (x->bad_target)
        refuse(x, 400, x->target_err.code, x->target_err.msg);
    else if (atomic_load(&s->draining))
        refuse(x, 503, ERR_BUSY, "The server is stopping.");
    else if (declared > (int64_t)limit)
        refuse(x, 413, ERR_TOO_LARGE, "The request body is larger than the limit.");
    bool waits = str_ieqz(http_header(&x->q, "expect"), "100-continue");
    if (x->state == EX_DISCARD && (waits || declared > DISCARD_LIMIT))
        return send_response(x);
    return MHD_YES;
}

static enum MHD_Result take_piece(struct exchange *x, const char *data, size_t n)
{
    struct http_server *s = x->server;
    atomic_fetch_add(&s->bytes_in, n);
    int64_t limit_us = (int64_t)s->o.request_timeout_s * 1000000;
    if (clock_mono_us() - x->start_us > limit_us)
        return MHD_NO;
    if (x->state == EX_DISCARD) {
        x->discarded += n;
        return x->discarded > DISCARD_LIMIT ? MHD_NO : MHD_YES;
    }
    if (n > x->body.max - x->body.n) {
        refuse(x, 413, ERR_TOO_LARGE, "The request body is larger than the limit.");
        return MHD_YES;
    }
    size_t before = atomic_fetch_add(&s->inflight_bytes, n);
    x->counted += n;
    if (before + n > s->o.max_inflight_bytes)
        refuse(x, 503, ERR_BUSY,
               "The server is receiving too much at once. Try again in a second.");
    else
        sbuf_addmem(&x->body, data, n);
    return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_n, void **con_cls)
{
    struct exchange *x = *con_cls;
    (void)cls;
    (void)c;
    (void)url;
    (void)version;
    CHECK(x != NULL);
    if (x->state == EX_NEW)
        return begin(x, method);
    if (*upload_n > 0) {
        enum MHD_Result rc = take_piece(x, upload, *upload_n);
        *upload_n = 0;
        return rc;
    }
    if (x->state == EX_BODY)
        return start_work(x);
    return send_response(x);
}

PRINTF_LIKE(2, 0)
static void on_library_log(void *cls, const char *fmt, va_list ap)
{
    (void)cls;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1024);
    sbuf_addv(&b, fmt, ap);
    LOG(LOG_DEBUG, "http", "connection", log_s("detail", str_trim(sbuf_str(&b))));
}

static bool is_loopback(const struct sockaddr_storage *ss)
{
    if (ss->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, ss, sizeof(in));
        return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
    }
    struct sockaddr_in6 in6;
    memcpy(&in6, ss, sizeof(in6));
    return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

static bool parse_address(const struct http_listener *l, struct sockaddr_storage *ss, socklen_t *n,
                          struct err *e)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(l->port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(l->port)};
    memset(ss, 0, sizeof(*ss));
    if (inet_pton(AF_INET, l->address, &in.sin_addr) == 1) {
        memcpy(ss, &in, sizeof(in));
        *n = sizeof(in);
    } else if (inet_pton(AF_INET6, l->address, &in6.sin6_addr) == 1) {
        memcpy(ss, &in6, sizeof(in6));
        *n = sizeof(in6);
    } else {
        return err_set(e, ERR_INVALID, "'%s' is not a numeric IP address to listen on", l->address);
    }
    if (!l->tls && !is_loopback(ss))
        return err_set(e, ERR_INVALID,
                       "plain HTTP is served on loopback addresses only, not on %s: tokens would "
                       "cross the network in clear text; use HTTPS",
                       l->address);
    return true;
}

static int open_socket(const struct http_listener *l, uint16_t *out_port, struct err *e)
{
    struct sockaddr_storage ss;
    socklen_t n = 0;
    if (!parse_address(l, &ss, &n, e))
        return -1;
    int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    const struct sockaddr *sa = (const void *)&ss;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, sa, n) != 0 || listen(fd, 1024) != 0) {
        int code = errno;
        (void)err_set(e, code == EADDRINUSE ? ERR_CONFLICT : ERR_IO,
                      "cannot listen on %s port %u: %s", l->address, l->port, strerror(code));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    n = sizeof(ss);
    *out_port = l->port;
    void *out = &ss;
    if (getsockname(fd, out, &n) == 0) {
        struct sockaddr_in in; /* the port is at the same place in both families */
        memcpy(&in, &ss, sizeof(in));
        *out_port = ntohs(in.sin_port);
    }
    return fd;
}

static struct MHD_Daemon *start_daemon(struct http_server *s, const struct http_listener *l, int fd,
                                       const char *cert, const char *key)
{
    unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_PRIORITIES, 0, NULL},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, NULL},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
    };
    union {
        const char *in;
        void *out;
    } texts[] = {{"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"}, {cert}, {key}};
    for (size_t i = 0; i < COUNTOF(texts); i++)
        tls[i].ptr_value = texts[i].out;
    if (l->tls)
        flags |= MHD_USE_TLS;
    else
        tls[0] = tls[3];
    return MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER,
                            on_library_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_URI_LOG_CALLBACK, on_target, s, MHD_OPTION_NOTIFY_COMPLETED,
                            on_completed, s, MHD_OPTION_CONNECTION_LIMIT, s->o.max_connections,
                            MHD_OPTION_CONNECTION_TIMEOUT, s->o.idle_timeout_s,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
                            MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

static bool start_listener(struct http_server *s, size_t i, const char *cert, const char *key,
                           struct err *e)
{
    const struct http_listener *l = &s->o.listen[i];
    int fd = open_socket(l, &s->ports[i], e);
    if (fd < 0)
        return false;
    s->daemons[i] = start_daemon(s, l, fd, cert, key);
    if (s->daemons[i] != NULL)
        return true;
    close(fd);
    return err_set(e, ERR_IO, "cannot start the %s server on %s port %u%s",
                   l->tls ? "HTTPS" : "HTTP", l->address, l->port,
                   l->tls ? ": is the certificate usable?" : "");
}

/* ---- another certificate ---- */

/* Those whose connections have all ended go; where a new one can be kept, NULL: nowhere. */
static struct MHD_Daemon **retirement(struct http_server *s)
{
    struct MHD_Daemon **room = NULL;
    for (size_t i = 0; i < COUNTOF(s->retired); i++) {
        const union MHD_DaemonInfo *info =
            s->retired[i] == NULL
                ? NULL
                : MHD_get_daemon_info(s->retired[i], MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
        if (info != NULL && info->num_connections == 0) {
            MHD_stop_daemon(s->retired[i]);
            s->retired[i] = NULL;
        }
        if (s->retired[i] == NULL)
            room = &s->retired[i];
    }
    return room;
}

/* The new one accepts beside the old one for a moment, so that no connection is refused. */
static bool renew_listener(struct http_server *s, size_t i, const char *cert, const char *key,
                           struct err *e)
{
    struct MHD_Daemon **room = retirement(s);
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(s->daemons[i], MHD_DAEMON_INFO_LISTEN_FD);
    if (room == NULL || info == NULL)
        return err_set(e, ERR_BUSY,
                       "connections of %d certificates before are still open: try again later, or "
                       "restart the server",
                       MAX_RETIRED);
    int fd = fcntl(info->listen_fd, F_DUPFD_CLOEXEC, 0);
    struct MHD_Daemon *fresh = fd < 0 ? NULL : start_daemon(s, &s->o.listen[i], fd, cert, key);
    if (fresh == NULL) {
        if (fd >= 0)
            close(fd);
        return err_set(e, ERR_IO, "the certificate and its key can't be used");
    }
    MHD_socket old = MHD_quiesce_daemon(s->daemons[i]);
    if (old != MHD_INVALID_SOCKET)
        close(old);
    *room = s->daemons[i];
    s->daemons[i] = fresh;
    return true;
}

bool http_server_renew(struct http_server *s, struct str cert_pem, struct str key_pem,
                       struct err *e)
{
    AUTO(xfreep) char *cert = xstrndup(cert_pem);
    AUTO(xwipep) char *key = xstrndup(key_pem);
    lock_take(&s->daemons_lock);
    bool ok = !atomic_load(&s->draining) || err_set(e, ERR_BUSY, "the server is stopping");
    for (size_t i = 0; ok && i < s->o.n_listen; i++)
        ok = !s->o.listen[i].tls || renew_listener(s, i, cert, key, e);
    lock_drop(&s->daemons_lock);
    return ok;
}

/* ---- the server ---- */

static void fill_defaults(struct http_server_options *o)
{
    o->workers = o->workers > 0 ? o->workers : 4;
    o->max_backlog = o->max_backlog > 0 ? o->max_backlog : 256;
    o->long_workers = o->long_workers > 0 ? o->long_workers : 4;
    o->max_long_backlog = o->max_long_backlog > 0 ? o->max_long_backlog : 64;
    o->costly_workers = o->costly_workers > 0 ? o->costly_workers : 2;
    o->max_costly_backlog = o->max_costly_backlog > 0 ? o->max_costly_backlog : 32;
    o->max_connections = o->max_connections > 0 ? o->max_connections : 512;
    o->request_timeout_s = o->request_timeout_s > 0 ? o->request_timeout_s : 120;
    o->idle_timeout_s = o->idle_timeout_s > 0 ? o->idle_timeout_s : 30;
    /* A request that stops in the middle sends no more pieces that could be found late. */
    if (o->idle_timeout_s > o->request_timeout_s)
        o->idle_timeout_s = o->request_timeout_s;
    o->max_inflight_bytes = o->max_inflight_bytes > 0 ? o->max_inflight_bytes : (size_t)256 << 20;
    o->max_response = o->max_response > 0 ? o->max_response : (size_t)256 << 20;
}

struct http_server *http_server_start(const struct http_server_options *o,
                                      struct http_router *router, struct err *e)
{
    CHECK(o->n_listen > 0 && o->n_listen <= COUNTOF(o->listen));
    struct http_server *s = xcalloc(1, sizeof(*s));
    s->o = *o;
    fill_defaults(&s->o);
    s->router = router;
    s->pool = pool_new("http", s->o.workers, s->o.max_backlog);
    s->long_pool = pool_new("http long work", s->o.long_workers, s->o.max_long_backlog);
    s->costly_pool = pool_new("http costly work", s->o.costly_workers, s->o.max_costly_backlog);
    s->watch = watch_new();
    lock_init(&s->daemons_lock, "http listeners");
    AUTO(xfreep) char *cert = xstrndup(o->cert_pem);
    AUTO(xwipep) char *key = xstrndup(o->key_pem);
    bool ok = true;
    for (size_t i = 0; ok && i < o->n_listen; i++)
        ok = start_listener(s, i, cert, key, e);
    s->o.cert_pem = s->o.key_pem = STR_NONE;
    if (ok)
        return s;
    http_server_free(s);
    return NULL;
}

uint16_t http_server_port(const struct http_server *s, size_t listener)
{
    CHECK(listener < s->o.n_listen);
    return s->ports[listener];
}

void http_server_stats(const struct http_server *s, struct http_stats *out)
{
    out->requests = atomic_load(&s->requests);
    out->bytes_in = atomic_load(&s->bytes_in);
    out->bytes_out = atomic_load(&s->bytes_out);
    out->refused_busy = atomic_load(&s->refused_busy);
    out->inflight = atomic_load(&s->open);
    out->long_pending = atomic_load(&s->long_pending);
    for (size_t i = 0; i < COUNTOF(out->by_class); i++)
        out->by_class[i] = atomic_load(&s->by_class[i]);
}

static bool wait_idle(struct http_server *s, int64_t limit_ms)
{
    int64_t until = clock_mono_us() + limit_ms * 1000;
    while (atomic_load(&s->open) > 0) {
        if (clock_mono_us() > until)
            return false;
        usleep(2000);
    }
    return true;
}

bool http_server_drain(struct http_server *s, int64_t limit_ms)
{
    atomic_store(&s->draining, true);
    lock_take(&s->daemons_lock);
    for (size_t i = 0; i < s->o.n_listen; i++) {
        MHD_socket fd = MHD_quiesce_daemon(s->daemons[i]);
        if (fd != MHD_INVALID_SOCKET)
            close(fd);
    }
    lock_drop(&s->daemons_lock);
    if (wait_idle(s, limit_ms))
        return true;
    atomic_store(&s->cancel, true);
    watch_all_gone(s->watch);
    return wait_idle(s, limit_ms);
}

void http_server_free(struct http_server *s)
{
    if (s == NULL)
        return;
    pool_drain(s->pool);
    pool_drain(s->long_pool);
    pool_drain(s->costly_pool);
    for (size_t i = 0; i < s->o.n_listen; i++)
        if (s->daemons[i] != NULL)
            MHD_stop_daemon(s->daemons[i]);
    for (size_t i = 0; i < COUNTOF(s->retired); i++)
        if (s->retired[i] != NULL)
            MHD_stop_daemon(s->retired[i]);
    pool_free(s->pool);
    pool_free(s->long_pool);
    pool_free(s->costly_pool);
    watch_free(s->watch);
    lock_fini(&s->daemons_lock);
    xfree(s);
}
