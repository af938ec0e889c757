/* What a query may use: the server's settings, and how far a request may go beyond them. */
#include "api/api_priv.h"
#include "base/clock.h"

/* Of an answer whose request has lifted the limit: what a response holds. */
#define MOST_ANSWER_BYTES ((size_t)256 << 20)

void api_limits(const struct vedette *v, const struct http_request *q, int64_t wait_s,
                struct api_limits *out)
{
    int64_t now = clock_mono_us(), most_us = v->o.query_max_timeout_us;
    int64_t wait_us = wait_s > 0 ? wait_s * 1000000 : v->o.query_timeout_us;
    out->since_us = q->since_us != 0 ? q->since_us : now;
    out->own = (struct engine_limits){.deadline_us =
                                          out->since_us + (wait_us < most_us ? wait_us : most_us),
                                      .max_rows = v->o.query_max_rows,
                                      .max_bytes = v->o.query_max_bytes,
                                      .cancel = q->cancel,
                                      .memory_bytes = v->o.query_memory_bytes,
                                      .size = v->o.query_size};
    out->most = out->own;
    out->most.deadline_us = out->since_us + most_us;
    out->most.max_rows = 0;
    out->most.max_bytes =
        MOST_ANSWER_BYTES > out->own.max_bytes ? MOST_ANSWER_BYTES : out->own.max_bytes;
}
