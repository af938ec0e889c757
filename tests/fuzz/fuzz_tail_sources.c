/* The lists of sources in a configuration file, and the texts of secrets that they name: each is
 * refused with words that quote no secret, or every source has a name of its own and what it needs.
 */
#include "buckets/buckets.h"
#include "s3/s3.h"
#include "tail/tail.h"
#include "text/yaml.h"
#include "topics/topics_priv.h"
/* link: buckets */
/* link: topics */

static void files(struct arena *a, const struct json *list, struct str text)
{
    struct tail_source *all = NULL;
    struct err e = {0};
    size_t n = 0;
    bool ok = tail_sources_read(a, list, text, &all, &n, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    for (size_t i = 0; ok && i < n; i++) {
        CHECK(all[i].path[0] == '/' && all[i].name.n > 0 && all[i].name.n <= 64);
        for (size_t k = 0; k < i; k++)
            CHECK(!str_eq(all[i].name, all[k].name));
    }
}

static void objects(struct arena *a, const struct json *list, struct str text)
{
    struct buckets_source *all = NULL;
    struct err e = {0};
    size_t n = 0;
    bool ok = buckets_sources_read(a, list, text, &all, &n, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    for (size_t i = 0; ok && i < n; i++) {
        CHECK(all[i].name.n > 0 && all[i].poll > 0 && all[i].max_objects > 0);
        for (size_t k = 0; k < i; k++)
            CHECK(!str_eq(all[i].name, all[k].name));
    }
}

static void messages(struct arena *a, const struct json *list, struct str text)
{
    struct topics_source *all = NULL;
    struct err e = {0};
    size_t n = 0;
    bool ok = topics_sources_read(a, list, text, &all, &n, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    for (size_t i = 0; ok && i < n; i++) {
        CHECK(all[i].name.n > 0 && all[i].n_topics <= KAFKA_MAX_TOPICS);
        CHECK(all[i].brokers != NULL || all[i].connection_file != NULL ||
              all[i].connection_env != NULL);
        for (size_t k = 0; k < i; k++)
            CHECK(!str_eq(all[i].name, all[k].name));
    }
}

static void secrets(struct arena *a, struct str text)
{
    struct s3_credentials keys = {0};
    struct event_hub hub = {0};
    struct err e = {0}, why = {0};
    bool ok = s3_credentials_read(a, text, NULL, &keys, &e);
    CHECK(ok == (e.code == ERR_OK) && (ok || e.msg[0] != '\0'));
    CHECK(!ok || (keys.access_key.n > 0 && keys.secret_key.n > 0));
    ok = event_hub_read(a, text, &hub, &why);
    CHECK(ok == (why.code == ERR_OK) && (ok || why.msg[0] != '\0'));
    CHECK(!ok || strchr(hub.brokers, ':') != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str text = {(const char *)data, size};
    struct json root = {0};
    secrets(a, text);
    if (!yaml_parse(a, text, NULL, &root, NULL))
        return 0;
    const struct json *sources = json_get(&root, "sources"), *s3 = json_get(&root, "s3_sources"),
                      *kafka = json_get(&root, "kafka");
    if (sources != NULL)
        files(a, sources, text);
    if (s3 != NULL)
        objects(a, s3, text);
    if (kafka != NULL)
        messages(a, kafka, text);
    return 0;
}
