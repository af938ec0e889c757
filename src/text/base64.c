/* Base64 and hex: strict readers, so that two texts never mean the same bytes by accident. */
#include "text/base64.h"

static const char *alphabet(enum base64_kind kind)
{
    return kind == BASE64_STD ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
                              : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
}

void base64_encode(enum base64_kind kind, struct str bytes, struct sbuf *out)
{
    const char *letters = alphabet(kind);
    for (size_t i = 0; i < bytes.n; i += 3) {
        struct str part = str_sub(bytes, i, 3);
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++)
            v = v << 8 | (k < part.n ? (unsigned char)part.p[k] : 0U);
        char four[4];
        for (size_t k = 0; k < 4; k++)
            four[k] = k <= part.n ? letters[v >> (18 - 6 * k) & 63U] : '=';
        sbuf_addmem(out, four, kind == BASE64_STD ? 4 : part.n + 1);
    }
}

static int letter_value(enum base64_kind kind, char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    const char *letters = alphabet(kind);
    if (c == letters[62])
        return 62;
    return c == letters[63] ? 63 : -1;
}

/* Takes the padding off; false when there is padding of the wrong length. */
static bool drop_padding(struct str *text)
{
    size_t n = text->n;
    while (text->n > 0 && n - text->n < 2 && text->p[text->n - 1] == '=')
        text->n--;
    return n == text->n || n % 4 == 0;
}

bool base64_decode(enum base64_kind kind, struct str text, struct sbuf *out)
{
    size_t before = out->n;
    if (!drop_padding(&text) || text.n % 4 == 1)
        return false;
    uint32_t bits = 0;
    unsigned n_bits = 0;
    for (size_t i = 0; i < text.n; i++) {
        int v = letter_value(kind, text.p[i]);
        if (v < 0) {
            out->n = before;
            return false;
        }
        bits = (bits << 6 | (uint32_t)v) & 0xFFFFU;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            sbuf_addc(out, (char)(bits >> n_bits & 0xFFU));
        }
    }
    bool clean = (bits & ((1U << n_bits) - 1)) == 0;
    if (!clean)
        out->n = before;
    return clean;
}

void hex_encode(struct str bytes, struct sbuf *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.p[i];
        sbuf_addmem(out, (char[]){digits[c >> 4], digits[c & 15U]}, 2);
    }
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char l = (char)(c | 0x20);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

bool hex_decode(struct str text, struct sbuf *out)
{
    size_t before = out->n;
    if (text.n % 2 != 0)
        return false;
    for (size_t i = 0; i < text.n; i += 2) {
        int high = digit_value(text.p[i]);
        int low = digit_value(text.p[i + 1]);
        if (high < 0 || low < 0) {
            out->n = before;
            return false;
        }
        sbuf_addc(out, (char)(high * 16 + low));
    }
    return true;
}
