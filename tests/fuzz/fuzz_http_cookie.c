/* Cookies: what is found lies inside of the header, is one of its pairs, and is found again in a
 * header of that pair alone. */
// link: base
#include <stdlib.h>

#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char name[] = "__Host-vedette-session";
    struct str text = {(const char *)data, size}, value = STR_NONE, again = STR_NONE;
    struct http_pair header = {STR("Cookie"), text};
    struct http_request q = {.headers = &header, .n_headers = 1};
    bool found = http_cookie_find(text, name, &value);
    CHECK(found == http_cookie(&q, name, &again));
    if (!found)
        return 0;
    CHECK(str_eq(value, again));
    CHECK(value.p >= text.p && value.p + value.n <= text.p + text.n);
    CHECK(!str_holds(value, ';'));
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    sbuf_addf(&b, " a=b;%s = ", name);
    sbuf_add(&b, value);
    CHECK(http_cookie_find(sbuf_str(&b), name, &again) && str_eq(value, again));
    sbuf_addf(&b, "; %s=other", name);
    CHECK(str_eqz(value, "other") || !http_cookie_find(sbuf_str(&b), name, &again));
    return 0;
}
