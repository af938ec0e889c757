#include "text/unicode.h"

/* Ranges whose capitals fold by adding delta; step 2: capitals and small letters alternate,
 * capitals first. */
static const struct fold_range {
    uint32_t from, to;
    int32_t delta;
    uint32_t step;
} folds[] = {
    {0x41, 0x5A, 32, 1},       {0xC0, 0xD6, 32, 1},     {0xD8, 0xDE, 32, 1},
    {0x100, 0x12E, 1, 2},      {0x132, 0x136, 1, 2},    {0x139, 0x147, 1, 2},
    {0x14A, 0x176, 1, 2},      {0x178, 0x178, -121, 1}, {0x179, 0x17D, 1, 2},
    {0x182, 0x184, 1, 2},      {0x1CD, 0x1DB, 1, 2},    {0x1DE, 0x1EE, 1, 2},
    {0x1F8, 0x21E, 1, 2},      {0x222, 0x232, 1, 2},    {0x386, 0x386, 38, 1},
    {0x388, 0x38A, 37, 1},     {0x38C, 0x38C, 64, 1},   {0x38E, 0x38F, 63, 1},
    {0x391, 0x3A1, 32, 1},     {0x3A3, 0x3AB, 32, 1},   {0x3C2, 0x3C2, 1, 1},
    {0x3D8, 0x3EE, 1, 2},      {0x400, 0x40F, 80, 1},   {0x410, 0x42F, 32, 1},
    {0x460, 0x480, 1, 2},      {0x48A, 0x4BE, 1, 2},    {0x4C0, 0x4C0, 15, 1},
    {0x4C1, 0x4CD, 1, 2},      {0x4D0, 0x52E, 1, 2},    {0x531, 0x556, 48, 1},
    {0x10A0, 0x10C5, 7264, 1}, {0x1E00, 0x1E94, 1, 2},  {0x1E9E, 0x1E9E, -7615, 1},
    {0x1EA0, 0x1EFE, 1, 2},    {0x2160, 0x216F, 16, 1}, {0x24B6, 0x24CF, 26, 1},
    {0x2C00, 0x2C2F, 48, 1},   {0xFF21, 0xFF3A, 32, 1}, {0x10400, 0x10427, 40, 1},
};

uint32_t uni_fold(uint32_t cp)
{
    if (cp < 0x80)
        return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
    for (size_t i = 1; i < COUNTOF(folds) && folds[i].from <= cp; i++) {
        if (cp <= folds[i].to && (cp - folds[i].from) % folds[i].step == 0)
            return (uint32_t)((int32_t)cp + folds[i].delta);
    }
    return cp;
}

/* Beyond ASCII: what is not a letter or digit. */
static const struct gap {
    uint32_t from, to;
} gaps[] = {
    {0x80, 0xA9},     {0xAB, 0xB1},       {0xB4, 0xB4},        {0xB6, 0xB8},     {0xBB, 0xBB},
    {0xBF, 0xBF},     {0xD7, 0xD7},       {0xF7, 0xF7},        {0x2C2, 0x2C5},   {0x2D2, 0x2DF},
    {0x300, 0x36F},   {0x37E, 0x37E},     {0x387, 0x387},      {0x55A, 0x55F},   {0x589, 0x58F},
    {0x5BE, 0x5BE},   {0x5C0, 0x5C0},     {0x60C, 0x60F},      {0x61B, 0x61F},   {0x66A, 0x66D},
    {0x6D4, 0x6D4},   {0x964, 0x965},     {0xE3F, 0xE3F},      {0x1680, 0x1680}, {0x2000, 0x206F},
    {0x207A, 0x207E}, {0x208A, 0x208E},   {0x20A0, 0x20CF},    {0x2100, 0x2101}, {0x2190, 0x245F},
    {0x2500, 0x2775}, {0x2794, 0x2BFF},   {0x2E00, 0x2E7F},    {0x3000, 0x3004}, {0x3008, 0x3020},
    {0x3030, 0x3030}, {0x303D, 0x303F},   {0x30FB, 0x30FB},    {0xD800, 0xF8FF}, {0xFE10, 0xFE6F},
    {0xFEFF, 0xFEFF}, {0xFF01, 0xFF0F},   {0xFF1A, 0xFF20},    {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65},
    {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF}, {0xE0000, 0x10FFFF},
};

bool uni_alnum(uint32_t cp)
{
    if (cp < 0x80)
        return (cp >= '0' && cp <= '9') || ((cp | 32) >= 'a' && (cp | 32) <= 'z');
    for (size_t i = 0; i < COUNTOF(gaps) && gaps[i].from <= cp; i++) {
        if (cp <= gaps[i].to)
            return false;
    }
    return true;
}

void uni_fold_text(struct str s, struct sbuf *out)
{
    const char *p = s.p, *end = s.p + s.n;
    while (p < end) {
        char u[4];
        sbuf_addmem(out, u, utf8_put(u, uni_fold(utf8_next(&p, end))));
    }
}

static bool has_capital(struct str s)
{
    unsigned caps = 0;
    for (size_t i = 0; i < s.n; i++)
        caps |= (unsigned)((unsigned char)s.p[i] - 'A') < 26u;
    return caps != 0;
}

struct str uni_folded(struct str s, struct sbuf *scratch)
{
    bool ascii = str_ascii(s);
    if (ascii && !has_capital(s))
        return s;
    sbuf_clear(scratch);
    if (!ascii) {
        uni_fold_text(s, scratch);
        return sbuf_str(scratch);
    }
    sbuf_add(scratch, s);
    struct str out = sbuf_str(scratch);
    for (size_t i = 0; i < out.n; i++) {
        unsigned char b = (unsigned char)scratch->p[i];
        scratch->p[i] = (char)(b + (((unsigned)(b - 'A') < 26u) ? 32 : 0));
    }
    return out;
}
