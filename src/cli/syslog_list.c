/* The list `syslog_listeners` of the configuration: sockets whose messages go to a workspace of
 * their own. */
#include "cli/syslog_list.h"
#include "cli/settings.h"
#include "ingest/source_list.h"

static bool read_name(struct source_reading *r, const struct json *v, struct err *e)
{
    struct syslog_socket *x = r->source;
    x->name = json_text(v, STR(""));
    return source_is_word(x->name, 64) ||
           source_wrong(r, v, e, "name", "up to 64 letters, digits, '.', '_' and '-'");
}

static const struct source_key keys[] = {
    {.name = "name", .read = read_name},
    {.name = "address", .text_at = offsetof(struct syslog_socket, address)},
    {.name = "protocol", .text_at = offsetof(struct syslog_socket, protocol)},
    {.name = "workspace", .text_at = offsetof(struct syslog_socket, workspace)},
};

static bool complete(struct source_reading *r, struct err *e)
{
    struct syslog_socket *x = r->source;
    char host[256];
    uint16_t port;
    bool known = false;
    if (x->address == NULL || !settings_address(x->address, host, sizeof(host), &port))
        return source_wrong(r, r->item, e, "address", "an address and a port such as 0.0.0.0:5515");
    for (int t = 0; t < NET_TRANSPORTS; t++) {
        if (x->protocol == NULL || strcmp(x->protocol, net_transport_name((enum net_transport)t)))
            continue;
        x->transport = (enum net_transport)t;
        known = true;
    }
    return known || source_wrong(r, r->item, e, "protocol", "udp, tcp or tls");
}

static const struct source_kind kind = {
    .list = "syslog_listeners",
    .shape = "'name: …', 'address: …', 'protocol: …' for each",
    .bytes = sizeof(struct syslog_socket),
    .name_at = offsetof(struct syslog_socket, name),
    .keys = keys,
    .n_keys = COUNTOF(keys),
    .complete = complete,
};

bool syslog_list_read(struct arena *a, const struct json *list, struct str text,
                      struct syslog_socket **out, size_t *out_n, struct err *e)
{
    void *all = NULL;
    if (!source_list_read(a, list, text, &kind, &all, out_n, e))
        return false;
    *out = all;
    return true;
}
