/* Addresses in a MaxMind DB file, with libmaxminddb. */
#include <maxminddb.h>
#include <netinet/in.h>

#include "text/geoip.h"

struct geoip {
    MMDB_s db;
};

struct geoip *geoip_open(const char *path, struct err *e)
{
    struct geoip *g = xcalloc(1, sizeof(*g));
    int status = MMDB_open(path, MMDB_MODE_MMAP, &g->db);
    if (status == MMDB_SUCCESS)
        return g;
    xfree(g);
    err_set(e, status == MMDB_FILE_OPEN_ERROR ? ERR_NOT_FOUND : ERR_INVALID,
            "can't read the addresses in %s: %s", path, MMDB_strerror(status));
    return NULL;
}

bool geoip_check(const char *path, struct err *e)
{
    struct geoip *g = geoip_open(path, e);
    geoip_close(g);
    return g != NULL;
}

void geoip_close(struct geoip *g)
{
    if (g == NULL)
        return;
    MMDB_close(&g->db);
    xfree(g);
}

static struct str text_at(MMDB_entry_s *entry, const char *const *path)
{
    MMDB_entry_data_s d;
    bool found = MMDB_aget_value(entry, &d, path) == MMDB_SUCCESS && d.has_data &&
                 d.type == MMDB_DATA_TYPE_UTF8_STRING;
    return found ? (struct str){d.utf8_string, d.data_size} : STR_NONE;
}

static bool real_at(MMDB_entry_s *entry, const char *const *path, double *out)
{
    MMDB_entry_data_s d;
    if (MMDB_aget_value(entry, &d, path) != MMDB_SUCCESS || !d.has_data ||
        d.type != MMDB_DATA_TYPE_DOUBLE)
        return false;
    *out = d.double_value;
    return true;
}

bool geoip_find(const struct geoip *g, struct ip address, struct geoip_place *out)
{
    static const char *const country[] = {"country", "names", "en", NULL};
    static const char *const state[] = {"subdivisions", "0", "names", "en", NULL};
    static const char *const city[] = {"city", "names", "en", NULL};
    static const char *const latitude[] = {"location", "latitude", NULL};
    static const char *const longitude[] = {"location", "longitude", NULL};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    bool v4 = ip_is_v4(address);
    memcpy(&six.sin6_addr, address.b, 16);
    memcpy(&four.sin_addr, address.b + 12, 4);
    union {
        const struct sockaddr_in6 *six;
        const struct sockaddr_in *four;
        const struct sockaddr *any;
    } at = {.six = &six};
    if (v4)
        at.four = &four;
    int error = MMDB_SUCCESS;
    MMDB_lookup_result_s r = MMDB_lookup_sockaddr(&g->db, at.any, &error);
    if (error != MMDB_SUCCESS || !r.found_entry)
        return false;
    *out = (struct geoip_place){
        text_at(&r.entry, country), text_at(&r.entry, state), text_at(&r.entry, city), false, 0, 0};
    out->has_point = real_at(&r.entry, latitude, &out->latitude) &&
                     real_at(&r.entry, longitude, &out->longitude);
    return true;
}
