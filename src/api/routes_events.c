/* GET /vedette/v1/events: what happens, as server-sent events. */
#include "api/api_priv.h"
#include "api/events.h"

static void subscribe(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    events_subscribe(v->events, q, r);
}

const struct http_route event_routes[] = {
    {HTTP_GET, "/vedette/v1/events", subscribe, "query/read", 0, FAMILY_ARM},
};
const size_t n_event_routes = COUNTOF(event_routes);
