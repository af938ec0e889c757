/* Messages become lines of NDJSON, or messages of syslog; what can't becomes a letter. */
#include "topics/topics_priv.h"

struct splitting {
    struct body *b;
    const struct body_rules *rules;
    struct arena *a; /* of one message */
    struct json_opts json;
    int64_t offset;
};

static void reject(struct splitting *s, struct str raw, size_t index, const char *reason,
                   const struct err *why)
{
    struct letter l = {raw, s->offset, index, reason, *why};
    VEC_PUSH(s->b->a, &s->b->letters, l);
}

static void reject_large(struct splitting *s, struct str raw, size_t index, size_t limit)
{
    struct err e = {0};
    err_set(&e, ERR_LIMIT, "it has %zu bytes; the limit is %zu", raw.n, limit);
    reject(s, raw, index, "record_too_large", &e);
}

/* Line ends between the parts of a document are blanks; inside of texts JSON has none. */
static void add_line(struct body *b, struct str text)
{
    size_t from = b->lines.n;
    sbuf_add(&b->lines, text);
    if (!sbuf_ok(&b->lines))
        return;
    for (char *p = b->lines.p + from; p < b->lines.p + b->lines.n; p++)
        *p = *p == '\n' || *p == '\r' ? ' ' : *p;
    sbuf_addc(&b->lines, '\n');
}

static void add_record(struct splitting *s, const struct json *v, struct str raw, size_t index)
{
    struct err e = {0};
    if (v->type != JSON_OBJECT) {
        err_set(&e, ERR_INVALID, "a record must be a JSON object");
        reject(s, raw, index, "not_an_object", &e);
    } else if (raw.n > s->rules->max_record) {
        reject_large(s, raw, index, s->rules->max_record);
    } else {
        add_line(s->b, raw);
    }
}

/* Each value of list, an array in text. */
static void add_items(struct splitting *s, struct str text, const struct json *list)
{
    for (size_t i = 0; i < list->n; i++) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct json again;
        size_t at = list->items[i].off, from = at;
        CHECK(json_parse_next(a, text, &at, &s->json, &again, NULL)); /* it was parsed before */
        add_record(s, &list->items[i], str_sub(text, from, at - from), i);
    }
}

static void split_json(struct splitting *s, struct str text)
{
    struct json v;
    struct err e = {0};
    if (!json_parse(s->a, text, &s->json, &v, &e)) {
        reject(s, text, 0, e.code == ERR_LIMIT ? "limit" : "malformed", &e);
        return;
    }
    const struct json *records = s->rules->format == TOPICS_JSON ? NULL : json_get(&v, "records");
    if (records != NULL && records->type == JSON_ARRAY)
        add_items(s, text, records);
    else if (v.type == JSON_ARRAY)
        add_items(s, text, &v);
    else
        add_record(s, &v, text, 0);
}

static void split_lines(struct splitting *s, struct str text)
{
    for (size_t at = 0, index = 0; at < text.n;) {
        const char *from = text.p + at, *nl = memchr(from, '\n', text.n - at);
        size_t n = nl != NULL ? (size_t)(nl - from) : text.n - at;
        struct str line = str_trim((struct str){from, n});
        struct json v;
        struct err e = {0};
        at += n + 1;
        if (line.n == 0)
            continue;
        arena_reset(s->a);
        if (json_parse(s->a, line, &s->json, &v, &e))
            add_record(s, &v, line, index);
        else
            reject(s, line, index, e.code == ERR_LIMIT ? "limit" : "malformed", &e);
        index++;
    }
}

static void add_message(struct splitting *s, struct str text)
{
    struct body *b = s->b;
    b->messages[b->n_messages++] = (struct ingest_message){.text = text, .received = s->rules->now};
}

static void split_one(struct splitting *s, const struct kafka_message *m)
{
    struct str text = m->value;
    struct err e = {0};
    s->offset = m->offset;
    arena_reset(s->a);
    if (m->tombstone) {
        s->b->tombstones++;
        return;
    }
    if (text.n > s->rules->max_message) {
        reject_large(s, text, 0, s->rules->max_message);
        return;
    }
    if (str_trim(text).n == 0) {
        err_set(&e, ERR_SYNTAX, "the message is empty");
        reject(s, text, 0, "malformed", &e);
        return;
    }
    switch (s->rules->format) {
    case TOPICS_JSON:
    case TOPICS_RECORDS:
    case TOPICS_AZURE:
        if (str_starts(text, STR("\xef\xbb\xbf")))
            text = str_sub(text, 3, text.n);
        split_json(s, text);
        break;
    case TOPICS_NDJSON:
        split_lines(s, text);
        break;
    case TOPICS_SYSLOG:
    case TOPICS_CEF:
        add_message(s, text);
        break;
    }
}

void body_make(struct body *b, const struct body_rules *rules, const struct kafka_message *messages,
               size_t n)
{
    struct splitting s = {.b = b, .rules = rules, .a = arena_new(0)};
    *b = (struct body){.a = arena_new(0), .lines = sbuf_make(0)};
    b->messages = arena_array(b->a, struct ingest_message, n + 1);
    s.json.max_depth = rules->max_depth;
    s.json.lone_surrogates = true;
    for (size_t i = 0; i < n; i++)
        split_one(&s, &messages[i]);
    arena_free(s.a);
}

void body_fini(struct body *b)
{
    sbuf_fini(&b->lines);
    arena_free(b->a);
}
