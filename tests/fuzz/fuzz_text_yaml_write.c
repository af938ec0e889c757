/* Any tree as YAML: what is written reads back as the same tree, and the places of its texts are
 * those of their characters. The input is JSON. */
#include "text/yaml.h"

enum { MAX_ARENA = 64 << 20, MAX_TEXT = 16 << 20, MAX_DEPTH = 24 };

static bool unique_keys(const struct json *v)
{
    for (size_t i = 0; i < v->n; i++) {
        for (size_t k = i + 1; v->type == JSON_OBJECT && k < v->n; k++)
            if (str_eq(v->keys[i], v->keys[k]))
                return false;
        if (!unique_keys(&v->items[i]))
            return false;
    }
    return true;
}

static bool holds_nul(const struct json *v)
{
    if (str_holds(v->text, '\0'))
        return true;
    for (size_t i = 0; i < v->n; i++)
        if (holds_nul(&v->items[i]) || (v->type == JSON_OBJECT && str_holds(v->keys[i], '\0')))
            return true;
    return false;
}

static bool is_visible(char c)
{
    return c > ' ' && c < 0x7f;
}

/* in_mapping: off is the key's. */
static void check_places(struct str text, const struct json *v, bool in_mapping)
{
    for (size_t i = 0; i < v->text.n && v->type == JSON_STRING; i++) {
        size_t at = yaml_scalar_place(text, v->off, in_mapping, v->text, i);
        CHECK(at <= text.n);
        if (is_visible(v->text.p[i]) && str_ascii(v->text) && !str_holds(text, '\\'))
            CHECK(at < text.n && text.p[at] == v->text.p[i]);
    }
    for (size_t i = 0; i < v->n; i++)
        if (v->type != JSON_OBJECT || !str_holds(v->keys[i], ':'))
            check_places(text, &v->items[i], v->type == JSON_OBJECT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(MAX_ARENA);
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(MAX_TEXT);
    struct json v = {0}, again = {0};
    struct err e = {0};
    struct json_opts limits = {.max_depth = MAX_DEPTH, .max_values = 2000};
    if (size > 4096 || !json_parse(a, (struct str){(const char *)data, size}, &limits, &v, NULL) ||
        !unique_keys(&v) || holds_nul(&v))
        return 0;
    bool ok = yaml_write(&v, &text, &e);
    CHECK(ok == (e.code == ERR_OK));
    if (!ok)
        return 0;
    CHECK(yaml_parse(a, sbuf_str(&text), NULL, &again, &e));
    CHECK(json_equal(&v, &again));
    check_places(sbuf_str(&text), &again, false);
    return 0;
}
