/* Patterns and texts from outside, with a line end between them: a pattern is accepted or refused
 * with a message and a place in it, PCRE2 takes whatever is made of it, and matches lie in the
 * text, from left to right. */
#include "text/rx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *line = memchr(data, '\n', size), *all = (const char *)data;
    size_t n = line == NULL ? size : (size_t)(line - all), bad;
    struct str pattern = {all, n}, text = {all + n, size - n};
    struct err e = {0};
    struct rx_match m;
    size_t end = 0, found = 0;
    bool ok = rx_check(pattern, &e);
    CHECK(ok == (e.code == ERR_OK));
    CHECK(e.code != ERR_INTERNAL);
    CHECK(ok || (e.pos.off <= pattern.n && e.msg[0] != '\0'));
    if (!ok || !utf8_valid(text, &bad) || text.n > 200)
        return 0;
    struct rx *x = rx_new_once(pattern);
    struct rx_iter it = rx_each(x, text, 0);
    CHECK(x != NULL);
    while (rx_next(&it, &m)) {
        CHECK(m.at[0] >= end && m.at[0] <= m.at[1] && m.at[1] <= text.n);
        for (size_t g = 1; g <= m.n_groups; g++)
            CHECK(m.at[2 * g] == SIZE_MAX || m.at[2 * g] <= m.at[2 * g + 1]);
        end = m.at[1];
        found++;
    }
    enum rx_result any = rx_test(x, text);
    CHECK(it.too_costly || any == RX_TOO_COSTLY || (any == RX_FOUND) == (found > 0));
    rx_free(x);
    return 0;
}
