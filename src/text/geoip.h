/* Where addresses are: a database file of MaxMind's format (GeoLite2 City and its like), which the
 * operator supplies. */
#pragma once
#include "text/ip.h"

struct geoip;
/* Maps the file. Errors name it: ERR_NOT_FOUND, ERR_INVALID. */
struct geoip *geoip_open(const char *path, struct err *e) MUST_USE;
/* Whether it can be opened. */
bool geoip_check(const char *path, struct err *e) MUST_USE;
void geoip_close(struct geoip *g); /* NULL is fine */
/* Names in English, empty where the file has none; borrowed from the file. */
struct geoip_place {
    struct str country, state, city;
    bool has_point;
    double latitude, longitude;
};
/* false: the file knows nothing about the address. Any number of threads at once. */
bool geoip_find(const struct geoip *g, struct ip address, struct geoip_place *out);
