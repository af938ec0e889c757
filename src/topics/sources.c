/* The list `kafka` of the configuration. */
#include "ingest/source_list.h"
#include "topics/topics_priv.h"

/* ---- kinds of values ---- */

static struct topics_source *of(const struct source_reading *r)
{
    return r->source;
}

static bool is_name(struct str s, size_t max)
{
    return source_is_word(s, max) && !str_eqz(s, ".") && !str_eqz(s, "..");
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
static bool read_list(struct source_reading *r, const struct json *v, const char *what,
                      bool (*fits)(struct str), const char **out, size_t *out_n, struct err *e)
{
    const struct json *items = v->type == JSON_ARRAY ? v->items : v;
    size_t n = v->type == JSON_ARRAY ? v->n : 1;
    if (n == 0 || n > KAFKA_MAX_TOPICS)
        return source_wrong(r, v, e, what, "one to 64");
    for (size_t i = 0; i < n; i++) {
        struct str s = str_trim(json_text(&items[i], STR("")));
        if (!source_is_text(s) || !fits(s))
            return source_wrong(r, &items[i], e, what,
                                fits == is_host_port ? "host:port, or a list of them,"
                                : fits == is_host_pattern
                                    ? "a host or *.domain, or a list of them,"
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

/* ---- keys that are more than a text ---- */

static bool read_name(struct source_reading *r, const struct json *v, struct err *e)
{
    of(r)->name = json_text(v, STR(""));
    return is_name(of(r)->name, 64) ||
           source_wrong(r, v, e, "name", "up to 64 letters, digits, '.', '_' and '-'");
}

static bool read_brokers(struct source_reading *r, const struct json *v, struct err *e)
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
    of(r)->brokers = arena_strz(r->a, sbuf_str(&b));
    return true;
}

static bool read_hosts(struct source_reading *r, const struct json *v, struct err *e)
{
    return read_list(r, v, "hosts", is_host_pattern, of(r)->hosts, &of(r)->n_hosts, e);
}

static bool read_topics(struct source_reading *r, const struct json *v, struct err *e)
{
    return read_list(r, v, "topics", is_topic, of(r)->topics, &of(r)->n_topics, e);
}

static bool read_table(struct source_reading *r, const struct json *v, struct err *e)
{
    struct str s = json_text(v, STR(""));
    if (!is_name(s, 128))
        return source_wrong(r, v, e, "table", "a table's name");
    of(r)->stream = arena_fmt(r->a, "Custom-%.*s", STR_ARG(s));
    return true;
}

static bool read_stream(struct source_reading *r, const struct json *v, struct err *e)
{
    of(r)->stream = json_text(v, STR(""));
    return is_name(of(r)->stream, 200) || source_wrong(r, v, e, "stream", "a stream's name");
}

static bool read_workspace(struct source_reading *r, const struct json *v, struct err *e)
{
    of(r)->workspace = json_text(v, STR(""));
    return is_name(of(r)->workspace, 64) ||
           source_wrong(r, v, e, "workspace", "a workspace's name or id");
}

/* The value's place among the words. */
static bool read_word(struct source_reading *r, const struct json *v, const char *what,
                      const char *const *words, size_t n, const char *expected, size_t *out,
                      struct err *e)
{
    for (*out = 0; *out < n; ++*out)
        if (str_ieqz(json_text(v, STR("")), words[*out]))
            return true;
    return source_wrong(r, v, e, what, expected);
}

static bool read_format(struct source_reading *r, const struct json *v, struct err *e)
{
    static const char *const words[] = {
        [TOPICS_JSON] = "json",   [TOPICS_NDJSON] = "ndjson", [TOPICS_RECORDS] = "records",
        [TOPICS_AZURE] = "azure", [TOPICS_SYSLOG] = "syslog", [TOPICS_CEF] = "cef"};
    size_t i = 0;
    if (!read_word(r, v, "format", words, COUNTOF(words),
                   "json, ndjson, records, azure, syslog or cef", &i, e))
        return false;
    of(r)->format = (enum topics_format)i;
    return true;
}

static bool read_security(struct source_reading *r, const struct json *v, struct err *e)
{
    static const char *const words[] = {
        [KAFKA_PLAINTEXT] = "plaintext", [KAFKA_SSL] = "ssl", [KAFKA_SASL_SSL] = "sasl_ssl"};
    size_t i = 0;
    if (!read_word(r, v, "security", words, COUNTOF(words), "plaintext, ssl or sasl_ssl", &i, e))
        return false;
    of(r)->security = (enum kafka_security)i;
    of(r)->security_given = true;
    return true;
}

static bool read_mechanism(struct source_reading *r, const struct json *v, struct err *e)
{
    static const char *const words[] = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"};
    size_t i = 0;
    if (!read_word(r, v, "mechanism", words, COUNTOF(words),
                   "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512", &i, e) ||
        i >= COUNTOF(words))
        return false;
    of(r)->mechanism = words[i];
    return true;
}

static bool read_start(struct source_reading *r, const struct json *v, struct err *e)
{
    static const char *const words[] = {"beginning", "end"};
    size_t i = 0;
    if (!read_word(r, v, "start", words, COUNTOF(words), "beginning or end", &i, e))
        return false;
    of(r)->from_end = i == 1;
    return true;
}

static bool read_bounds(struct source_reading *r, const struct json *v, struct err *e)
{
    of(r)->bound_times = json_is_true(v);
    return v->type == JSON_TRUE || v->type == JSON_FALSE ||
           source_wrong(r, v, e, "bound_times", "true or false");
}

static bool read_password(struct source_reading *r, const struct json *v, struct err *e)
{
    return err_at(e, ERR_INVALID, pos_in(r->text, v->off),
                  "password: password_file or password_env expected, secrets are not kept here");
}

/* ---- a source ---- */

#define TEXT_KEY(name, member)                                                                     \
    {                                                                                              \
        name, NULL, offsetof(struct topics_source, member)                                         \
    }
static const struct source_key keys[] = {
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

static void fill_in(struct topics_source *s, bool hub)
{
    if (s->stream.n == 0 && s->format == TOPICS_SYSLOG)
        s->stream = STR("Microsoft-Syslog");
    if (s->stream.n == 0 && s->format == TOPICS_CEF)
        s->stream = STR("Microsoft-CommonSecurityLog");
    s->by_category = s->stream.n == 0 && s->format == TOPICS_AZURE;
    if (s->by_category)
        s->stream = STR("Microsoft-AzureDiagnostics");
    if (s->group == NULL)
        s->group = "vedette";
    if (hub && !s->security_given)
        s->security = KAFKA_SASL_SSL;
    if (s->mechanism == NULL && s->security == KAFKA_SASL_SSL)
        s->mechanism = "PLAIN";
}

/* What is missing, and what does not go together. */
static bool complete(struct source_reading *r, struct err *e)
{
    struct topics_source *s = of(r);
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
            return source_wrong(r, r->item, e, checks[i].what, checks[i].expected);
    return true;
}

static const struct source_kind kind = {
    .list = "kafka",
    .shape = "'name: …', 'brokers: …' for each",
    .bytes = sizeof(struct topics_source),
    .name_at = offsetof(struct topics_source, name),
    .keys = keys,
    .n_keys = COUNTOF(keys),
    .complete = complete,
};

bool topics_sources_read(struct arena *a, const struct json *list, struct str text,
                         struct topics_source **out, size_t *out_n, struct err *e)
{
    void *all = NULL;
    if (!source_list_read(a, list, text, &kind, &all, out_n, e))
        return false;
    *out = all;
    return true;
}
