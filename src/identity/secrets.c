/* Keys and secrets: random, compared in constant time, kept as hashes. */
#include "base/ids.h"
#include "identity/identity_priv.h"
#include "text/base64.h"
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

static bool read_key(int fd, const char *file, uint8_t out[KEY_BYTES], struct err *e)
{
    uint8_t more = 0;
    ssize_t n = read(fd, out, KEY_BYTES);
    if (n < 0)
        return err_errno(e, "can't read the token key", file);
    if (n != KEY_BYTES || read(fd, &more, 1) != 0)
        return err_set(e, ERR_INVALID,
                       "%s: %d bytes expected; remove the file to get a new key (all tokens end)",
                       file, KEY_BYTES);
    return true;
}

static bool make_key(const char *file, uint8_t out[KEY_BYTES], struct err *e)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, "can't make the token key", file);
    random_bytes(out, KEY_BYTES);
    bool ok = write(fd, out, KEY_BYTES) == KEY_BYTES && fsync(fd) == 0;
    if (!ok)
        err_errno(e, "can't write the token key", file);
    ok = close(fd) == 0 && ok;
    if (!ok)
        (void)unlink(file);
    return ok;
}

bool key_load(const char *file, uint8_t out[KEY_BYTES], struct err *e)
{
    if (file == NULL) {
        random_bytes(out, KEY_BYTES);
        return true;
    }
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? make_key(file, out, e)
                               : err_errno(e, "can't open the token key", file);
    bool ok = read_key(fd, file, out, e);
    (void)close(fd);
    return ok;
}

void secret_new(char out[IDENTITY_SECRET_CHARS + 1])
{
    uint8_t raw[32];
    random_bytes(raw, sizeof(raw));
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(128);
    base64_encode(BASE64_URL, (struct str){(const char *)raw, sizeof(raw)}, &b);
    CHECK(b.n == IDENTITY_SECRET_CHARS);
    memcpy(out, b.p, b.n);
    out[b.n] = '\0';
    sodium_memzero(raw, sizeof(raw));
    sodium_memzero(b.p, b.n);
}

struct str secret_hash(struct arena *a, struct str secret)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    CHECK(crypto_hash_sha256(hash, (const unsigned char *)secret.p, secret.n) == 0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(128);
    hex_encode((struct str){(const char *)hash, sizeof(hash)}, &b);
    return arena_str(a, sbuf_str(&b));
}

bool secret_equal(struct str x, struct str y)
{
    return x.n == y.n && sodium_memcmp(x.p, y.p, x.n) == 0;
}

/* A key of 32 bytes for one purpose. */
static void derived_key(const struct identity *id, const char *purpose, uint8_t out[KEY_BYTES])
{
    _Static_assert(crypto_auth_hmacsha256_BYTES == KEY_BYTES, "a key for HMAC and secretbox");
    CHECK(crypto_auth_hmacsha256(out, (const unsigned char *)purpose, strlen(purpose), id->key) ==
          0);
}

struct str secret_mark(const struct identity *id, struct arena *a, const char *purpose,
                       struct str text)
{
    uint8_t key[KEY_BYTES], raw[crypto_auth_hmacsha256_BYTES];
    derived_key(id, purpose, key);
    CHECK(crypto_auth_hmacsha256(raw, (const unsigned char *)text.p, text.n, key) == 0);
    sodium_memzero(key, sizeof(key));
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(128);
    hex_encode((struct str){(const char *)raw, sizeof(raw)}, &b);
    return arena_str(a, sbuf_str(&b));
}

static const char sealing[] = "sealed secrets";

struct str secret_seal(const struct identity *id, struct arena *a, struct str plain)
{
    size_t n = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plain.n;
    uint8_t key[KEY_BYTES], *box = arena_alloc(a, n);
    derived_key(id, sealing, key);
    random_bytes(box, crypto_secretbox_NONCEBYTES);
    CHECK(crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, (const unsigned char *)plain.p,
                                plain.n, box, key) == 0);
    sodium_memzero(key, sizeof(key));
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    hex_encode((struct str){(const char *)box, n}, &b);
    return arena_str(a, sbuf_str(&b));
}

bool secret_open(const struct identity *id, struct arena *a, struct str sealed, struct str *out)
{
    const size_t head = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
    uint8_t key[KEY_BYTES];
    AUTO(sbuf_fini) struct sbuf box = sbuf_make(1 << 16);
    if (!hex_decode(sealed, &box) || box.n < head)
        return false;
    uint8_t *plain = arena_alloc(a, box.n - head + 1);
    derived_key(id, sealing, key);
    bool ok = crypto_secretbox_open_easy(
                  plain, (const unsigned char *)box.p + crypto_secretbox_NONCEBYTES,
                  box.n - crypto_secretbox_NONCEBYTES, (const unsigned char *)box.p, key) == 0;
    sodium_memzero(key, sizeof(key));
    *out = (struct str){(const char *)plain, box.n - head};
    return ok;
}
