/* The list `syslog_listeners` of the configuration. */
#pragma once
#include "net/net.h"
#include "text/json.h"

struct syslog_socket {
    struct str name;
    const char *address, *protocol, *workspace; /* workspace: name or id; NULL: the first */
    enum net_transport transport;
};
/* *out: an array in a. Errors: ERR_INVALID, with the place in text. */
bool syslog_list_read(struct arena *a, const struct json *list, struct str text,
                      struct syslog_socket **out, size_t *out_n, struct err *e) MUST_USE;
