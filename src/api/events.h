/* What happens, for clients that wait for it: each commit to a log table becomes an event, at most
 * one a second for each table, and goes to the subscriptions whose callers may read it. */
#pragma once
#include "base/base.h"

struct vedette;
struct http_request;
struct http_response;
struct events;
struct events_limits {
    size_t most, most_each; /* open subscriptions, in all and of one caller; 0: 256, 16 */
};
struct events *events_open(struct vedette *v, const struct events_limits *o);
/* Ends all subscriptions; new ones are refused. */
void events_stop(struct events *ev);
/* After events_stop, and once the store that tells of rows is closed; NULL is fine. */
void events_free(struct events *ev);
/* A subscription of q's caller becomes the answer, or a refusal does: q's parameters are workspaces
 * and topics (names with commas between them; left out: all) and the header Last-Event-ID. */
void events_subscribe(struct events *ev, struct http_request *q, struct http_response *r);
