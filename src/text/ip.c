/* IP addresses. inet_pton and inet_ntop know the grammar of IPv6; the rest is bytes. */
#include "text/ip.h"

#include <arpa/inet.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool ip_is_v4(struct ip a)
{
    return memcmp(a.b, mapped, sizeof(mapped)) == 0;
}

bool ip_parse_v4(struct str s, uint32_t *out)
{
    uint32_t bits = 0;
    size_t i = 0;
    if (s.n < 7 || s.n > 15)
        return false;
    for (unsigned part = 0; part < 4; part++) {
        unsigned v = 0;
        size_t from = i;
        for (; i < s.n && (unsigned)(s.p[i] - '0') < 10u && i < from + 3; i++)
            v = v * 10 + (unsigned)(s.p[i] - '0');
        bool zero_first = i > from + 1 && s.p[from] == '0';
        if (i == from || zero_first || v > 255)
            return false;
        bits = bits << 8 | v;
        if (part < 3 && (i >= s.n || s.p[i++] != '.'))
            return false;
    }
    *out = bits;
    return i == s.n;
}

static struct ip from_v4(uint32_t bits)
{
    struct ip a;
    memcpy(a.b, mapped, sizeof(mapped));
    for (unsigned i = 0; i < 4; i++)
        a.b[sizeof(mapped) + i] = (uint8_t)(bits >> (24 - 8 * i));
    return a;
}

bool ip_parse(struct str s, struct ip *out)
{
    char z[IP_TEXT_MAX];
    struct ip a = {{0}};
    uint32_t v4;
    if (ip_parse_v4(s, &v4)) {
        *out = from_v4(v4);
        return true;
    }
    if (s.n == 0 || s.n >= sizeof(z) || !str_holds(s, ':') || str_holds(s, '\0'))
        return false;
    memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    if (inet_pton(AF_INET6, z, a.b) != 1)
        return false;
    *out = a;
    return true;
}

static void cut_host_bits(struct ip_net *net)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned keep = net->prefix > i * 8 ? net->prefix - i * 8 : 0;
        if (keep < 8)
            net->base.b[i] = (uint8_t)(net->base.b[i] & (0xFF00U >> keep));
    }
}

bool ip_net_parse(struct str s, struct ip_net *out)
{
    struct ip_net net;
    size_t slash = s.n;
    bool has_prefix = str_find(s, STR("/"), &slash);
    struct str host = str_sub(s, 0, has_prefix ? slash : s.n);
    if (!ip_parse(host, &net.base))
        return false;
    /* The family as it was written: ::ffff:1.2.3.4/120 counts all 128 bits. */
    bool v4 = ip_is_v4(net.base) && memchr(host.p, ':', host.n) == NULL;
    int64_t prefix = v4 ? 32 : 128;
    if (has_prefix) {
        struct str digits = str_sub(s, slash + 1, s.n);
        int64_t most = prefix;
        if (digits.n > 3 || !str_to_i64(digits, &prefix) || digits.p[0] == '-' || prefix > most)
            return false;
    }
    net.prefix = (unsigned)prefix + (v4 ? 96U : 0U);
    cut_host_bits(&net);
    *out = net;
    return true;
}

int ip_cmp(struct ip a, struct ip b)
{
    return memcmp(a.b, b.b, sizeof(a.b));
}

bool ip_in_net(struct ip a, struct ip_net net)
{
    struct ip_net own = {a, net.prefix};
    cut_host_bits(&own);
    return ip_cmp(own.base, net.base) == 0;
}

bool ip_is_private(struct ip a)
{
    if (!ip_is_v4(a))
        return (a.b[0] & 0xFEU) == 0xFC;
    const uint8_t *v4 = a.b + sizeof(mapped);
    return v4[0] == 10 || (v4[0] == 172 && (v4[1] & 0xF0U) == 16) || (v4[0] == 192 && v4[1] == 168);
}

void ip_format(struct ip a, char out[IP_TEXT_MAX])
{
    bool v4 = ip_is_v4(a);
    const void *bytes = v4 ? a.b + sizeof(mapped) : a.b;
    CHECK(inet_ntop(v4 ? AF_INET : AF_INET6, bytes, out, IP_TEXT_MAX) != NULL);
}
