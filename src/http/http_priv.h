/* What the files of this folder share. */
#pragma once
#include "http/http.h"

/* ---- router ---- */
void http_fail(struct http_router *router, const struct http_request *q, int status,
               const struct err *e, struct http_response *r);
/* Gzips the body when the client takes it and it pays. */
void http_response_encode(const struct http_request *q, struct http_response *r);
