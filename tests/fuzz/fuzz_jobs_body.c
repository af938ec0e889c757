/* Bodies of KQL jobs and of summary rules: each is refused with words, or what it asks for is
 * within its bounds and its runs come one after the other. */
#include "jobs/jobs_priv.h"
#include "summary/summary_priv.h"
/* link: summary */

enum { RUNS = 8 };
#define NOW INT64_C(639000000000000000)

static void job(struct arena *a, const struct json *body)
{
    struct state_job x = {.created = NOW, .start_time = NOW};
    struct err e = {0};
    bool ok = job_read(a, body, &x, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    if (!ok)
        return;
    CHECK(x.query.n > 0 && x.every > 0 && x.frequency.n > 0);
    int64_t at = NOW;
    for (int i = 0; i < RUNS; i++) {
        int64_t next = schedule_after(&x, at);
        CHECK(next == 0 || (next > at && (x.end_time == 0 || next <= x.end_time)));
        if (next == 0)
            break;
        at = next;
    }
}

static void summary(struct arena *a, const struct json *body)
{
    struct state_summary x = {0};
    struct err e = {0};
    bool ok = summary_read(a, body, &x, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    if (!ok)
        return;
    CHECK(x.query.n > 0 && x.destination.n > 0 && x.bin_size > 0 && x.bin_delay >= -1);
    CHECK(summary_delay(&x) >= 0 && summary_bin_from(&x, NOW) >= NOW);
    CHECK(summary_bin_from(&x, NOW) < NOW + x.bin_size || x.bin_start > NOW);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json body = {0};
    if (!json_parse(a, (struct str){(const char *)data, size}, NULL, &body, NULL))
        return 0;
    job(a, &body);
    summary(a, &body);
    return 0;
}
