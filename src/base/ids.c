/* Random bytes and GUIDs. */
#include "base/ids.h"

#include <errno.h>
#include <sys/random.h>

void random_bytes(void *out, size_t n)
{
    char *p = out;
    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0) {
            CHECK(errno == EINTR);
            continue;
        }
        p += got;
        n -= (size_t)got;
    }
}

struct guid guid_new(void)
{
    struct guid g;
    random_bytes(g.b, sizeof(g.b));
    g.b[6] = (uint8_t)((g.b[6] & 0x0FU) | 0x40U);
    g.b[8] = (uint8_t)((g.b[8] & 0x3FU) | 0x80U);
    return g;
}

/* Two lanes of 64 bits over the same bytes, each multiplied and folded by its own odd constant,
 * then finished by the mixer of SplitMix64; the lanes exchange their state at each step. */
static uint64_t mix64(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xBF58476D1CE4E5B9U;
    x ^= x >> 27;
    x *= 0x94D049BB133111EBU;
    return x ^ (x >> 31);
}

static void absorb(uint64_t lane[2], const void *p, size_t n)
{
    const uint8_t *b = p;
    for (size_t i = 0; i < n; i++) {
        lane[0] = (lane[0] ^ b[i]) * 0x9E3779B97F4A7C15U;
        lane[1] = (lane[1] ^ b[i]) * 0xC2B2AE3D27D4EB4FU;
        lane[0] ^= lane[1] >> 29;
        lane[1] ^= lane[0] >> 31;
    }
}

struct guid guid_derive(struct guid ns, struct str name)
{
    uint64_t lane[2] = {0x243F6A8885A308D3U, 0x13198A2E03707344U};
    struct guid g;
    absorb(lane, ns.b, sizeof(ns.b));
    absorb(lane, name.p, name.n);
    uint64_t out[2] = {mix64(lane[0] + mix64(lane[1] ^ name.n)), mix64(lane[1] + mix64(lane[0]))};
    for (size_t i = 0; i < 16; i++)
        g.b[i] = (uint8_t)(out[i / 8] >> (56 - 8 * (i % 8)));
    g.b[6] = (uint8_t)((g.b[6] & 0x0FU) | 0x80U);
    g.b[8] = (uint8_t)((g.b[8] & 0x3FU) | 0x80U);
    return g;
}

void guid_format(struct guid g, char out[37])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = digits[g.b[i] >> 4];
        out[at++] = digits[g.b[i] & 0x0FU];
    }
    out[at] = '\0';
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool guid_parse(struct str s, struct guid *out)
{
    if (s.n == 38 && s.p[0] == '{' && s.p[37] == '}')
        s = str_sub(s, 1, 36);
    if (s.n != 36 && s.n != 32)
        return false;
    bool dashes = s.n == 36;
    struct guid g;
    size_t at = 0;
    for (size_t i = 0; i < 16; i++) {
        if (dashes && (i == 4 || i == 6 || i == 8 || i == 10) && s.p[at++] != '-')
            return false;
        int high = hex_digit(s.p[at]);
        int low = hex_digit(s.p[at + 1]);
        if (high < 0 || low < 0)
            return false;
        g.b[i] = (uint8_t)(high * 16 + low);
        at += 2;
    }
    *out = g;
    return true;
}
