/* ListObjectsV2: a page of keys. */
#include "http/http.h"
#include "s3/s3_priv.h"
#include "text/date.h"
#include <stdio.h>

enum { PAGE_KEYS = 500, SMALL_PAGE_KEYS = 100, PAGE_BYTES = 4 << 20 };

size_t s3_each(const struct json *v, const struct json **out)
{
    *out = v;
    if (v == NULL)
        return 0;
    if (v->type != JSON_ARRAY)
        return 1;
    *out = v->items;
    return v->n;
}

/* Keys come percent-encoded (encoding-type=url): XML can't hold each byte. */
static bool read_key(struct arena *a, bool encoded, struct str text, struct str *out, struct err *e)
{
    *out = arena_str(a, text);
    if (encoded && !http_percent_decode(a, text, true, out))
        return err_set(e, ERR_INVALID, "the store lists a key that is encoded in a wrong way");
    return (out->n > 0 && out->n <= S3_MAX_KEY) ||
           err_set(e, ERR_INVALID, "the store lists a key of %zu bytes", out->n);
}

static struct str unquote(struct str s)
{
    return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' ? str_sub(s, 1, s.n - 2) : s;
}

static bool read_object(struct arena *a, bool encoded, const struct json *v, struct s3_object *o,
                        struct err *e)
{
    if (!read_key(a, encoded, s3_member(v, "Key"), &o->key, e))
        return false;
    o->etag = arena_str(a, unquote(s3_member(v, "ETag")));
    if (!str_to_i64(s3_member(v, "Size"), &o->size) || o->size < 0)
        return err_set(e, ERR_INVALID, "the store lists an object without a size");
    if (!date_parse_iso(s3_member(v, "LastModified"), &o->modified))
        return err_set(e, ERR_INVALID, "the store lists an object without a time");
    return o->etag.n < S3_ETAG_BYTES ||
           err_set(e, ERR_INVALID, "the store lists an entity tag of %zu bytes", o->etag.n);
}

bool s3_listing_read(struct arena *a, struct str xml, struct s3_listing *out, struct err *e)
{
    const struct json *root = NULL, *items = NULL;
    struct s3_listing l = {.next = STR("")};
    if (!s3_document(a, xml, "ListBucketResult", &root, e))
        return false;
    bool encoded = str_eqz(s3_member(root, "EncodingType"), "url");
    l.n_objects = s3_each(json_get(root, "Contents"), &items);
    l.objects = arena_array(a, struct s3_object, l.n_objects + 1);
    for (size_t i = 0; i < l.n_objects; i++)
        if (!read_object(a, encoded, &items[i], &l.objects[i], e))
            return false;
    l.n_prefixes = s3_each(json_get(root, "CommonPrefixes"), &items);
    l.prefixes = arena_array(a, struct str, l.n_prefixes + 1);
    for (size_t i = 0; i < l.n_prefixes; i++)
        if (!read_key(a, encoded, s3_member(&items[i], "Prefix"), &l.prefixes[i], e))
            return false;
    if (str_eqz(s3_member(root, "IsTruncated"), "true")) {
        l.next = arena_str(a, s3_member(root, "NextContinuationToken"));
        if (l.next.n == 0)
            return err_set(e, ERR_INVALID, "the store's list goes on, and it does not say where");
    }
    *out = l;
    return true;
}

static bool ask(struct s3 *s, struct arena *a, const struct s3_list *q, unsigned max_keys,
                struct s3_listing *out, struct err *e)
{
    char number[16];
    snprintf(number, sizeof(number), "%u", max_keys);
    const struct s3_pair all[] = {
        {"continuation-token", q->token}, {"delimiter", q->delimiter},
        {"encoding-type", STR("url")},    {"list-type", STR("2")},
        {"max-keys", str_from(number)},   {"prefix", q->prefix},
        {"start-after", q->start_after},
    };
    struct s3_request r = {.method = "GET", .max_response = PAGE_BYTES};
    for (size_t i = 0; i < COUNTOF(all); i++)
        if (all[i].value.n > 0)
            r.query[r.n_query++] = all[i];
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(PAGE_BYTES);
    struct s3_answer answer;
    if (!s3_call(s, &r, &answer, &body, e) || !s3_listing_read(a, sbuf_str(&body), out, e))
        return false;
    out->time = answer.date;
    return true;
}

bool s3_list_page(struct s3 *s, struct arena *a, const struct s3_list *q, struct s3_listing *out,
                  struct err *e)
{
    unsigned keys = q->max_keys > 0 ? q->max_keys : PAGE_KEYS;
    struct err why = {0};
    if (ask(s, a, q, keys, out, &why))
        return true;
    /* Long keys: what is too much for one document comes in smaller ones. */
    bool large = why.code == ERR_LIMIT || why.code == ERR_TOO_LARGE;
    if (large && keys > SMALL_PAGE_KEYS)
        return ask(s, a, q, SMALL_PAGE_KEYS, out, e);
    if (e != NULL)
        *e = why;
    return false;
}
