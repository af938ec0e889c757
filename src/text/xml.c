/* XML read by expat into a small tree, and written as JSON. */
#include "text/xml.h"
#include "text/json.h"
#include <expat.h>

struct node {
    struct str name;
    const char **attributes; /* name, value, …, NULL */
    struct str text;
    struct node *parent, *first, *last, *next; /* children, siblings */
};
struct reading {
    struct arena *a;
    XML_Parser parser;
    struct node root, *at;
    int depth;
    bool too_deep;
};

static const char **copy_attributes(struct arena *a, const char **attributes)
{
    size_t n = 0;
    while (attributes[n] != NULL)
        n++;
    const char **out = arena_array(a, const char *, n + 1);
    for (size_t i = 0; i < n; i++)
        out[i] = arena_strz(a, str_from(attributes[i]));
    return out;
}

static void on_start(void *self, const char *name, const char **attributes)
{
    struct reading *r = self;
    if (++r->depth > XML_MAX_DEPTH) {
        r->too_deep = true;
        (void)XML_StopParser(r->parser, XML_FALSE);
        return;
    }
    struct node *n = arena_new_of(r->a, struct node);
    n->name = arena_str(r->a, str_from(name));
    n->attributes = copy_attributes(r->a, attributes);
    n->parent = r->at;
    if (r->at->last != NULL)
        r->at->last->next = n;
    else
        r->at->first = n;
    r->at->last = n;
    r->at = n;
}

static void on_end(void *self, const char *name)
{
    struct reading *r = self;
    (void)name;
    r->depth--;
    r->at = r->at->parent;
}

static void on_text(void *self, const char *text, int n)
{
    struct reading *r = self;
    struct str more = {text, (size_t)n};
    r->at->text = r->at->text.n == 0
                      ? arena_str(r->a, more)
                      : arena_fmt(r->a, "%.*s%.*s", STR_ARG(r->at->text), STR_ARG(more));
}

/* ---- writing ---- */

static void write_node(struct json_out *w, const struct node *n);

static bool named_before(const struct node *first, const struct node *n)
{
    for (const struct node *x = first; x != n; x = x->next)
        if (str_eq(x->name, n->name))
            return true;
    return false;
}

static void write_children(struct json_out *w, const struct node *parent)
{
    for (const struct node *n = parent->first; n != NULL; n = n->next) {
        if (named_before(parent->first, n))
            continue;
        size_t same = 0;
        for (const struct node *x = n; x != NULL; x = x->next)
            same += str_eq(x->name, n->name) ? 1 : 0;
        json_key_str(w, n->name);
        if (same > 1)
            json_arr(w);
        for (const struct node *x = n; x != NULL; x = x->next)
            if (str_eq(x->name, n->name))
                write_node(w, x);
        if (same > 1)
            json_arr_end(w);
    }
}

static void write_node(struct json_out *w, const struct node *n)
{
    struct str text = str_trim(n->text);
    bool plain = n->attributes[0] == NULL && n->first == NULL;
    if (plain) {
        if (text.n > 0)
            json_str(w, n->text);
        else
            json_null(w);
        return;
    }
    json_obj(w);
    for (size_t i = 0; n->attributes[i] != NULL; i += 2) {
        AUTO(sbuf_fini) struct sbuf key = sbuf_make(XML_MAX_BYTES + 16);
        sbuf_addf(&key, "@%s", n->attributes[i]);
        json_key_str(w, sbuf_str(&key));
        json_z(w, n->attributes[i + 1]);
    }
    if (text.n > 0)
        json_kv_str(w, "#text", n->first == NULL ? n->text : text);
    write_children(w, n);
    json_obj_end(w);
}

static bool parse(struct reading *r, struct str xml, struct err *e)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    if (XML_Parse(r->parser, xml.p, (int)xml.n, 1) == XML_STATUS_OK)
        return true;
    if (r->too_deep)
        return err_set(e, ERR_LIMIT, "XML nested more than %d levels deep", XML_MAX_DEPTH);
    err_set(e, ERR_SYNTAX, "XML: %s", XML_ErrorString(XML_GetErrorCode(r->parser)));
    if (e != NULL) {
        e->pos.line = (uint32_t)XML_GetCurrentLineNumber(r->parser);
        e->pos.col = (uint32_t)XML_GetCurrentColumnNumber(r->parser) + 1;
    }
    return false;
}

bool xml_to_json(struct str xml, struct sbuf *out, struct err *e)
{
    static const char *none[] = {NULL};
    if (xml.n == 0 || xml.n > XML_MAX_BYTES)
        return err_set(e, ERR_LIMIT, "XML: 1 to %d bytes expected", XML_MAX_BYTES);
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct reading r = {.a = a, .parser = XML_ParserCreate("UTF-8")};
    CHECK(r.parser != NULL);
    r.root.attributes = none;
    r.at = &r.root;
    bool ok = parse(&r, xml, e);
    XML_ParserFree(r.parser);
    if (!ok)
        return false;
    struct json_out w = json_out_make(out);
    json_obj(&w);
    write_children(&w, &r.root);
    json_obj_end(&w);
    return sbuf_ok(out);
}
