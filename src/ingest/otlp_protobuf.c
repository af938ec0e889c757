/* A reader of protobuf (proto3) for the messages of OTLP's logs: one table a message. */
#include "ingest/otlp.h"
#include "text/base64.h"

enum wire { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_GROUP, WIRE_GROUP_END, WIRE_32 };
enum kind {
    KIND_TEXT,
    KIND_HEX,
    KIND_BASE64,
    KIND_BOOL,
    KIND_INT,    /* varint */
    KIND_FIXED,  /* 32 or 64 bits, a whole number */
    KIND_DOUBLE, /* 64 bits */
    KIND_ONE,    /* a message */
    KIND_MANY    /* messages */
};
struct message;
struct field {
    uint32_t number;
    const char *name;
    enum kind kind;
    const struct message *of;
};
enum { MAX_FIELDS = 12 };
struct message {
    struct field fields[MAX_FIELDS];
};

static const struct message any_value, key_value;
static const struct message array_value = {{{1, "values", KIND_MANY, &any_value}}};
static const struct message kvlist_value = {{{1, "values", KIND_MANY, &key_value}}};
static const struct message any_value = {{{1, "stringValue", KIND_TEXT, NULL},
                                          {2, "boolValue", KIND_BOOL, NULL},
                                          {3, "intValue", KIND_INT, NULL},
                                          {4, "doubleValue", KIND_DOUBLE, NULL},
                                          {5, "arrayValue", KIND_ONE, &array_value},
                                          {6, "kvlistValue", KIND_ONE, &kvlist_value},
                                          {7, "bytesValue", KIND_BASE64, NULL}}};
static const struct message key_value = {
    {{1, "key", KIND_TEXT, NULL}, {2, "value", KIND_ONE, &any_value}}};
static const struct message log_record = {{{1, "timeUnixNano", KIND_FIXED, NULL},
                                           {2, "severityNumber", KIND_INT, NULL},
                                           {3, "severityText", KIND_TEXT, NULL},
                                           {5, "body", KIND_ONE, &any_value},
                                           {6, "attributes", KIND_MANY, &key_value},
                                           {7, "droppedAttributesCount", KIND_INT, NULL},
                                           {8, "flags", KIND_FIXED, NULL},
                                           {9, "traceId", KIND_HEX, NULL},
                                           {10, "spanId", KIND_HEX, NULL},
                                           {11, "observedTimeUnixNano", KIND_FIXED, NULL},
                                           {12, "eventName", KIND_TEXT, NULL}}};
static const struct message scope = {{{1, "name", KIND_TEXT, NULL},
                                      {2, "version", KIND_TEXT, NULL},
                                      {3, "attributes", KIND_MANY, &key_value},
                                      {4, "droppedAttributesCount", KIND_INT, NULL}}};
static const struct message scope_logs = {{{1, "scope", KIND_ONE, &scope},
                                           {2, "logRecords", KIND_MANY, &log_record},
                                           {3, "schemaUrl", KIND_TEXT, NULL}}};
static const struct message resource = {
    {{1, "attributes", KIND_MANY, &key_value}, {2, "droppedAttributesCount", KIND_INT, NULL}}};
static const struct message resource_logs = {{{1, "resource", KIND_ONE, &resource},
                                              {2, "scopeLogs", KIND_MANY, &scope_logs},
                                              {3, "schemaUrl", KIND_TEXT, NULL}}};
static const struct message export_logs = {{{1, "resourceLogs", KIND_MANY, &resource_logs}}};

struct reading {
    struct arena *a;
    struct str body;
    size_t n_values;
};
/* What one field on the wire holds. */
struct value {
    uint32_t number;
    enum wire wire;
    uint64_t bits;
    struct str bytes;
};

static bool broken(const struct reading *r, const char *at, struct err *e, const char *what)
{
    return err_set(e, ERR_SYNTAX, "the message is broken at byte %zu: %s", (size_t)(at - r->body.p),
                   what);
}

static bool take_varint(struct reading *r, struct str *s, uint64_t *out, struct err *e)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 10 && i < s->n; i++) {
        unsigned char c = (unsigned char)s->p[i];
        v |= (uint64_t)(c & 0x7f) << (7 * i);
        if (c < 0x80) {
            *s = str_sub(*s, i + 1, s->n);
            *out = v;
            return true;
        }
    }
    return broken(r, s->p, e, "a number has no end");
}

static bool take_fixed(struct reading *r, struct str *s, size_t n, uint64_t *out, struct err *e)
{
    uint64_t v = 0;
    if (s->n < n)
        return broken(r, s->p, e, "it is cut off");
    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)(unsigned char)s->p[i] << (8 * i);
    *out = v;
    *s = str_sub(*s, n, s->n);
    return true;
}

static bool take_value(struct reading *r, struct str *s, struct value *out, struct err *e)
{
    uint64_t tag = 0, n = 0;
    const char *at = s->p;
    if (!take_varint(r, s, &tag, e))
        return false;
    out->number = (uint32_t)(tag >> 3);
    out->wire = (enum wire)(tag & 7);
    if (tag >> 3 == 0 || tag >> 32 != 0)
        return broken(r, at, e, "a field's number is out of range");
    switch ((int)out->wire) {
    case WIRE_VARINT:
        return take_varint(r, s, &out->bits, e);
    case WIRE_64:
        return take_fixed(r, s, 8, &out->bits, e);
    case WIRE_32:
        return take_fixed(r, s, 4, &out->bits, e);
    case WIRE_BYTES:
        if (!take_varint(r, s, &n, e))
            return false;
        if (n > s->n)
            return broken(r, s->p, e, "it is cut off");
        out->bytes = str_sub(*s, 0, (size_t)n);
        *s = str_sub(*s, (size_t)n, s->n);
        return true;
    default:
        return broken(r, at, e, "a kind of field that is not in use");
    }
}

static enum wire wire_of(const struct field *f, enum wire got)
{
    switch (f->kind) {
    case KIND_BOOL:
    case KIND_INT:
        return WIRE_VARINT;
    case KIND_FIXED:
        return got == WIRE_32 ? WIRE_32 : WIRE_64;
    case KIND_DOUBLE:
        return WIRE_64;
    case KIND_TEXT:
    case KIND_HEX:
    case KIND_BASE64:
    case KIND_ONE:
    case KIND_MANY:
        break;
    }
    return WIRE_BYTES;
}

static struct str packed_text(struct reading *r, enum kind kind, struct str bytes)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    if (kind == KIND_HEX)
        hex_encode(bytes, &b);
    else
        base64_encode(BASE64_STD, bytes, &b);
    return arena_str(r->a, sbuf_str(&b));
}

/* A number beyond int64 (a time after 2262) is kept as a real. */
static struct json whole_number(uint64_t bits)
{
    if (bits > INT64_MAX)
        return (struct json){.type = JSON_REAL, .d = (double)bits};
    return (struct json){.type = JSON_INT, .i = (int64_t)bits, .d = (double)bits};
}

static struct json scalar(struct reading *r, const struct field *f, const struct value *v)
{
    int64_t i;
    double d;
    switch (f->kind) {
    case KIND_BOOL:
        return (struct json){.type = v->bits != 0 ? JSON_TRUE : JSON_FALSE};
    case KIND_INT:
        memcpy(&i, &v->bits, sizeof(i));
        return (struct json){.type = JSON_INT, .i = i, .d = (double)i};
    case KIND_FIXED:
        return whole_number(v->bits);
    case KIND_DOUBLE:
        memcpy(&d, &v->bits, sizeof(d));
        return (struct json){.type = JSON_REAL, .d = d};
    case KIND_HEX:
    case KIND_BASE64:
        return (struct json){.type = JSON_STRING, .text = packed_text(r, f->kind, v->bytes)};
    case KIND_TEXT:
    case KIND_ONE:
    case KIND_MANY:
        break;
    }
    return (struct json){.type = JSON_STRING, .text = v->bytes};
}

struct slot { /* what was read of one field of a message */
    struct json *items;
    size_t n, cap;
};

static bool read_message(struct reading *r, const struct message *m, struct str s, int depth,
                         struct json *out, struct err *e);

static bool add_to(struct reading *r, const struct field *f, const struct value *v, int depth,
                   struct slot *slot, struct err *e)
{
    struct json item = {0};
    if (++r->n_values > OTLP_VALUES)
        return err_set(e, ERR_LIMIT, "the message has more than %d values", OTLP_VALUES);
    if (f->of != NULL) {
        if (!read_message(r, f->of, v->bytes, depth + 1, &item, e))
            return false;
    } else {
        item = scalar(r, f, v);
    }
    if (f->kind != KIND_MANY)
        slot->n = 0; /* the last one counts */
    if (slot->n == slot->cap)
        slot->items = base_vec_grow(r->a, slot->items, &slot->cap, sizeof(*slot->items));
    slot->items[slot->n++] = item;
    return true;
}

static void make_object(struct reading *r, const struct message *m, const struct slot *slots,
                        struct json *out)
{
    size_t n = 0;
    for (size_t i = 0; i < MAX_FIELDS; i++)
        n += slots[i].n > 0;
    *out = (struct json){.type = JSON_OBJECT};
    out->keys = arena_array(r->a, struct str, n + 1);
    out->items = arena_array(r->a, struct json, n + 1);
    for (size_t i = 0; i < MAX_FIELDS; i++) {
        if (slots[i].n == 0)
            continue;
        out->keys[out->n] = str_from(m->fields[i].name);
        out->items[out->n++] =
            m->fields[i].kind != KIND_MANY
                ? slots[i].items[0]
                : (struct json){.type = JSON_ARRAY, .n = slots[i].n, .items = slots[i].items};
    }
}

static bool read_message(struct reading *r, const struct message *m, struct str s, int depth,
                         struct json *out, struct err *e)
{
    struct slot slots[MAX_FIELDS] = {{0}};
    if (depth > OTLP_DEPTH)
        return err_set(e, ERR_LIMIT, "the message is nested deeper than %d", OTLP_DEPTH);
    while (s.n > 0) {
        struct value v = {0};
        if (!take_value(r, &s, &v, e))
            return false;
        for (size_t i = 0; i < MAX_FIELDS && m->fields[i].name != NULL; i++)
            if (m->fields[i].number == v.number && wire_of(&m->fields[i], v.wire) == v.wire &&
                !add_to(r, &m->fields[i], &v, depth, &slots[i], e))
                return false;
    }
    make_object(r, m, slots, out);
    return true;
}

bool otlp_protobuf(struct arena *a, struct str body, struct json *out, struct err *e)
{
    struct reading r = {.a = a, .body = body};
    return read_message(&r, &export_logs, body, 0, out, e);
}

/* ---- answers ---- */

static void put_varint(struct sbuf *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        sbuf_addc(out, (char)((v & 0x7f) | 0x80));
    sbuf_addc(out, (char)v);
}

/* {1: number, 2: text}: the shape of both answers. */
static void put_pair(struct sbuf *out, uint64_t number, struct str text)
{
    if (number != 0) {
        put_varint(out, 1 << 3 | WIRE_VARINT);
        put_varint(out, number);
    }
    if (text.n > 0) {
        put_varint(out, 2 << 3 | WIRE_BYTES);
        put_varint(out, text.n);
        sbuf_add(out, text);
    }
}

void otlp_put_partial(struct sbuf *out, int64_t rejected, struct str message)
{
    AUTO(sbuf_fini) struct sbuf inner = sbuf_make(0);
    put_pair(&inner, (uint64_t)rejected, message);
    put_varint(out, 1 << 3 | WIRE_BYTES);
    put_varint(out, inner.n);
    sbuf_add(out, sbuf_str(&inner));
}

void otlp_put_status(struct sbuf *out, int code, struct str message)
{
    put_pair(out, (uint64_t)code, message);
}
