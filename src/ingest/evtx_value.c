/* Values of BinXml as Windows writes them in XML. */
#include "ingest/evtx.h"
#include "text/date.h"

/* 1601-01-01 in ticks. */
#define FILETIME_EPOCH INT64_C(504911232000000000)

static uint64_t unsigned_of(struct str s)
{
    uint64_t v = 0;
    for (size_t i = s.n; i-- > 0;)
        v = v << 8 | (unsigned char)s.p[i];
    return v;
}

static int64_t signed_of(struct str s)
{
    uint64_t v = unsigned_of(s);
    unsigned bits = (unsigned)s.n * 8;
    if (bits < 64 && (v >> (bits - 1) & 1) != 0)
        v |= UINT64_MAX << bits;
    return (int64_t)v;
}

void evtx_utf16(struct sbuf *out, struct str s)
{
    for (size_t i = 0; i + 1 < s.n; i += 2) {
        uint32_t c = (uint32_t)unsigned_of(str_sub(s, i, 2));
        char utf8[4];
        if (c >= 0xd800 && c < 0xdc00 && i + 3 < s.n) {
            uint32_t low = (uint32_t)unsigned_of(str_sub(s, i + 2, 2));
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        if (c >= 0xd800 && c < 0xe000)
            c = 0xfffd;
        sbuf_addmem(out, utf8, utf8_put(utf8, c));
    }
}

struct str evtx_before_nul(struct str bytes)
{
    for (size_t i = 0; i + 1 < bytes.n; i += 2)
        if (bytes.p[i] == '\0' && bytes.p[i + 1] == '\0')
            return str_sub(bytes, 0, i);
    return bytes;
}

static bool put_filetime(struct sbuf *out, struct str s)
{
    char text[29];
    uint64_t t = unsigned_of(s);
    if (t > (uint64_t)(TICKS_MAX - FILETIME_EPOCH))
        return false;
    date_format((int64_t)t + FILETIME_EPOCH, text);
    sbuf_addz(out, text);
    return true;
}

static bool put_systemtime(struct sbuf *out, struct str s)
{
    int part[8];
    int64_t ticks = 0;
    char text[29];
    for (size_t i = 0; i < COUNTOF(part); i++)
        part[i] = (int)unsigned_of(str_sub(s, 2 * i, 2));
    struct civil c = {part[0], part[1], part[3], part[4], part[5], part[6], part[7] * 10000};
    if (part[7] > 999 || !ticks_from_civil(&c, &ticks))
        return false;
    date_format(ticks, text);
    sbuf_addz(out, text);
    return true;
}

static bool put_guid(struct sbuf *out, struct str s)
{
    static const unsigned char order[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    sbuf_addc(out, '{');
    for (size_t i = 0; i < 16; i++)
        sbuf_addf(out, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
                  (unsigned char)s.p[order[i]]);
    sbuf_addc(out, '}');
    return true;
}

static bool put_sid(struct sbuf *out, struct str s)
{
    if (s.n < 8 || s.n != 8 + 4 * (size_t)(unsigned char)s.p[1])
        return false;
    uint64_t authority = 0;
    for (size_t i = 2; i < 8; i++)
        authority = authority << 8 | (unsigned char)s.p[i];
    sbuf_addf(out, "S-%u-%llu", (unsigned char)s.p[0], (unsigned long long)authority);
    for (size_t i = 8; i < s.n; i += 4)
        sbuf_addf(out, "-%llu", (unsigned long long)unsigned_of(str_sub(s, i, 4)));
    return true;
}

static bool put_binary(struct sbuf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        sbuf_addf(out, "%02X", (unsigned char)s.p[i]);
    return true;
}

static bool put_float(struct sbuf *out, struct str s)
{
    float f = 0;
    memcpy(&f, s.p, sizeof(f));
    sbuf_addf(out, "%.9g", (double)f);
    return true;
}

static bool put_double(struct sbuf *out, struct str s)
{
    double d = 0;
    memcpy(&d, s.p, sizeof(d));
    sbuf_addf(out, "%.17g", d);
    return true;
}

static bool put_signed(struct sbuf *out, struct str s)
{
    sbuf_addi(out, signed_of(s));
    return true;
}

static bool put_unsigned(struct sbuf *out, struct str s)
{
    sbuf_addf(out, "%llu", (unsigned long long)unsigned_of(s));
    return true;
}

static bool put_hex(struct sbuf *out, struct str s)
{
    sbuf_addf(out, "0x%llx", (unsigned long long)unsigned_of(s));
    return true;
}

static bool put_bool(struct sbuf *out, struct str s)
{
    sbuf_addz(out, unsigned_of(s) != 0 ? "true" : "false");
    return true;
}

static bool put_text(struct sbuf *out, struct str s)
{
    evtx_utf16(out, evtx_before_nul(s));
    return true;
}

/* One byte a character; other code pages than ISO 8859-1 are not told. */
static bool put_narrow(struct sbuf *out, struct str s)
{
    char utf8[4];
    for (size_t i = 0; i < s.n && s.p[i] != '\0'; i++)
        sbuf_addmem(out, utf8, utf8_put(utf8, (unsigned char)s.p[i]));
    return true;
}

bool evtx_value(struct sbuf *out, uint8_t type, struct str bytes)
{
    static const struct {
        size_t size; /* 0: any */
        bool (*put)(struct sbuf *out, struct str s);
    } types[] = {
        [0x01] = {0, put_text},     [0x02] = {0, put_narrow},   [0x03] = {1, put_signed},
        [0x04] = {1, put_unsigned}, [0x05] = {2, put_signed},   [0x06] = {2, put_unsigned},
        [0x07] = {4, put_signed},   [0x08] = {4, put_unsigned}, [0x09] = {8, put_signed},
        [0x0a] = {8, put_unsigned}, [0x0b] = {4, put_float},    [0x0c] = {8, put_double},
        [0x0d] = {4, put_bool},     [0x0e] = {0, put_binary},   [0x0f] = {16, put_guid},
        [0x10] = {0, put_hex},      [0x11] = {8, put_filetime}, [0x12] = {16, put_systemtime},
        [0x13] = {0, put_sid},      [0x14] = {4, put_hex},      [0x15] = {8, put_hex},
    };
    if (type == 0)
        return bytes.n == 0;
    if (type >= COUNTOF(types) || types[type].put == NULL ||
        (types[type].size != 0 && bytes.n != types[type].size) ||
        (type == 0x10 && bytes.n != 4 && bytes.n != 8))
        return false;
    return types[type].put(out, bytes);
}
