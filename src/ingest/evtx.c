/* Binary XML of event logs as text. Written here, with every offset checked against the chunk that
 * it is in, because Debian's libevtx (2018) takes no limits and runs in the process that holds the
 * logs. Sources: "Windows XML Event Log (EVTX) format" of libyal; [MS-EVEN6], section 2.2.12.
 *
 *   chunk    ElfChnk, header of 512 bytes, records
 *   record   2a2a0000, size (4), id (8), time (8), BinXml, size (4)
 *   BinXml   tokens; names and templates lie at their first use, later uses give their offset */
#include "ingest/evtx.h"
#include "text/xml.h"

enum {
    RECORD_HEADER = 24,
    MAX_ELEMENTS = 64,  /* open at a time */
    MAX_NESTED = 8,     /* fragments in values of templates */
    MAX_TOKENS = 100000 /* of a record */
};
enum token {
    TOKEN_END = 0x00,
    TOKEN_OPEN = 0x01,
    TOKEN_CLOSE_START = 0x02,
    TOKEN_CLOSE_EMPTY = 0x03,
    TOKEN_CLOSE = 0x04,
    TOKEN_TEXT = 0x05,
    TOKEN_ATTRIBUTE = 0x06,
    TOKEN_CDATA = 0x07,
    TOKEN_CHARACTER = 0x08,
    TOKEN_ENTITY = 0x09,
    TOKEN_PI_TARGET = 0x0a,
    TOKEN_PI_DATA = 0x0b,
    TOKEN_TEMPLATE = 0x0c,
    TOKEN_VALUE = 0x0d,
    TOKEN_OPTIONAL = 0x0e,
    TOKEN_FRAGMENT = 0x0f,
    TOKEN_MORE = 0x40, /* flag: attributes follow, or more data */
    TYPE_ARRAY = 0x80,
    TYPE_TEXT = 0x01,
    TYPE_BINXML = 0x21
};

struct value {
    uint8_t type;
    struct str bytes;
};
struct element {
    struct sbuf *to; /* NULL: left out, because what it depends on has no value */
    struct str name;
};
struct reading {
    struct str chunk;
    struct arena *a;
    struct sbuf *out;
    struct element open[MAX_ELEMENTS];
    size_t n_open, tokens;
    int nested;
    struct err *e;
};
/* A run of tokens; values are those of the template that it is of. */
struct run {
    struct reading *r;
    size_t at, end;
    const struct value *values;
    size_t n_values;
    bool substituted; /* in a value: elements name no dependency */
    bool in_attribute, attribute_null;
    struct str attribute; /* its name */
    struct sbuf value;    /* and what it holds */
};

static bool bad(struct reading *r, size_t at, const char *what)
{
    return err_set(r->e, ERR_SYNTAX, "evtx: %s, at byte %zu of the chunk", what, at);
}

static bool get(struct run *x, size_t n, uint64_t *out)
{
    if (x->end - x->at < n)
        return bad(x->r, x->at, "cut off");
    *out = 0;
    for (size_t i = n; i-- > 0;)
        *out = *out << 8 | (unsigned char)x->r->chunk.p[x->at + i];
    x->at += n;
    return true;
}

static bool get_bytes(struct run *x, size_t n, struct str *out)
{
    if (x->end - x->at < n)
        return bad(x->r, x->at, "cut off");
    *out = str_sub(x->r->chunk, x->at, n);
    x->at += n;
    return true;
}

/* What XML allows, in ASCII: names of events never need more, and nothing breaks out of its tag. */
static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        bool later = (c >= '0' && c <= '9') || c == '-' || c == '.';
        if (!letter && c != '_' && c != ':' && (i == 0 || !later))
            return false;
    }
    return s.n > 0;
}

/* A name by its offset: next (4), hash (2), characters (2), UTF-16, NUL. At its first use it is
 * here. */
static bool get_name(struct run *x, struct str *out)
{
    uint64_t offset = 0, n = 0;
    struct str text;
    if (!get(x, 4, &offset))
        return false;
    struct run there = {.r = x->r, .at = offset, .end = x->r->chunk.n};
    if (offset > there.end || there.end - offset < 8)
        return bad(x->r, x->at, "the offset of a name is outside");
    there.at += 6;
    if (!get(&there, 2, &n) || !get_bytes(&there, 2 * n, &text))
        return false;
    if (offset == x->at && !get_bytes(x, 8 + 2 * n + 2, &(struct str){0}))
        return false;
    AUTO(sbuf_fini) struct sbuf name = sbuf_make(0);
    evtx_utf16(&name, text);
    *out = arena_str(x->r->a, sbuf_str(&name));
    return is_name(*out) || bad(x->r, offset, "a name that XML does not allow");
}

/* Where text goes; NULL: nowhere. */
static struct sbuf *target(struct run *x)
{
    struct reading *r = x->r;
    if (x->in_attribute)
        return &x->value;
    return r->n_open > 0 ? r->open[r->n_open - 1].to : r->out;
}

static void put(struct run *x, struct str text)
{
    struct sbuf *to = target(x);
    if (to != NULL)
        xml_escape(to, text);
}

static void end_attribute(struct run *x)
{
    if (!x->in_attribute)
        return;
    x->in_attribute = false;
    struct sbuf *to = target(x);
    if (to == NULL || (x->attribute_null && x->value.n == 0))
        return;
    sbuf_addf(to, " %.*s=\"", STR_ARG(x->attribute));
    sbuf_add(to, sbuf_str(&x->value)); /* escaped already */
    sbuf_addc(to, '"');
}

/* ---- elements ---- */

static bool has_value(const struct run *x, uint64_t index)
{
    return index < x->n_values && x->values[index].type != 0 && x->values[index].bytes.n > 0;
}

static bool open_element(struct run *x, bool attributes)
{
    struct reading *r = x->r;
    uint64_t depends = 0xffff, size = 0;
    struct str name;
    if (x->in_attribute) /* whose text is gone when the element ends */
        return bad(r, x->at, "an element in an attribute");
    if (!x->substituted && !get(x, 2, &depends))
        return false;
    if (!get(x, 4, &size) || !get_name(x, &name) || (attributes && !get(x, 4, &size)))
        return false;
    if (r->n_open == MAX_ELEMENTS)
        return err_set(r->e, ERR_LIMIT, "evtx: elements nested more than %d deep", MAX_ELEMENTS);
    struct sbuf *to = target(x);
    if (depends != 0xffff && !has_value(x, depends))
        to = NULL;
    if (to != NULL)
        sbuf_addf(to, "<%.*s", STR_ARG(name));
    r->open[r->n_open++] = (struct element){to, name};
    return true;
}

static bool close_element(struct run *x, size_t base, enum token how)
{
    struct reading *r = x->r;
    end_attribute(x);
    if (r->n_open == base)
        return bad(r, x->at, "the end of an element that is not open");
    struct element *top = &r->open[r->n_open - 1];
    if (top->to != NULL && how == TOKEN_CLOSE)
        sbuf_addf(top->to, "</%.*s>", STR_ARG(top->name));
    else if (top->to != NULL)
        sbuf_addz(top->to, how == TOKEN_CLOSE_EMPTY ? "/>" : ">");
    r->n_open -= how != TOKEN_CLOSE_START;
    return true;
}

/* ---- values ---- */

static bool run_tokens(struct run *x);

/* Texts with NUL behind each: one element of the same name for each, as Windows shows them. */
static void put_texts(struct run *x, struct str bytes)
{
    struct reading *r = x->r;
    size_t from = 0;
    for (size_t i = 0; i + 1 < bytes.n; i += 2) {
        bool end = bytes.p[i] == '\0' && bytes.p[i + 1] == '\0';
        if (!end && i + 3 < bytes.n)
            continue;
        AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
        evtx_utf16(&text, evtx_before_nul(str_sub(bytes, from, i + 2 - from)));
        struct sbuf *to = target(x);
        struct str name = r->n_open > 0 ? r->open[r->n_open - 1].name : STR_NONE;
        if (from > 0 && to != NULL && (x->in_attribute || r->n_open == 0))
            sbuf_addz(to, ", ");
        else if (from > 0 && to != NULL)
            sbuf_addf(to, "</%.*s><%.*s>", STR_ARG(name), STR_ARG(name));
        put(x, sbuf_str(&text));
        from = i + 2;
    }
}

static size_t item_size(uint8_t type)
{
    static const unsigned char sizes[] = {
        [0x03] = 1, [0x04] = 1,  [0x05] = 2, [0x06] = 2, [0x07] = 4, [0x08] = 4,
        [0x09] = 8, [0x0a] = 8,  [0x0b] = 4, [0x0c] = 8, [0x0d] = 4, [0x0f] = 16,
        [0x11] = 8, [0x12] = 16, [0x14] = 4, [0x15] = 8};
    return type < sizeof(sizes) ? sizes[type] : 0;
}

static bool put_array(struct run *x, const struct value *v)
{
    uint8_t type = v->type & (uint8_t)~TYPE_ARRAY;
    size_t size = item_size(type);
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(XML_MAX_BYTES);
    if (type == TYPE_TEXT) {
        put_texts(x, v->bytes);
        return true;
    }
    if (size == 0 || v->bytes.n % size != 0)
        return bad(x->r, x->at, "an array of a type that we don't know");
    for (size_t i = 0; i < v->bytes.n; i += size) {
        sbuf_addz(&text, i > 0 ? ", " : "");
        if (!evtx_value(&text, type, str_sub(v->bytes, i, size)))
            return bad(x->r, x->at, "a value that is not of its type");
    }
    put(x, sbuf_str(&text));
    return true;
}

static bool put_binxml(struct run *x, struct str bytes)
{
    struct run inner = {.r = x->r, .substituted = true};
    inner.at = (size_t)(bytes.p - x->r->chunk.p);
    inner.end = inner.at + bytes.n;
    return !x->in_attribute ? run_tokens(&inner) : bad(x->r, x->at, "XML in an attribute");
}

static bool put_value(struct run *x, bool optional)
{
    uint64_t index = 0, type = 0;
    if (!get(x, 2, &index) || !get(x, 1, &type))
        return false;
    if (index >= x->n_values)
        return bad(x->r, x->at, "a value that the template was not given");
    const struct value *v = &x->values[index];
    if (v->type == 0 || v->bytes.n == 0) {
        x->attribute_null |= optional;
        return true;
    }
    if (v->type == TYPE_BINXML)
        return put_binxml(x, v->bytes);
    if ((v->type & TYPE_ARRAY) != 0)
        return put_array(x, v);
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    if (!evtx_value(&text, v->type, v->bytes))
        return bad(x->r, x->at, "a value that is not of its type");
    put(x, sbuf_str(&text));
    return true;
}

/* ---- templates ---- */

/* The values of a template: number, size and type of each, then their bytes. */
static bool get_values(struct run *x, struct value **out, size_t *out_n)
{
    uint64_t n = 0, size = 0, type = 0;
    if (!get(x, 4, &n))
        return false;
    if (n > (x->end - x->at) / 4)
        return bad(x->r, x->at, "more values than there are bytes");
    struct value *v = arena_array(x->r->a, struct value, n);
    for (size_t i = 0; i < n; i++) {
        if (!get(x, 2, &size) || !get(x, 1, &type))
            return false;
        v[i].type = (uint8_t)type;
        v[i].bytes.n = size;
        x->at++;
    }
    for (size_t i = 0; i < n; i++)
        if (!get_bytes(x, v[i].bytes.n, &v[i].bytes))
            return false;
    *out = v;
    *out_n = n;
    return true;
}

/* Template: version (1), id (4), offset (4) of its definition: next (4), GUID (16), size (4),
 * tokens. At its first use the definition is here. */
static bool put_template(struct run *x)
{
    uint64_t skipped = 0, offset = 0, size = 0;
    struct value *values = NULL;
    struct run inner = {.r = x->r};
    if (x->in_attribute)
        return bad(x->r, x->at, "a template in an attribute");
    if (!get(x, 1, &skipped) || !get(x, 4, &skipped) || !get(x, 4, &offset))
        return false;
    struct run there = {.r = x->r, .at = offset, .end = x->r->chunk.n};
    if (offset > there.end || there.end - offset < 24)
        return bad(x->r, x->at, "the offset of a template is outside");
    there.at += 20;
    struct str tokens;
    if (!get(&there, 4, &size) || !get_bytes(&there, size, &tokens))
        return false;
    if (offset == x->at && !get_bytes(x, 24 + size, &tokens))
        return false;
    if (!get_values(x, &values, &inner.n_values))
        return false;
    inner.values = values;
    inner.at = offset + 24;
    inner.end = inner.at + size;
    return run_tokens(&inner);
}

/* ---- tokens ---- */

static bool put_counted_text(struct run *x, bool typed)
{
    uint64_t type = TYPE_TEXT, n = 0;
    struct str bytes;
    if ((typed && !get(x, 1, &type)) || !get(x, 2, &n) || !get_bytes(x, 2 * n, &bytes))
        return false;
    if (type != TYPE_TEXT)
        return bad(x->r, x->at, "text of a type that is none");
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    evtx_utf16(&text, bytes);
    put(x, sbuf_str(&text));
    return true;
}

static bool put_character(struct run *x)
{
    struct str bytes;
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    if (!get_bytes(x, 2, &bytes))
        return false;
    evtx_utf16(&text, bytes);
    put(x, sbuf_str(&text));
    return true;
}

static bool put_entity(struct run *x)
{
    static const char *const names[][2] = {
        {"lt", "<"}, {"gt", ">"}, {"amp", "&"}, {"quot", "\""}, {"apos", "'"}};
    struct str name;
    if (!get_name(x, &name))
        return false;
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (str_eqz(name, names[i][0]))
            put(x, str_from(names[i][1]));
    return true;
}

static bool start_attribute(struct run *x)
{
    end_attribute(x);
    sbuf_clear(&x->value);
    x->attribute_null = false;
    x->in_attribute = true;
    return get_name(x, &x->attribute);
}

/* Processing instructions say nothing about an event. */
static bool skip_instruction(struct run *x, enum token t)
{
    uint64_t n = 0;
    struct str name;
    if (t == TOKEN_PI_TARGET)
        return get_name(x, &name);
    return get(x, 2, &n) && get_bytes(x, 2 * n, &name);
}

static bool one_token(struct run *x, unsigned char byte, size_t base)
{
    struct str version;
    switch ((enum token)(byte & ~TOKEN_MORE)) {
    case TOKEN_OPEN:
        return open_element(x, (byte & TOKEN_MORE) != 0);
    case TOKEN_CLOSE_START:
    case TOKEN_CLOSE_EMPTY:
    case TOKEN_CLOSE:
        return close_element(x, base, (enum token)byte);
    case TOKEN_TEXT:
        return put_counted_text(x, true);
    case TOKEN_CDATA:
        return put_counted_text(x, false);
    case TOKEN_ATTRIBUTE:
        return start_attribute(x);
    case TOKEN_CHARACTER:
        return put_character(x);
    case TOKEN_ENTITY:
        return put_entity(x);
    case TOKEN_PI_TARGET:
    case TOKEN_PI_DATA:
        return skip_instruction(x, (enum token)byte);
    case TOKEN_TEMPLATE:
        return put_template(x);
    case TOKEN_VALUE:
    case TOKEN_OPTIONAL:
        return put_value(x, byte == TOKEN_OPTIONAL);
    case TOKEN_FRAGMENT:
        return get_bytes(x, 3, &version);
    case TOKEN_END:
    case TOKEN_MORE:
    case TYPE_ARRAY:
    case TYPE_BINXML:
        break;
    }
    return bad(x->r, x->at - 1, "a token that we don't know");
}

static bool run_tokens(struct run *x)
{
    struct reading *r = x->r;
    size_t base = r->n_open;
    bool ok = true;
    if (r->nested == MAX_NESTED)
        return err_set(r->e, ERR_LIMIT, "evtx: XML in values more than %d deep", MAX_NESTED);
    r->nested++;
    x->value = sbuf_make(XML_MAX_BYTES);
    while (ok && x->at < x->end && r->chunk.p[x->at] != TOKEN_END) {
        unsigned char byte = (unsigned char)r->chunk.p[x->at++];
        if (++r->tokens > MAX_TOKENS || !sbuf_ok(r->out) || !sbuf_ok(&x->value))
            ok = err_set(r->e, ERR_LIMIT, "evtx: the event is too large");
        else
            ok = one_token(x, byte, base);
    }
    sbuf_fini(&x->value);
    r->nested--;
    return ok && (r->n_open == base || bad(r, x->at, "an element that is not closed"));
}

/* ---- records ---- */

static uint32_t u32_at(struct str s, size_t at)
{
    return (uint32_t)(unsigned char)s.p[at] | (uint32_t)(unsigned char)s.p[at + 1] << 8 |
           (uint32_t)(unsigned char)s.p[at + 2] << 16 | (uint32_t)(unsigned char)s.p[at + 3] << 24;
}

bool evtx_next(struct str chunk, size_t *at, struct str *out, struct err *why)
{
    *out = STR_NONE;
    if (*at >= EVTX_CHUNK)
        return false;
    if (chunk.n < EVTX_RECORDS || !str_starts(chunk, STR("ElfChnk"))) {
        *at = EVTX_CHUNK;
        err_set(why, ERR_SYNTAX, "evtx: not a chunk of an event log");
        return true;
    }
    *at = *at == 0 ? EVTX_RECORDS : *at;
    size_t end = u32_at(chunk, 48); /* of the records */
    end = end > chunk.n || end < EVTX_RECORDS ? chunk.n : end;
    if (*at >= end || end - *at < RECORD_HEADER + 4)
        return false;
    size_t size = u32_at(chunk, *at + 4);
    if (u32_at(chunk, *at) != 0x2a2a || size < RECORD_HEADER + 4 || size > end - *at) {
        err_set(why, ERR_SYNTAX, "evtx: no record at byte %zu of the chunk", *at);
        *at = EVTX_CHUNK;
        return true;
    }
    *out = str_sub(chunk, *at, size);
    *at += size;
    return true;
}

bool evtx_xml(struct str chunk, struct str record, struct sbuf *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct reading r = {.chunk = chunk, .a = a, .out = out, .e = e};
    struct run x = {.r = &r};
    x.at = (size_t)(record.p - chunk.p) + RECORD_HEADER;
    x.end = (size_t)(record.p - chunk.p) + record.n - 4;
    if (!run_tokens(&x))
        return false;
    return sbuf_ok(out) || err_set(e, ERR_LIMIT, "evtx: the event is too large");
}
