/* User-Agent headers from outside: fields are as short as what they come from and the same each
 * time, and a header that is too long is read as its beginning. */
#include "text/agent.h"

enum { LONGEST_FIELD = 2 * AGENT_MAX_BYTES };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct agents *rules;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str header = {(const char *)data, size};
    if (rules == NULL)
        rules = agents_new();
    for (int kind = 0; kind < AGENT_KINDS; kind++) {
        struct agent_info x = {0}, y = {0};
        agents_parse(rules, a, (enum agent_kind)kind, header, &x);
        agents_parse(rules, a, (enum agent_kind)kind, str_sub(header, 0, AGENT_MAX_BYTES), &y);
        CHECK(x.field[0].n > 0);
        for (size_t i = 0; i < AGENT_FIELDS; i++)
            CHECK(x.field[i].n <= LONGEST_FIELD && str_eq(x.field[i], y.field[i]));
    }
    return 0;
}
