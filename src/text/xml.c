/* XML read by expat into a small tree, and written as JSON. */
#include "text/xml.h"
#include "text/json.h"
#include <expat.h>

struct node {
    struct str name;
    const char **attributes;                   /* name, value, …, NULL */
    VEC(struct str) text;                      /* as expat gives it: in pieces */
    struct node *parent, *first, *last, *next; /* children, siblings */
    struct node *same;                         /* the next sibling of the same name */
    bool again;                                /* an earlier sibling has this name */
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
    struct str piece = {text, (size_t)n};
    VEC_PUSH(r->a, &r->at->text, arena_str(r->a, piece));
}

/* ---- writing ---- */

struct writing {
    struct json_out json;
    struct arena *a;
};

static void write_node(struct writing *w, const struct node *n);

/* Chains the children of each name, so that a name is looked for once a child. */
static void chain_names(struct arena *a, const struct node *parent)
{
    struct map *last = map_new(a, false);
    for (struct node *n = parent->first; n != NULL; n = n->next) {
        struct node *before = map_put(last, n->name, n);
        n->again = before != NULL;
        if (before != NULL)
            before->same = n;
    }
}

static void write_children(struct writing *w, const struct node *parent)
{
    chain_names(w->a, parent);
    for (const struct node *n = parent->first; n != NULL; n = n->next) {
        if (n->again)
            continue;
        json_key_str(&w->json, n->name);
        if (n->same != NULL)
            json_arr(&w->json);
        for (const struct node *x = n; x != NULL; x = x->same)
            write_node(w, x);
        if (n->same != NULL)
            json_arr_end(&w->json);
    }
}

static struct str text_of(struct arena *a, const struct node *n)
{
    if (n->text.n == 1)
        return n->text.p[0];
    struct sbuf whole = sbuf_make(XML_MAX_BYTES);
    for (size_t i = 0; i < n->text.n; i++)
        sbuf_add(&whole, n->text.p[i]);
    struct str text = arena_str(a, sbuf_str(&whole));
    sbuf_fini(&whole);
    return text;
}

static void write_node(struct writing *w, const struct node *n)
{
    struct str text = text_of(w->a, n);
    bool blank = str_trim(text).n == 0;
    if (n->attributes[0] == NULL && n->first == NULL) {
        if (blank)
            json_null(&w->json);
        else
            json_str(&w->json, text);
        return;
    }
    json_obj(&w->json);
    for (size_t i = 0; n->attributes[i] != NULL; i += 2) {
        AUTO(sbuf_fini) struct sbuf key = sbuf_make(XML_MAX_BYTES + 16);
        sbuf_addf(&key, "@%s", n->attributes[i]);
        json_key_str(&w->json, sbuf_str(&key));
        json_z(&w->json, n->attributes[i + 1]);
    }
    if (!blank)
        json_kv_str(&w->json, "#text", n->first == NULL ? text : str_trim(text));
    write_children(w, n);
    json_obj_end(&w->json);
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
    struct writing w = {json_out_make(out), a};
    json_obj(&w.json);
    write_children(&w, &r.root);
    json_obj_end(&w.json);
    return sbuf_ok(out);
}

void xml_escape(struct sbuf *b, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '&')
            sbuf_addz(b, "&amp;");
        else if (c == '<')
            sbuf_addz(b, "&lt;");
        else if (c == '>')
            sbuf_addz(b, "&gt;");
        else if (c == '"')
            sbuf_addz(b, "&quot;");
        else if ((unsigned char)c < 0x20 && c != '\t' && c != '\n' && c != '\r')
            sbuf_addz(b, "\xef\xbf\xbd");
        else
            sbuf_addc(b, c);
    }
}
