/* How commands show what is wrong with a query. */
#include "cli/kql_errors.h"
#include "text/excerpt.h"

static int64_t points(struct str s, size_t end)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.n && i < end; i++)
        n += ((unsigned char)s.p[i] & 0xC0U) != 0x80U;
    return n;
}

static void write_one(struct json_out *w, struct str query, const struct err *e)
{
    json_obj(w);
    json_kv_z(w, "code", e->kind[0] != '\0' ? e->kind : err_code_name(e->code));
    json_kv_z(w, "message", e->msg);
    if (e->hint[0] != '\0')
        json_kv_z(w, "hint", e->hint);
    json_kv_int(w, "line", e->pos.line);
    json_kv_int(w, "column", e->pos.col);
    if (e->pos.line > 0) {
        int64_t start = points(query, e->pos.off);
        int64_t end = points(query, (size_t)e->pos.off + e->len);
        json_kv_int(w, "start", start);
        json_kv_int(w, "end", end);
        json_kv_int(w, "length", end - start);
    }
    json_obj_end(w);
}

void kql_errors_json(struct json_out *w, struct str query, const struct err *e,
                     const struct kql_diags *list)
{
    json_key(w, "error");
    write_one(w, query, e);
    if (list == NULL || list->v.n == 0)
        return;
    json_key(w, "errors");
    json_arr(w);
    for (size_t i = 0; i < list->v.n; i++) {
        struct err one = {0};
        kql_diag_err(list, i, &one);
        write_one(w, query, &one);
    }
    json_arr_end(w);
}

static void show_one(struct sbuf *out, struct str query, const struct err *e)
{
    if (e->pos.line > 0)
        sbuf_addf(out, "line %u, column %u: ", e->pos.line, e->pos.col);
    sbuf_addf(out, "%s\n", e->msg);
    if (e->pos.line > 0)
        excerpt_add(out, query, e->pos.off, e->len);
    if (e->hint[0] != '\0')
        sbuf_addf(out, "    %s\n", e->hint);
}

void kql_errors_text(struct sbuf *out, struct str query, const struct err *e,
                     const struct kql_diags *list)
{
    size_t n = list != NULL ? list->v.n : 0;
    for (size_t i = 0; i < n; i++) {
        struct err one = {0};
        kql_diag_err(list, i, &one);
        show_one(out, query, &one);
    }
    if (n == 0)
        show_one(out, query, e);
}
