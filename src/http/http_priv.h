/* What the files of this folder share. */
#pragma once
#include "http/http.h"
#include <stdatomic.h>

/* ---- router ---- */
void http_fail(struct http_router *router, const struct http_request *q, int status,
               const struct err *e, struct http_response *r);
/* Gzips the body when the client takes it and it pays. */
void http_response_encode(const struct http_request *q, struct http_response *r);

/* ---- stream ---- */
/* The response that sends st over conn; before the connection goes, stream_detach. */
struct MHD_Response;
struct MHD_Connection;
struct MHD_Response *stream_response(struct http_stream *st, struct MHD_Connection *conn);
/* Nobody reads it any more; gives the response's share back. */
void stream_detach(struct http_stream *st);

/* ---- watch ---- */
/* Looks after connections while their requests wait for a worker or are worked on. */
struct watch;
struct watch *watch_new(void);
void watch_free(struct watch *w); /* nothing may be watched; NULL is fine */
/* *gone becomes true, within a fifth of a second, when the client has closed the connection (also
 * only its sending half). fd stays open until watch_remove. */
void watch_add(struct watch *w, int fd, atomic_bool *gone);
void watch_remove(struct watch *w, const atomic_bool *gone);
void watch_all_gone(struct watch *w); /* the server stops */
