/* The list `s3_sources` of the configuration. */
#include "buckets/buckets_priv.h"
#include "ingest/csv_names.h"
#include "ingest/source_list.h"

static struct buckets_source *of(const struct source_reading *r)
{
    return r->source;
}

static bool read_name(struct source_reading *r, const struct json *v, struct err *e)
{
    of(r)->name = json_text(v, STR(""));
    return source_is_word(of(r)->name, 64) ||
           source_wrong(r, v, e, "name", "up to 64 letters, digits, '.', '_' and '-'");
}

static bool read_format(struct source_reading *r, const struct json *v, struct err *e)
{
    return ingest_format_find(json_text(v, STR("")), &of(r)->format) ||
           source_wrong(r, v, e, "format",
                        "ndjson, json, csv, syslog, cef, cloudtrail, vpcflow, guardduty, windows, "
                        "azure, zeek or auditd");
}

static bool read_table(struct source_reading *r, const struct json *v, struct err *e)
{
    struct str s = json_text(v, STR(""));
    if (!source_is_word(s, 128))
        return source_wrong(r, v, e, "table", "a table's name");
    of(r)->stream = arena_fmt(r->a, "Custom-%.*s", STR_ARG(s));
    return true;
}

static bool read_stream(struct source_reading *r, const struct json *v, struct err *e)
{
    of(r)->stream = json_text(v, STR(""));
    return source_is_word(of(r)->stream, 200) || source_wrong(r, v, e, "stream", "a stream's name");
}

static bool read_workspace(struct source_reading *r, const struct json *v, struct err *e)
{
    of(r)->workspace = json_text(v, STR(""));
    return source_is_word(of(r)->workspace, 64) ||
           source_wrong(r, v, e, "workspace", "a workspace's name or id");
}

static bool read_start(struct source_reading *r, const struct json *v, struct err *e)
{
    struct str s = json_text(v, STR(""));
    of(r)->from_end = str_eqz(s, "end");
    return of(r)->from_end || str_eqz(s, "beginning") ||
           source_wrong(r, v, e, "start", "beginning or end");
}

static bool read_separator(struct source_reading *r, const struct json *v, struct err *e)
{
    return csv_separator_read(json_text(v, STR("")), &of(r)->separator) ||
           source_wrong(r, v, e, "separator", "one character of ASCII, or tab");
}

static bool read_bool(struct source_reading *r, const struct json *v, const char *what, bool *out,
                      struct err *e)
{
    *out = json_is_true(v);
    return v->type == JSON_TRUE || v->type == JSON_FALSE ||
           source_wrong(r, v, e, what, "true or false");
}

static bool read_bounds(struct source_reading *r, const struct json *v, struct err *e)
{
    return read_bool(r, v, "bound_times", &of(r)->bound_times, e);
}

static bool read_anonymous(struct source_reading *r, const struct json *v, struct err *e)
{
    return read_bool(r, v, "anonymous", &of(r)->anonymous, e);
}

static bool read_virtual(struct source_reading *r, const struct json *v, struct err *e)
{
    return read_bool(r, v, "virtual_host", &of(r)->virtual_host, e);
}

static bool read_folders(struct source_reading *r, const struct json *v, struct err *e)
{
    of(r)->date_folders_given = true;
    return read_bool(r, v, "date_folders", &of(r)->date_folders, e);
}

static bool read_poll(struct source_reading *r, const struct json *v, struct err *e)
{
    return source_read_span(r, v, "poll", TICKS_PER_SECOND, TICKS_PER_DAY, &of(r)->poll, e);
}

static bool read_lookback(struct source_reading *r, const struct json *v, struct err *e)
{
    return source_read_span(r, v, "lookback", 10 * TICKS_PER_MINUTE, 30 * TICKS_PER_DAY,
                            &of(r)->lookback, e);
}

static bool read_full(struct source_reading *r, const struct json *v, struct err *e)
{
    return source_read_span(r, v, "full_listing", 10 * TICKS_PER_SECOND, 30 * TICKS_PER_DAY,
                            &of(r)->full_listing, e);
}

static bool read_max_objects(struct source_reading *r, const struct json *v, struct err *e)
{
    return source_read_count(r, v, "max_objects", INT64_MAX, &of(r)->max_objects, e);
}

static bool read_max_rows(struct source_reading *r, const struct json *v, struct err *e)
{
    return source_read_count(r, v, "max_rows", INT64_MAX, &of(r)->max_rows, e);
}

static bool read_max_object(struct source_reading *r, const struct json *v, struct err *e)
{
    return source_read_count(r, v, "max_object", INT64_MAX, &of(r)->max_object, e);
}

static bool read_secret(struct source_reading *r, const struct json *v, struct err *e)
{
    return err_at(e, ERR_INVALID, pos_in(r->text, v->off),
                  "secret_key: keys_file or secret_key_env expected, secrets are not kept here");
}

#define TEXT_KEY(name, member)                                                                     \
    {                                                                                              \
        name, NULL, offsetof(struct buckets_source, member)                                        \
    }
static const struct source_key keys[] = {
    {"name", read_name, 0},
    {"format", read_format, 0},
    {"table", read_table, 0},
    {"stream", read_stream, 0},
    {"workspace", read_workspace, 0},
    {"start", read_start, 0},
    {"separator", read_separator, 0},
    {"bound_times", read_bounds, 0},
    {"anonymous", read_anonymous, 0},
    {"virtual_host", read_virtual, 0},
    {"date_folders", read_folders, 0},
    {"poll", read_poll, 0},
    {"lookback", read_lookback, 0},
    {"full_listing", read_full, 0},
    {"max_objects", read_max_objects, 0},
    {"max_rows", read_max_rows, 0},
    {"max_object", read_max_object, 0},
    {"secret_key", read_secret, 0},
    TEXT_KEY("endpoint", endpoint),
    TEXT_KEY("region", region),
    TEXT_KEY("bucket", bucket),
    TEXT_KEY("prefix", prefix),
    TEXT_KEY("ca", ca),
    TEXT_KEY("include", include),
    TEXT_KEY("exclude", exclude),
    TEXT_KEY("keys_file", keys_file),
    TEXT_KEY("profile", profile),
    TEXT_KEY("access_key_env", access_key_env),
    TEXT_KEY("secret_key_env", secret_key_env),
    TEXT_KEY("session_token_env", session_token_env),
};
#undef TEXT_KEY

static void begin(void *source)
{
    struct buckets_source *s = source;
    s->format = INGEST_NDJSON;
    s->separator = ',';
    s->poll = TICKS_PER_MINUTE;
    s->lookback = 6 * TICKS_PER_HOUR;
    s->full_listing = 6 * TICKS_PER_HOUR;
    s->max_objects = 10000;
    s->max_rows = 2000000;
    s->max_object = (int64_t)1 << 30;
}

static void fill_in(struct buckets_source *s)
{
    bool amazon = s->format == INGEST_CLOUDTRAIL || s->format == INGEST_VPCFLOW ||
                  s->format == INGEST_GUARDDUTY;
    if (s->stream.n == 0 && s->format == INGEST_SYSLOG)
        s->stream = STR("Microsoft-Syslog");
    if (s->stream.n == 0 && s->format == INGEST_CEF)
        s->stream = STR("Microsoft-CommonSecurityLog");
    if (!s->date_folders_given)
        s->date_folders = amazon;
    if (s->keys_file == NULL && !s->anonymous && s->access_key_env == NULL) {
        s->access_key_env = "AWS_ACCESS_KEY_ID";
        s->secret_key_env = "AWS_SECRET_ACCESS_KEY";
        s->session_token_env = "AWS_SESSION_TOKEN";
    }
}

/* What s3_open would say, with the place in the configuration. */
static bool check_store(struct source_reading *r, struct err *e)
{
    const struct buckets_source *s = of(r);
    struct s3_options o = {.endpoint = s->endpoint,
                           .region = s->region,
                           .bucket = s->bucket,
                           .virtual_host = s->virtual_host};
    struct err why = {0};
    struct s3 *s3 = s3_open(&o, &why);
    if (s3 == NULL)
        return err_at(e, ERR_INVALID, pos_in(r->text, r->item->off), "%s", why.msg);
    s3_close(s3);
    return true;
}

static bool complete(struct source_reading *r, struct err *e)
{
    struct buckets_source *s = of(r);
    fill_in(s);
    const struct {
        bool bad;
        const char *what, *expected;
    } checks[] = {
        {s->name.n == 0, "s3_sources", "a name for each"},
        {s->endpoint == NULL, "endpoint", "https://HOST"},
        {s->bucket == NULL, "bucket", "a bucket's name"},
        {s->stream.n == 0 && !ingest_format_routes(s->format), "table", "a table's name"},
        {s->keys_file != NULL && s->access_key_env != NULL, "keys_file", "no access_key_env"},
        {s->anonymous && (s->keys_file != NULL || s->access_key_env != NULL), "anonymous",
         "no keys"},
        {(s->access_key_env == NULL) != (s->secret_key_env == NULL), "access_key_env",
         "access_key_env and secret_key_env, or neither,"},
        {s->prefix != NULL && s->prefix[0] == '/', "prefix", "a prefix that does not begin with /"},
    };
    for (size_t i = 0; i < COUNTOF(checks); i++)
        if (checks[i].bad)
            return source_wrong(r, r->item, e, checks[i].what, checks[i].expected);
    return check_store(r, e);
}

static const struct source_kind kind = {
    .list = "s3_sources",
    .shape = "'name: …', 'endpoint: …', 'bucket: …' for each",
    .bytes = sizeof(struct buckets_source),
    .name_at = offsetof(struct buckets_source, name),
    .keys = keys,
    .n_keys = COUNTOF(keys),
    .begin = begin,
    .complete = complete,
};

bool buckets_sources_read(struct arena *a, const struct json *list, struct str text,
                          struct buckets_source **out, size_t *out_n, struct err *e)
{
    void *all = NULL;
    if (!source_list_read(a, list, text, &kind, &all, out_n, e))
        return false;
    *out = all;
    return true;
}
