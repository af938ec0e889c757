/* One workspace as files. */
#include <stdio.h>

#include "backup/backup_priv.h"
#include "state/transfer.h"

struct export
{
    const struct export_options *o;
    struct arena *a;
    VEC(struct backup_file) files;
};

static bool put_part(void *ctx, struct str path, const char *own, struct err *e)
{
    struct export *x = ctx;
    struct backup_file f = {.path = arena_str(x->a, path)};
    const char *to = arena_fmt(x->a, "%s/%.*s", x->o->dir, STR_ARG(path)).p;
    if (!backup_make_parents(x->a, x->o->dir, path, e) || !backup_link(own, to, &f, e))
        return false;
    VEC_PUSH(x->a, &x->files, f);
    return true;
}

static bool put_text(struct export *x, const char *name, struct sbuf *text, struct err *e)
{
    struct backup_file f = {.path = str_from(name)};
    const char *to = arena_fmt(x->a, "%s/%s", x->o->dir, name).p;
    if (!backup_write_text(to, sbuf_str(text), e) || !backup_hash(to, &f, e))
        return false;
    VEC_PUSH(x->a, &x->files, f);
    return true;
}

static bool put_objects(struct export *x, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf objects = sbuf_make(STATE_TRANSFER_BYTES);
    AUTO(sbuf_fini) struct sbuf rules = sbuf_make(STATE_TRANSFER_BYTES);
    const struct state_workspace w = {workspace_id(x->o->workspace),
                                      workspace_name(x->o->workspace)};
    return state_workspace_write(x->o->state, w.id, &objects, e) &&
           put_text(x, EXPORT_OBJECTS, &objects, e) &&
           state_rules_write(x->o->state, &w, &rules, e) && put_text(x, EXPORT_RULES, &rules, e);
}

/* Nothing is sealed in between, so that the parts are all rows but those that came after. */
static bool put_tables(struct export *x, struct json_out *w, struct err *e)
{
    struct workspace *from = x->o->workspace;
    if (!workspace_settle(from, e) || !workspace_seal(from, STR(""), NULL, e))
        return false;
    workspace_hold(from);
    bool ok = workspace_tables_write(from, w, put_part, x, e);
    workspace_unhold(from);
    return ok;
}

bool backup_export(const struct export_options *o, struct backup_result *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(BACKUP_MAX_MANIFEST);
    struct export x = {.o = o, .a = a};
    struct json_out w = json_out_make(&b);
    *out = (struct backup_result){0};
    /* Objects first: a row that tells of one may be there before it, not the other way. */
    if (!backup_take_dir(o->dir, o->data_dir, o->store, e) || !put_objects(&x, e))
        return false;
    json_obj(&w);
    backup_write_head(&w, o->clock);
    json_kv_str(&w, "id", workspace_id(o->workspace));
    json_kv_str(&w, "name", workspace_name(o->workspace));
    json_key(&w, "tables");
    if (!put_tables(&x, &w, e))
        return false;
    backup_write_files(&w, x.files.p, x.files.n);
    json_obj_end(&w);
    sbuf_addc(&b, '\n');
    if (!backup_write_manifest(o->dir, EXPORT_MANIFEST, &b, e))
        return false;
    out->files = x.files.n;
    for (size_t i = 0; i < x.files.n; i++)
        out->bytes += x.files.p[i].bytes;
    return true;
}
