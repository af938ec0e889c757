/* Passwords: which are taken (NIST SP 800-63B-4, section 3.1.1.2: length and a list of the
 * commonest, no rules of composition), and Argon2id hashes of them (RFC 9106, by libsodium). */
#include "base/ids.h"
#include "identity/identity_priv.h"
#include "identity/users.h"
#include <sodium.h>

/* ---- which are taken ---- */

/* What is left of a password when all but its letters is taken away, in lower case: one that is
 * nothing else than such a word with digits and signs is among the first that are tried. Those that
 * are too short anyway are not here, nor is what repeats itself. */
static const char *const common[] = {
    "abc",
    "abcd",
    "abcde",
    "access",
    "adgjmptw",
    "admin",
    "administrator",
    "asdf",
    "asdfasdf",
    "asdfgh",
    "asdfghjkl",
    "azerty",
    "azertyuiop",
    "baseball",
    "batman",
    "changeme",
    "changemenow",
    "charlie",
    "company",
    "computer",
    "correcthorsebatterystaple",
    "dragon",
    "football",
    "freedom",
    "google",
    "hello",
    "helloworld",
    "iloveyou",
    "internet",
    "letmein",
    "letmeinnow",
    "login",
    "master",
    "michael",
    "microsoft",
    "monkey",
    "mypassword",
    "mustang",
    "myspace",
    "newpassword",
    "ninja",
    "nopassword",
    "onetwothreefour",
    "operator",
    "opensesame",
    "passphrase",
    "passw",
    "passwd",
    "password",
    "passwordpassword",
    "passwort",
    "princess",
    "pwd",
    "qaz",
    "qazwsx",
    "qazwsxedc",
    "qwe",
    "qweasd",
    "qweasdzxc",
    "qwer",
    "qwerasdf",
    "qwert",
    "qwertz",
    "qwertzuiop",
    "qwerty",
    "qwertyuiop",
    "qwertyuiopasdfghjkl",
    "root",
    "samsung",
    "secret",
    "secretpassword",
    "security",
    "sentinel",
    "shadow",
    "siem",
    "soccer",
    "spring",
    "starwars",
    "summer",
    "sunshine",
    "superman",
    "superuser",
    "system",
    "test",
    "testing",
    "testpassword",
    "thisismypassword",
    "trustno",
    "user",
    "vedette",
    "welcome",
    "welcomehome",
    "whatever",
    "winter",
    "autumn",
    "zxcvbn",
    "zxcvbnm",
};

static char lower_ascii(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The usual signs for letters count as these. */
static char letter_of(char c)
{
    static const char signs[][2] = {{'@', 'a'}, {'4', 'a'}, {'3', 'e'}, {'1', 'i'}, {'!', 'i'},
                                    {'0', 'o'}, {'$', 's'}, {'5', 's'}, {'7', 't'}};
    for (size_t i = 0; i < COUNTOF(signs); i++)
        if (signs[i][0] == c)
            return signs[i][1];
    return lower_ascii(c);
}

static bool is_word(struct str s)
{
    for (size_t i = 0; i < COUNTOF(common); i++)
        if (str_ieqz(s, common[i]))
            return true;
    return false;
}

static bool is_common(struct arena *a, struct str password)
{
    struct str letters = {arena_alloc(a, password.n + 1), 0},
               leet = {arena_alloc(a, password.n + 1), 0};
    char *plain = arena_alloc(a, password.n + 1), *read = arena_alloc(a, password.n + 1);
    size_t end = password.n;
    while (end > 0 &&
           !(lower_ascii(password.p[end - 1]) >= 'a' && lower_ascii(password.p[end - 1]) <= 'z'))
        end--;
    for (size_t i = 0; i < password.n; i++) {
        char c = lower_ascii(password.p[i]), l = letter_of(password.p[i]);
        if (c >= 'a' && c <= 'z')
            plain[letters.n++] = c;
        else if ((unsigned char)c >= 0x80)
            return false; /* a letter of another script */
        if (i < end && l >= 'a' && l <= 'z')
            read[leet.n++] = l;
    }
    letters.p = plain;
    leet.p = read;
    return is_word(letters) || is_word(leet);
}

/* One piece of up to four bytes over and over, or each byte one more (or less) than that before. */
static bool is_monotonous(struct str s)
{
    for (size_t period = 1; period <= 4; period++) {
        size_t i = period;
        while (i < s.n && s.p[i] == s.p[i - period])
            i++;
        if (i == s.n)
            return true;
    }
    for (int step = -1; step <= 1; step += 2) {
        size_t i = 1;
        /* After 9 comes 0, and the other way round. */
        while (i < s.n &&
               (s.p[i] == s.p[i - 1] + step || (step == 1 && s.p[i - 1] == '9' && s.p[i] == '0') ||
                (step == -1 && s.p[i - 1] == '0' && s.p[i] == '9')))
            i++;
        if (i == s.n)
            return true;
    }
    return false;
}

static bool holds_name(struct arena *a, struct str password, struct str name)
{
    char *p = arena_strz(a, password), *n = arena_strz(a, name);
    size_t at = 0;
    for (size_t i = 0; i < password.n; i++)
        p[i] = lower_ascii(p[i]);
    for (size_t i = 0; i < name.n; i++)
        n[i] = lower_ascii(n[i]);
    return name.n >= 3 && str_find((struct str){p, password.n}, (struct str){n, name.n}, &at);
}

static size_t characters(struct str s)
{
    size_t n = 0;
    for (const char *p = s.p, *end = s.p + s.n; p < end; n++)
        (void)utf8_next(&p, end);
    return n;
}

bool identity_password_check(struct arena *a, struct str password, struct str name,
                             struct str email, struct err *e)
{
    size_t n = password.n <= 4 * IDENTITY_PASSWORD_MAX ? characters(password) : SIZE_MAX, at = 0;
    struct str mailbox = str_find(email, STR("@"), &at) ? str_sub(email, 0, at) : email;
    if (n < IDENTITY_PASSWORD_MIN || n > IDENTITY_PASSWORD_MAX)
        return err_set(e, ERR_INVALID, "password: %d to %d characters expected",
                       IDENTITY_PASSWORD_MIN, IDENTITY_PASSWORD_MAX);
    if (!utf8_valid(password, &at) || memchr(password.p, '\0', password.n) != NULL)
        return err_set(e, ERR_INVALID, "password: text in UTF-8 expected");
    if (holds_name(a, password, name) || holds_name(a, password, mailbox))
        return err_set(e, ERR_INVALID, "password: it holds the name of its user");
    if (is_common(a, password) || is_monotonous(password))
        return err_set(e, ERR_INVALID,
                       "password: it is one of the first that anybody would try; take some words "
                       "that have nothing to do with each other");
    return true;
}

/* ---- hashes ---- */

bool password_hash(const struct identity *id, struct arena *a, struct str password, struct str *out,
                   struct err *e)
{
    char text[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str(text, password.p, password.n, id->people.password_passes,
                          id->people.password_memory) != 0)
        return err_set(e, ERR_INTERNAL, "There is not enough memory to hash a password.");
    *out = arena_str(a, str_from(text));
    return true;
}

/* A hash of nothing that costs as much to compare with as a real one. */
static struct str nobody(const struct identity *id, struct arena *a)
{
    return arena_fmt(a,
                     "$argon2id$v=19$m=%zu,t=%u,p=1$dmVkZXR0ZSBub2JvZHkgIQ"
                     "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                     id->people.password_memory / 1024, id->people.password_passes);
}

bool password_matches(const struct identity *id, struct arena *a, struct str password,
                      struct str hash)
{
    char *text = arena_strz(a, hash.n > 0 ? hash : nobody(id, a));
    bool same =
        crypto_pwhash_str_verify(text, password.p != NULL ? password.p : "", password.n) == 0;
    return same && hash.n > 0;
}

bool password_is_outdated(const struct identity *id, struct arena *a, struct str hash)
{
    return crypto_pwhash_str_needs_rehash(arena_strz(a, hash), id->people.password_passes,
                                          id->people.password_memory) != 0;
}

struct str password_new(struct arena *a)
{
    enum { GROUPS = 4, LETTERS = 5 };
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t raw[GROUPS * LETTERS];
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(128);
    random_bytes(raw, sizeof(raw));
    for (size_t i = 0; i < sizeof(raw); i++) {
        if (i > 0 && i % LETTERS == 0)
            sbuf_addc(&b, '-');
        sbuf_addc(&b, alphabet[raw[i] % 32]);
    }
    struct str made = arena_str(a, sbuf_str(&b));
    sodium_memzero(raw, sizeof(raw));
    sodium_memzero(b.p, b.n);
    return made;
}
