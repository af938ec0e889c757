/* The list `kafka` of the configuration. */
#include "kql/functions.h"
#include "topics/topics_priv.h"

struct reading {
    struct arena *a;
    struct str text; /* of the configuration */
    const struct json *item;
    struct topics_source *s;
};

static bool wrong(const struct reading *r, const struct json *v, struct err *e, const char *what,
                  const char *expected)
{
    return err_at(e, ERR_INVALID, pos_in(r->text, v->off), "%s: %s expected", what, expected);
}

/* ---- kinds of values ---- */

static bool is_name(struct str s, size_t max)
{
    bool ok = s.n > 0 && s.n <= max;
    for (size_t i = 0; ok && i < s.n; i++) {
        char c = s.p[i];
        ok = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '.' ||
             c == '_' || c == '-';
    }
    return ok && !str_eqz(s, ".") && !str_eqz(s, "..");
}

static bool no_control(struct str s)
{
    bool ok = s.n > 0 && s.n < 1024;
    for (size_t i = 0; ok && i < s.n; i++)
        ok = (unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f;
    return ok;
}

static bool is_host_port(struct str s)
{
    int64_t port = 0;
    size_t colon = s.n;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == ':')
            colon = i;
    struct str host = str_sub(s, 0, colon);
    if (host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        return str_to_i64(str_sub(s, colon + 1, s.n), &port) && port > 0 && port < 65536;
    return is_name(host, 253) && str_to_i64(str_sub(s, colon + 1, s.n), &port) && port > 0 &&
           port < 65536;
}

static bool is_host_pattern(struct str s)
{
    if (str_starts(s, STR("*.")))
        s = str_sub(s, 2, s.n);
    return is_name(s, 253) || str_holds(s, ':');
}

/* One text, or a list of them. */
static bool read_list(struct reading *r, const struct json *v, const char *what,
                      bool (*fits)(struct str), const char **out, size_t *out_n, struct err *e)
{
    const struct json *items = v->type == JSON_ARRAY ? v->items : v;
    size_t n = v->type == JSON_ARRAY ? v->n : 1;
    if (n == 0 || n > KAFKA_MAX_TOPICS)
        return wrong(r, v, e, what, "one to 64");
    for (size_t i = 0; i < n; i++) {
        struct str s = str_trim(json_text(&items[i], STR("")));
        if (!no_control(s) || !fits(s))
            return wrong(r, &items[i], e, what,
                         fits == is_host_port      ? "host:port, or a list of them,"
                         : fits == is_host_pattern ? "a host or *.domain, or a list of them,"
                                                   : "a topic's exact name, or a list of them,");
        out[i] = arena_strz(r->a, s);
    }
    *out_n = n;
    return true;
}

static bool is_topic(struct str s)
{
    return is_name(s, 249);
}

static bool read_text(struct reading *r, const struct json *v, const char *what, const char **out,
                      struct err *e)
{
    struct str s = json_text(v, STR(""));
    if (!no_control(s))
        return wrong(r, v, e, what, "a text");
    *out = arena_strz(r->a, s);
    return true;
}

/* ---- keys that are more than a text ---- */

static bool read_name(struct reading *r, const struct json *v, struct err *e)
{
    r->s->name = json_text(v, STR(""));
    return is_name(r->s->name, 64) ||
           wrong(r, v, e, "name", "up to 64 letters, digits, '.', '_' and '-'");
}

static bool read_brokers(struct reading *r, const struct json *v, struct err *e)
{
    const char *list[KAFKA_MAX_TOPICS];
    size_t n = 0;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    if (!read_list(r, v, "brokers", is_host_port, list, &n, e))
        return false;
    for (size_t i = 0; i < n; i++) {
        sbuf_addz(&b, i > 0 ? "," : "");
        sbuf_addz(&b, list[i]);
    }
    r->s->brokers = arena_strz(r->a, sbuf_str(&b));
    return true;
}

static bool read_hosts(struct reading *r, const struct json *v, struct err *e)
{
    return read_list(r, v, "hosts", is_host_pattern, r->s->hosts, &r->s->n_hosts, e);
}

static bool read_topics(struct reading *r, const struct json *v, struct err *e)
{
    return read_list(r, v, "topics", is_topic, r->s->topics, &r->s->n_topics, e);
}

static bool read_table(struct reading *r, const struct json *v, struct err *e)
{
    struct str s = json_text(v, STR(""));
    if (!is_name(s, 128))
        return wrong(r, v, e, "table", "a table's name");
    r->s->stream = arena_fmt(r->a, "Custom-%.*s", STR_ARG(s));
    return true;
}

static bool read_stream(struct reading *r, const struct json *v, struct err *e)
{
    r->s->stream = json_text(v, STR(""));
    return is_name(r->s->stream, 200) || wrong(r, v, e, "stream", "a stream's name");
}

static bool read_workspace(struct reading *r, const struct json *v, struct err *e)
{
    r->s->workspace = json_text(v, STR(""));
    return is_name(r->s->workspace, 64) || wrong(r, v, e, "workspace", "a workspace's name or id");
}

/* The value's place among the words. */
static bool read_word(struct reading *r, const struct json *v, const char *what,
                      const char *const *words, size_t n, const char *expected, size_t *out,
                      struct err *e)
{
    for (*out = 0; *out < n; ++*out)
        if (str_ieqz(json_text(v, STR("")), words[*out]))
            return true;
    return wrong(r, v, e, what, expected);
}

static bool read_format(struct reading *r, const struct json *v, struct err *e)
{
    static const char *const words[] = {[TOPICS_JSON] = "json",
                                        [TOPICS_NDJSON] = "ndjson",
                                        [TOPICS_RECORDS] = "records",
                                        [TOPICS_SYSLOG] = "syslog",
                                        [TOPICS_CEF] = "cef"};
    size_t i = 0;
    if (!read_word(r, v, "format", words, COUNTOF(words), "json, ndjson, records, syslog or cef",
                   &i, e))
        return false;
    r->s->format = (enum topics_format)i;
    return true;
}

static bool read_security(struct reading *r, const struct json *v, struct err *e)
{
    static const char *const words[] = {
        [KAFKA_PLAINTEXT] = "plaintext", [KAFKA_SSL] = "ssl", [KAFKA_SASL_SSL] = "sasl_ssl"};
    size_t i = 0;
    if (!read_word(r, v, "security", words, COUNTOF(words), "plaintext, ssl or sasl_ssl", &i, e))
        return false;
    r->s->security = (enum kafka_security)i;
    r->s->security_given = true;
    return true;
}

static bool read_mechanism(struct reading *r, const struct json *v, struct err *e)
{
    static const char *const words[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};
    size_t i = 0;
    if (!read_word(r, v, "mechanism", words, COUNTOF(words),
                   "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", &i, e) ||
        i >= COUNTOF(words))
        return false;
    r->s->mechanism = words[i];
    return true;
}

static bool read_start(struct reading *r, const struct json *v, struct err *e)
{
    static const char *const words[] = {"beginning", "end"};
    size_t i = 0;
    if (!read_word(r, v, "start", words, COUNTOF(words), "beginning or end", &i, e))
        return false;
    r->s->from_end = i == 1;
    return true;
}

static bool read_bounds(struct reading *r, const struct json *v, struct err *e)
{
    r->s->bound_times = json_is_true(v);
    return v->type == JSON_TRUE || v->type == JSON_FALSE ||
           wrong(r, v, e, "bound_times", "true or false");
}

static bool read_password(struct reading *r, const struct json *v, struct err *e)
{
    return err_at(e, ERR_INVALID, pos_in(r->text, v->off),
                  "password: password_file or password_env expected, secrets are not kept here");
}

/* ---- a source ---- */

#define TEXT_KEY(name, member)                                                                     \
    {                                                                                              \
        name, NULL, offsetof(struct topics_source, member)                                         \
    }
static const struct key {
    const char *name;
    bool (*read)(struct reading *r, const struct json *v, struct err *e); /* NULL: a text */
    size_t offset;
} keys[] = {
    {"name", read_name, 0},
    {"brokers", read_brokers, 0},
    {"hosts", read_hosts, 0},
    {"topics", read_topics, 0},
    {"workspace", read_workspace, 0},
    {"table", read_table, 0},
    {"stream", read_stream, 0},
    {"format", read_format, 0},
    {"security", read_security, 0},
    {"mechanism", read_mechanism, 0},
    {"start", read_start, 0},
    {"bound_times", read_bounds, 0},
    {"password", read_password, 0},
    TEXT_KEY("group", group),
    TEXT_KEY("ca", ca),
    TEXT_KEY("cert", cert),
    TEXT_KEY("key", key),
    TEXT_KEY("user", user),
    TEXT_KEY("password_file", password_file),
    TEXT_KEY("password_env", password_env),
    TEXT_KEY("connection_string_file", connection_file),
    TEXT_KEY("connection_string_env", connection_env),
};
#undef TEXT_KEY

static bool unknown_key(const struct reading *r, const struct json *v, struct str name,
                        struct err *e)
{
    struct suggest near = {.want = name};
    for (size_t i = 0; i < COUNTOF(keys); i++)
        suggest_offer(&near, str_from(keys[i].name));
    err_at(e, ERR_INVALID, pos_in(r->text, v->off), "a source has no '%.*s'",
           (int)(name.n < 60 ? name.n : 60), name.p);
    if (near.best.n > 0)
        err_hint(e, "did you mean '%.*s'?", STR_ARG(near.best));
    return false;
}

static void fill_in(struct topics_source *s, bool hub)
{
    if (s->stream.n == 0 && s->format == TOPICS_SYSLOG)
        s->stream = STR("Microsoft-Syslog");
    if (s->stream.n == 0 && s->format == TOPICS_CEF)
        s->stream = STR("Microsoft-CommonSecurityLog");
    if (s->group == NULL)
        s->group = "vedette";
    if (hub && !s->security_given)
        s->security = KAFKA_SASL_SSL;
    if (s->mechanism == NULL && s->security == KAFKA_SASL_SSL)
        s->mechanism = "PLAIN";
}

/* What is missing, and what does not go together. */
static bool complete(struct reading *r, struct err *e)
{
    struct topics_source *s = r->s;
    bool hub = s->connection_file != NULL || s->connection_env != NULL;
    bool password = s->password_file != NULL || s->password_env != NULL;
    fill_in(s, hub);
    bool sasl = s->security == KAFKA_SASL_SSL;
    const struct {
        bool bad;
        const char *what, *expected;
    } checks[] = {
        {s->name.n == 0, "kafka", "a name for each"},
        {s->brokers == NULL && !hub, "brokers", "host:port"},
        {s->n_topics == 0 && !hub, "topics", "a topic's name"},
        {s->stream.n == 0, "table", "a table's name"},
        {s->password_file != NULL && s->password_env != NULL, "password_file", "no password_env"},
        {s->connection_file != NULL && s->connection_env != NULL, "connection_string_file",
         "no connection_string_env"},
        {hub && (password || s->user != NULL), "connection_string", "no user and no password"},
        {hub && (!sasl || strcmp(s->mechanism, "PLAIN") != 0), "security",
         "sasl_ssl with PLAIN for a connection string"},
        {sasl && !hub && (s->user == NULL || !password), "security",
         "user and password_file or password_env for sasl_ssl"},
        {!sasl && (s->user != NULL || password || s->mechanism != NULL), "security",
         "sasl_ssl for a user, a password or a mechanism"},
        {s->security == KAFKA_PLAINTEXT && (s->ca != NULL || s->cert != NULL || s->key != NULL),
         "security", "ssl or sasl_ssl for certificates"},
        {(s->cert == NULL) != (s->key == NULL), "cert", "cert and key, or neither"},
    };
    for (size_t i = 0; i < COUNTOF(checks); i++)
        if (checks[i].bad)
            return wrong(r, r->item, e, checks[i].what, checks[i].expected);
    return true;
}

static bool read_source(struct reading *r, struct err *e)
{
    if (r->item->type != JSON_OBJECT)
        return wrong(r, r->item, e, "kafka", "'name: …', 'brokers: …' for each");
    for (size_t i = 0; i < r->item->n; i++) {
        const struct json *v = &r->item->items[i];
        size_t k = 0;
        while (k < COUNTOF(keys) && !str_eqz(r->item->keys[i], keys[k].name))
            k++;
        if (k == COUNTOF(keys))
            return unknown_key(r, v, r->item->keys[i], e);
        const char *text = NULL;
        if (keys[k].read != NULL ? !keys[k].read(r, v, e)
                                 : !read_text(r, v, keys[k].name, &text, e))
            return false;
        if (keys[k].read == NULL)
            memcpy((char *)r->s + keys[k].offset, &text, sizeof(text));
    }
    return complete(r, e);
}

bool topics_sources_read(struct arena *a, const struct json *list, struct str text,
                         struct topics_source **out, size_t *out_n, struct err *e)
{
    struct topics_source *all = arena_array(a, struct topics_source, list->n + 1);
    struct reading r = {.a = a, .text = text, .item = list};
    if (list->type != JSON_ARRAY || list->n > TOPICS_MAX_SOURCES)
        return wrong(&r, list, e, "kafka", "a list of at most 64");
    for (size_t i = 0; i < list->n; i++) {
        r.item = &list->items[i];
        r.s = &all[i];
        if (!read_source(&r, e))
            return false;
        for (size_t k = 0; k < i; k++)
            if (str_ieq(all[k].name, all[i].name))
                return err_at(e, ERR_INVALID, pos_in(text, r.item->off),
                              "name: '%.*s' is there twice", STR_ARG(all[i].name));
    }
    *out = all;
    *out_n = list->n;
    return true;
}
