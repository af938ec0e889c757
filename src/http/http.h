/* HTTP: requests and responses, the router, the server, TLS files, throttling, a client.
 * Knows no domain word: what a principal is and how an error body looks is told by struct http_app.
 */
#pragma once
#include "base/base.h"

enum http_method {
    HTTP_GET,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE,
    HTTP_HEAD,
    HTTP_OPTIONS,
    HTTP_OTHER
};
const char *http_method_name(enum http_method m);
enum http_method http_method_parse(struct str s);
const char *http_status_text(int status);
/* The HTTP status that an error code has when nobody says otherwise. */
int http_status_of(enum err_code c);

struct http_pair {
    struct str name, value;
};

/* One request. Everything is borrowed from arena or from the caller and lives until the handler
 * returns. */
struct http_request {
    struct arena *arena;
    enum http_method method;
    struct str path;         /* as sent, without the query part */
    struct http_pair *query; /* names and values percent-decoded */
    size_t n_query;
    struct http_pair *headers;
    size_t n_headers;
    struct http_pair *params; /* of the route's {name} parts, decoded */
    size_t n_params;
    struct str body;   /* inflated */
    struct str remote; /* peer address without port; "local" in-process */
    char id[37];       /* request id, a GUID */
    const struct http_route *route;
    void *principal;         /* set by http_app.authorise, understood by the handlers */
    struct str throttle_key; /* set by http_app.authorise; empty: remote */
    /* Set when nobody waits for the answer any more: the server stops or (routes of long work)
     * the client has hung up; may be NULL. */
    const _Atomic bool *cancel;
    int64_t since_us; /* clock_mono_us() when it had come completely; 0: now */
};
struct str http_param(const struct http_request *q, const char *name); /* must be in the pattern */
/* Absent: empty with p NULL. Names compare without case. */
struct str http_query(const struct http_request *q, const char *name);
struct str http_header(const struct http_request *q, const char *name);
/* The cookie of this name (RFC 6265). false: there is none, or there are two with different values:
 * nobody can tell which one is meant. */
bool http_cookie(const struct http_request *q, const char *name, struct str *out);
bool http_cookie_find(struct str header, const char *name, struct str *out);

/* An answer that goes on after its handler has returned. Its functions may be called from any
 * thread; none of them waits. */
struct http_stream;
struct http_stream *http_stream_new(size_t max_bytes); /* of what waits to be sent */
/* false: nothing was added, since the client has gone or reads too slowly. */
bool http_stream_add(struct http_stream *st, struct str text) MUST_USE;
/* What was added is still sent, then the answer is over. */
void http_stream_end(struct http_stream *st);
bool http_stream_gone(struct http_stream *st); /* nobody gets what would be added */
struct http_stream *http_stream_ref(struct http_stream *st);
void http_stream_unref(struct http_stream *st); /* NULL is fine */

enum { HTTP_MAX_HEADERS_OUT = 16 };
struct http_response {
    int status;               /* 0 = 200 */
    const char *content_type; /* static text; NULL = application/json when there is a body */
    struct sbuf body;
    struct http_stream *stream; /* in place of a body; taken */
    size_t n_headers;
    struct {
        const char *name; /* static text */
        char *value;      /* owned */
    } headers[HTTP_MAX_HEADERS_OUT];
};
struct http_response http_response_make(size_t max_body); /* 0 = 1 GiB */
void http_response_fini(struct http_response *r);
/* value: printable ASCII only; other bytes become '?' (no header injection). */
void http_response_header(struct http_response *r, const char *name, struct str value);
const char *http_response_get(const struct http_response *r, const char *name); /* NULL: absent */

typedef void http_handler_fn(void *ctx, struct http_request *q, struct http_response *r);
struct http_route {
    enum http_method method;
    /* "/v1/workspaces/{id}/query"; literals compare without ASCII case. A last part {name...}
     * stands for one or more segments, whose decoded text is joined by '/'. */
    const char *pattern;
    http_handler_fn *run;
    const char *access; /* the right that is needed; NULL: open to everybody */
    size_t max_body;    /* bytes, compressed and inflated each; 0 = router's default */
    const char *family; /* picks the error shape; may be NULL */
};
/* Which workers run a family's routes, so that others don't wait behind them. */
enum http_lane {
    HTTP_SHORT, /* those of all */
    HTTP_LONG,  /* for long work that ends when its client is gone; its open routes are short */
    HTTP_COSTLY /* for what takes memory and processor time on purpose, such as hashing passwords */
};
struct http_routes { /* one API family's const table and what its handlers get */
    const struct http_route *routes;
    size_t n;
    void *ctx;
    enum http_lane lane;
};
struct http_app {
    void *self;
    /* Checks the request's credentials against q->route->access. On false *e says why:
     * ERR_UNAUTHENTICATED, ERR_FORBIDDEN. */
    bool (*authorise)(void *self, struct http_request *q, struct err *e);
    /* May this caller go on? Asked after authorise, beside the throttle; on false *retry_after_s is
     * told with 429. May be NULL. */
    bool (*admit)(void *self, const struct http_request *q, int *retry_after_s);
    /* Writes the error body (and headers such as WWW-Authenticate) for a failure found by this
     * module; q->route may be NULL. */
    void (*fail)(void *self, const struct http_request *q, int status, const struct err *e,
                 struct http_response *r);
    /* Called after each request; may be NULL. */
    void (*observe)(void *self, const struct http_request *q, const struct http_response *r,
                    int64_t took_us);
};

struct throttle;
/* Token buckets by key: rate tokens a second, at most burst. At most max_keys are remembered (full
 * ones are dropped first). */
struct throttle *throttle_new(double rate, double burst, size_t max_keys);
void throttle_free(struct throttle *t);
/* Takes one token. false: *retry_after_s is the whole number of seconds (at least 1) until there is
 * one. */
bool throttle_take(struct throttle *t, struct str key, int64_t now_mono_us, int *retry_after_s);

struct http_router;
/* Two routes with the same method and shape are our bug. app is copied; tables and t (may be NULL)
 * are borrowed. */
struct http_router *http_router_new(const struct http_routes *families, size_t n,
                                    const struct http_app *app, size_t default_max_body,
                                    struct throttle *t);
void http_router_free(struct http_router *r);
/* The route for a raw path (percent-encoded, '//' taken as '/'). NULL: none; *out_other_method
 * tells that another method has one. Fills params (arena) when out_params is given. */
const struct http_route *http_router_find(const struct http_router *r, struct arena *a,
                                          enum http_method m, struct str raw_path,
                                          struct http_pair **out_params, size_t *out_n,
                                          bool *out_other_method);
enum http_lane http_router_lane(const struct http_router *r, const struct http_route *route);
/* All routes, in no order that means anything; NULL: past the end. */
const struct http_route *http_router_at(const struct http_router *r, size_t i);
size_t http_router_max_body(const struct http_router *r, const struct http_route *route);
/* Splits "path?query", decodes the query. ERR_INVALID: bad percent-encoding, NUL, invalid UTF-8,
 * too many parameters. */
bool http_request_target(struct http_request *q, struct str target, struct err *e) MUST_USE;
/* Finds the route, authorises, throttles, inflates a gzip body, runs the handler; always leaves a
 * complete response. */
void http_dispatch(struct http_router *router, struct http_request *q, struct http_response *r);

/* ---- percent-decoding and gzip ---- */
/* plus: '+' means blank (query parts and forms). */
bool http_percent_decode(struct arena *a, struct str s, bool plus, struct str *out) MUST_USE;
/* Parses application/x-www-form-urlencoded text. */
bool http_form_parse(struct arena *a, struct str s, size_t max_pairs, struct http_pair **out,
                     size_t *out_n, struct err *e) MUST_USE;
/* Inflates gzip (one or more members). ERR_TOO_LARGE past out->max, ERR_INVALID when it is not gzip
 * or cut short. */
bool http_gunzip(struct str in, struct sbuf *out, struct err *e) MUST_USE;
bool http_gzip(struct str in, struct sbuf *out) MUST_USE;
/* May the answer be gzip? http_dispatch packs what pays, unless it has a Content-Encoding. */
bool http_accepts_gzip(const struct http_request *q);

/* ---- TLS files ---- */
struct http_tls_files {
    const char *dir;       /* ca-key.pem, ca.pem, server-key.pem, server.pem are made here */
    const char *cert_file; /* bring-your-own: both or neither */
    const char *key_file;
    const char *extra_name; /* one more DNS name or address for the certificate; may be NULL */
};
/* Makes what is missing, renews a server certificate with fewer than 30 days left or that lacks a
 * name, and loads both as PEM text, the key's for sbuf_wipe. Sets *renewed. ERR_IO, ERR_INVALID
 * (key does not belong to the certificate, expired). */
bool http_tls_load(const struct http_tls_files *f, struct sbuf *cert_pem, struct sbuf *key_pem,
                   bool *renewed, struct err *e) MUST_USE;
struct http_certificate {
    struct str subject, issuer; /* RFC 2253 */
    struct str names;           /* "DNS:localhost, IP Address:127.0.0.1" */
    struct str sha256;          /* fingerprint, hex in lower case */
    int64_t from, until;        /* ticks */
    int days_left;              /* by the machine's clock; < 0: it has expired */
};
/* The first certificate of a PEM text. *out lives in a. Errors: ERR_INVALID. */
bool http_certificate_read(struct arena *a, struct str pem, struct http_certificate *out,
                           struct err *e) MUST_USE;

/* ---- server ---- */
struct http_listener {
    const char *address; /* numeric; plain HTTP is refused on an address that is not loopback */
    uint16_t port;       /* 0: the system picks one */
    bool tls;
};
struct http_server_options {
    struct http_listener listen[4];
    size_t n_listen;
    struct str cert_pem, key_pem; /* when a listener has tls */
    unsigned workers;             /* 0 = 4 */
    size_t max_backlog;           /* requests waiting for a worker; more get 503; 0 = 256 */
    unsigned long_workers;        /* for routes of long work; 0 = 4 */
    size_t max_long_backlog;      /* of these, more get 429; 0 = 64 */
    unsigned costly_workers;      /* for HTTP_COSTLY; 0 = 2 */
    size_t max_costly_backlog;    /* of these, more get 429; 0 = 32 */
    unsigned max_connections;     /* 0 = 512 */
    unsigned idle_timeout_s;      /* 0 = 30; request_timeout_s at the most */
    unsigned request_timeout_s;   /* from the first byte to the last of one request; 0 = 120 */
    size_t max_inflight_bytes;    /* bodies being received or worked on; 0 = 256 MiB */
    size_t max_response;          /* bytes; 0 = 256 MiB */
    int64_t hsts_s;               /* Strict-Transport-Security over TLS; 0: none */
};
struct http_stats {
    uint64_t requests, bytes_in, bytes_out, refused_busy;
    uint64_t by_class[6]; /* [2] = 2xx … */
    uint64_t inflight;
    uint64_t long_pending; /* requests of long work: waiting and worked on */
};
struct http_server;
struct http_server *http_server_start(const struct http_server_options *o,
                                      struct http_router *router, struct err *e) MUST_USE;
uint16_t http_server_port(const struct http_server *s, size_t listener);
/* New connections over TLS get this certificate; open ones go on with theirs until they end. From a
 * request's handler, too. Errors: ERR_IO (it can't be used: nothing has
 * changed), ERR_BUSY (too many old connections are still open). */
bool http_server_renew(struct http_server *s, struct str cert_pem, struct str key_pem,
                       struct err *e) MUST_USE;
void http_server_stats(const struct http_server *s, struct http_stats *out);
/* Stops accepting, answers 503 to new requests on open connections, waits for running ones; after
 * limit_ms sets their cancel flag and waits limit_ms more. false: a request still runs; the server
 * must then not be freed. */
bool http_server_drain(struct http_server *s, int64_t limit_ms);
void http_server_free(struct http_server *s);

/* ---- client ---- */
struct http_call {
    const char *method; /* "GET" … */
    const char *url;
    const char *label;        /* the address in messages, without secrets; NULL: url */
    const char *ca_file;      /* NULL: the system's */
    const char *bearer;       /* NULL: none */
    const char *content_type; /* NULL: none */
    struct str body;
    bool gzip_body;
    unsigned timeout_s;              /* 0 = 60 */
    unsigned connect_timeout_s;      /* 0 = 5 */
    size_t max_response;             /* 0 = 256 MiB */
    const struct http_pair *headers; /* more of them */
    size_t n_headers;
    /* The address goes as it is, dots and all, and the body comes as it is, packed or not. */
    bool verbatim;
    /* Called with each header of the answer; may be NULL. */
    void (*on_header)(void *self, struct str name, struct str value);
    void *header_self;
    const _Atomic bool *cancel; /* when it becomes true the exchange ends; may be NULL */
};
/* One exchange. true: there was an answer, whatever its status. body is appended to out;
 * retry_after_s 0: not given. Errors: ERR_TOO_LARGE, ERR_TIMEOUT, ERR_CANCELLED, ERR_IO. */
bool http_call(const struct http_call *c, int *out_status, struct sbuf *out, int *out_retry_after_s,
               struct err *e) MUST_USE;

/* ---- reading from allowed hosts ---- */
struct http_allowed {
    struct str hosts;    /* "a.example, b.example:8443"; no wild cards */
    const char *ca_file; /* NULL: the system's */
    size_t max_bytes;    /* of a file, packed and unpacked; 0 = 100 MiB */
    unsigned timeout_s;  /* 0 = 60 */
};
/* Is it an https:// address (http:// on this machine, too) of a listed host? which ends the words
 * of a refusal: "the host 'a.example' is not one that …". Errors: ERR_INVALID, ERR_FORBIDDEN. */
bool http_is_allowed(struct arena *a, struct str hosts, struct str address, const char *which,
                     struct err *e) MUST_USE;
/* The file at an https:// address whose host is listed (http:// on this machine, too); gzip is
 * unpacked, what follows a ';' is not sent, redirects are not followed. Appended to out. Errors:
 * ERR_FORBIDDEN, ERR_INVALID, ERR_TOO_LARGE, ERR_TIMEOUT, ERR_IO (also another status than 200). */
bool http_fetch(void *http_allowed, struct str address, struct sbuf *out, struct err *e) MUST_USE;
