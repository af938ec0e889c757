/* Files attached to cases. They are kept in the control database, in Base64, so that a backup and
 * an export have them and a crash neither loses one nor leaves half of one. What is in a file is
 * never looked at: it may well be an attacker's. */
#include "base/ids.h"
#include "cases/cases_priv.h"
#include "text/base64.h"
#include "text/date.h"
#include <sodium.h>

enum { MAX_NAME = 255, DEFAULT_MAX = 10 << 20, DEFAULT_ALL_MAX = 256 << 20 };

static size_t most_of_one(const struct cases *k)
{
    size_t max = k->attachment_max_bytes > 0 ? k->attachment_max_bytes : DEFAULT_MAX;
    return max < CASE_ATTACHMENT_LIMIT ? max : CASE_ATTACHMENT_LIMIT;
}

/* A name for people: no path, no control characters. */
static bool check_name(struct str name, struct err *e)
{
    bool ok = name.n > 0 && name.n <= MAX_NAME && !str_eqz(name, ".") && !str_eqz(name, "..");
    for (size_t i = 0; ok && i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        ok = c >= 0x20 && c != 0x7F && c != '/' && c != '\\';
    }
    return ok || err_set(e, ERR_INVALID,
                         "name: a file's name of 1 to %d bytes without a path expected", MAX_NAME);
}

static bool has_room(struct cases *k, struct arena *a, const struct state_case *c, size_t bytes,
                     struct err *e)
{
    struct state_attachment *list = NULL;
    size_t n = 0, max = k->attachments_max_bytes > 0 ? k->attachments_max_bytes : DEFAULT_ALL_MAX;
    int64_t used = 0;
    if (!state_attachment_list(k->state, a, c->workspace, c->id, &list, &n, e) ||
        !state_attachment_bytes(k->state, c->workspace, &used, e))
        return false;
    if (n >= CASE_MAX_ATTACHMENTS)
        return err_set(e, ERR_LIMIT, "a case has at most %d attachments", CASE_MAX_ATTACHMENTS);
    return (size_t)used + bytes <= max ||
           err_set(e, ERR_LIMIT,
                   "the workspace's attachments would have more than %zu bytes "
                   "(attachments_max); delete some",
                   max);
}

static void hash(struct arena *a, struct str bytes, struct str *out)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    crypto_hash_sha256(digest, (const unsigned char *)bytes.p, bytes.n);
    hex_encode((struct str){(const char *)digest, sizeof(digest)}, &b);
    *out = arena_str(a, sbuf_str(&b));
}

static bool add_locked(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                       struct str base64, const struct incident_actor *who,
                       struct state_attachment *x, struct err *e)
{
    struct state_case c = {0};
    if (!case_get(k, a, w, id, &c, e) || !has_room(k, a, &c, (size_t)x->size, e))
        return false;
    x->workspace = c.workspace;
    x->case_id = c.id;
    x->created = clock_now(k->clock);
    x->created_by = incident_actor_json(a, who);
    return state_attachment_put(k->state, x, base64, e) &&
           case_log(k, &c, "AttachmentAdded", x->id, who, e) && case_save(k, a, &c, who, e);
}

bool case_attachment_add(struct cases *k, struct arena *a, struct workspace *w, struct str id,
                         struct str name, struct str bytes, const struct incident_actor *who,
                         struct state_attachment *out, struct err *e)
{
    char guid[37];
    if (!check_name(name, e))
        return false;
    if (bytes.n == 0)
        return err_set(e, ERR_INVALID, "the file is empty");
    if (bytes.n > most_of_one(k))
        return err_set(e, ERR_TOO_LARGE, "an attachment has at most %zu bytes (attachment_max)",
                       most_of_one(k));
    guid_format(guid_new(), guid);
    *out = (struct state_attachment){
        .id = arena_str(a, str_from(guid)), .name = name, .size = (int64_t)bytes.n};
    hash(a, bytes, &out->sha256);
    AUTO(sbuf_fini) struct sbuf base64 = sbuf_make(2 * (size_t)CASE_ATTACHMENT_LIMIT);
    base64_encode(BASE64_STD, bytes, &base64);
    if (!sbuf_ok(&base64))
        return err_set(e, ERR_TOO_LARGE, "the attachment is too large");
    if (!state_begin(k->state, e))
        return false;
    return case_end(k, add_locked(k, a, w, id, sbuf_str(&base64), who, out, e), e);
}

void case_attachment_to_json(struct cases *k, struct workspace *w, const struct state_attachment *x,
                             struct json_out *out)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    json_obj(out);
    incident_resource_head(out, case_resource_id(k, a, w, x->case_id, "attachments", x->id), x->id,
                           "vedette/cases/attachments");
    json_key(out, "properties");
    json_obj(out);
    json_kv_str(out, "fileName", x->name);
    json_kv_int(out, "size", x->size);
    json_kv_str(out, "sha256", x->sha256);
    json_kv_time(out, "createdTimeUtc", x->created);
    incident_kv_raw(out, "createdBy", x->created_by, "{}");
    json_obj_end(out);
    json_obj_end(out);
}

bool case_attachment_read(struct cases *k, struct arena *a, const struct state_case *c,
                          struct str attachment, struct state_attachment *out, struct sbuf *bytes,
                          struct err *e)
{
    struct state_attachment *list = NULL;
    struct str base64 = STR("");
    size_t n = 0;
    if (!state_attachment_list(k->state, a, c->workspace, c->id, &list, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!str_ieq(list[i].id, attachment))
            continue;
        *out = list[i];
        return state_attachment_content(k->state, a, c->workspace, list[i].id, &base64, e) &&
               (base64_decode(BASE64_STD, base64, bytes) ||
                err_set(e, ERR_INTERNAL, "attachment '%.*s' is damaged", STR_ARG(list[i].id)));
    }
    return err_set(e, ERR_NOT_FOUND, "there is no attachment '%.*s' of case '%.*s'",
                   (int)(attachment.n < 80 ? attachment.n : 80), attachment.p, STR_ARG(c->id));
}
