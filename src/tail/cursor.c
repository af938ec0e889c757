/* Cursors: how far each file was read, in the control database. */
#include "base/ids.h"
#include "base/log.h"
#include "state/cursors.h"
#include "tail/tail_priv.h"
#include <stdio.h>

void fingerprint(struct str bytes, char out[PRINT_TEXT])
{
    struct guid none = {{0}};
    guid_format(guid_derive(none, bytes), out);
}

bool fingerprint_is(struct str bytes, const char *print)
{
    char text[PRINT_TEXT];
    fingerprint(bytes, text);
    return strcmp(text, print) == 0;
}

void cursor_init(struct cursor *c, struct str source, const char *path, const struct stat *st)
{
    char id[37];
    memset(c, 0, sizeof(*c));
    guid_format(guid_new(), id);
    snprintf(c->key, sizeof(c->key), "tail/%.*s/%s", STR_ARG(source), id);
    c->path = xstrdup(path);
    c->dev = (uint64_t)st->st_dev;
    c->ino = (uint64_t)st->st_ino;
}

void cursor_fini(struct cursor *c)
{
    xfree(c->path);
    c->path = NULL;
}

void cursor_copy(struct cursor *to, const struct cursor *from)
{
    *to = *from;
    to->path = xstrdup(from->path);
}

bool cursor_save(struct state *s, const struct cursor *c, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_z(&w, "path", c->path);
    json_kv_int(&w, "dev", (int64_t)c->dev);
    json_kv_int(&w, "ino", (int64_t)c->ino);
    json_kv_int(&w, "offset", c->offset);
    json_kv_int(&w, "pending", c->pending);
    json_kv_bool(&w, "skipping", c->skipping);
    json_kv_bool(&w, "done", c->done);
    json_kv_int(&w, "size", c->size);
    json_kv_int(&w, "goneAt", c->gone_at);
    json_kv_int(&w, "headBytes", (int64_t)c->head_n);
    json_kv_int(&w, "tailBytes", (int64_t)c->tail_n);
    json_kv_z(&w, "head", c->head);
    json_kv_z(&w, "tail", c->tail);
    json_kv_z(&w, "range", c->range);
    json_obj_end(&w);
    return state_cursor_set(s, str_from(c->key), sbuf_str(&b), e);
}

void cursor_drop(struct state *s, const struct cursor *c)
{
    struct err e = {0};
    if (!state_cursor_delete(s, str_from(c->key), &e)) /* it is dropped another time */
        LOG(LOG_WARN, "files", "an old position stays", log_z("file", c->path),
            log_z("reason", e.msg));
}

static int64_t whole(const struct json *v, const char *key)
{
    const struct json *n = json_get(v, key);
    return n != NULL && n->type == JSON_INT ? n->i : 0;
}

static void print_read(const struct json *v, const char *key, char out[PRINT_TEXT])
{
    struct str s = json_text(json_get(v, key), STR(""));
    snprintf(out, PRINT_TEXT, "%.*s", STR_ARG(s));
}

static bool cursor_read(struct arena *a, struct str key, struct str value, struct cursor *c)
{
    struct json v = {0};
    memset(c, 0, sizeof(*c));
    if (key.n >= sizeof(c->key) || !json_parse(a, value, NULL, &v, NULL))
        return false;
    memcpy(c->key, key.p, key.n);
    c->path = xstrndup(json_text(json_get(&v, "path"), STR("")));
    c->dev = (uint64_t)whole(&v, "dev");
    c->ino = (uint64_t)whole(&v, "ino");
    c->offset = whole(&v, "offset");
    c->pending = whole(&v, "pending");
    c->skipping = json_is_true(json_get(&v, "skipping"));
    c->done = json_is_true(json_get(&v, "done"));
    c->size = whole(&v, "size");
    c->gone_at = whole(&v, "goneAt");
    c->head_n = (size_t)whole(&v, "headBytes");
    c->tail_n = (size_t)whole(&v, "tailBytes");
    print_read(&v, "head", c->head);
    print_read(&v, "tail", c->tail);
    print_read(&v, "range", c->range);
    if (c->head_n <= PRINT_BYTES && c->tail_n <= PRINT_BYTES && c->offset >= 0 &&
        (int64_t)c->tail_n <= c->offset && c->pending >= 0 && c->pending - c->offset <= WHOLE_BYTES)
        return true;
    cursor_fini(c);
    return false;
}

bool cursor_load(struct state *s, struct str source, cursor_fn *fn, void *ctx, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct state_cursor *all = NULL;
    size_t n = 0;
    struct str prefix = arena_fmt(a, "tail/%.*s/", STR_ARG(source));
    if (!state_cursor_list(s, a, prefix, &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        struct cursor c;
        if (cursor_read(a, all[i].name, all[i].value, &c))
            fn(ctx, &c);
    }
    return true;
}
