/* Texts that people send: commands about functions, and the files of watchlists. What is read lies
 * inside the text, a refusal says why, and items are JSON with as many members as there are
 * columns. */
#include "library/library_priv.h"

static void command(struct arena *a, struct str text)
{
    struct library_command c;
    struct err e = {0};
    size_t at = 0, before = 0;
    while (library_command_read(a, text, &at, &c, &e)) {
        CHECK(e.code == ERR_OK && at > before && at <= text.n);
        before = at;
        for (size_t i = 0; i < c.n; i++)
            CHECK(c.names[i].n <= text.n);
    }
    CHECK(e.code == ERR_OK || (e.msg[0] != '\0' && at <= text.n));
}

static void file(struct arena *a, struct str text, const struct watchlist_format *f)
{
    struct watchlist_file out;
    struct err e = {0};
    if (!watchlist_file_read(a, text, f, &out, &e)) {
        CHECK(e.code != ERR_OK && e.msg[0] != '\0');
        return;
    }
    CHECK(e.code == ERR_OK && out.items.n == out.keys.n);
    for (size_t i = 0; i < out.items.n; i++) {
        struct json v = {0};
        CHECK(json_parse(a, out.items.p[i], NULL, &v, NULL) && v.n == out.n_columns);
        CHECK(json_get_str(&v, f->search_key) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str text = {(const char *)data + 1, size - 1};
    struct watchlist_format f = {data[0] & 1 ? '\t' : ',', data[0] >> 5, STR("Ip")};
    if (data[0] & 2)
        command(a, text);
    else
        file(a, text, &f);
    return 0;
}
