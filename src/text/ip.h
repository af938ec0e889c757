/* IP addresses and networks: 16 bytes, IPv4 as ::ffff:a.b.c.d. */
#pragma once
#include "base/base.h"

struct ip {
    uint8_t b[16];
};
struct ip_net {
    struct ip base;  /* host bits are zero */
    unsigned prefix; /* 0…128, of the 16 bytes: an IPv4 /24 is 120 */
};
enum { IP_TEXT_MAX = 46 };
/* "10.0.0.1" (four decimal parts without leading zeros) or an IPv6 text of RFC 4291; no zone, no
 * port. */
bool ip_parse(struct str s, struct ip *out) MUST_USE;
/* The first of these forms alone, as a number. */
bool ip_parse_v4(struct str s, uint32_t *out) MUST_USE;
/* An address, or address/prefix with the prefix of its own family; host bits are cut off. */
bool ip_net_parse(struct str s, struct ip_net *out) MUST_USE;
bool ip_is_v4(struct ip a);
int ip_cmp(struct ip a, struct ip b);
bool ip_in_net(struct ip a, struct ip_net net);
/* RFC 1918 and RFC 4193 (fc00::/7); not loopback, not link-local. */
bool ip_is_private(struct ip a);
void ip_format(struct ip a, char out[IP_TEXT_MAX]); /* IPv4 dotted, IPv6 as RFC 5952 */
