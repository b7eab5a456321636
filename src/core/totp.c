#include "core/totp.h"

#include "base/crypto.h"
#include "base/text.h"

#define STEP_MS INT64_C(30000)

void totp_secret_text(const uint8_t secret[TOTP_SECRET_LEN], char out[TOTP_TEXT_LEN + 1])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    int have = 0;
    size_t n = 0;
    for (size_t i = 0; i < TOTP_SECRET_LEN; i++) {
        bits = bits << 8 | secret[i];
        for (have += 8; have >= 5; have -= 5)
            out[n++] = digits[bits >> (have - 5) & 31];
    }
    out[n] = '\0';
}

int64_t totp_step(int64_t at_ms)
{
    return at_ms / STEP_MS;
}

void totp_code(const uint8_t secret[TOTP_SECRET_LEN], int64_t step, char out[TOTP_CODE_LEN + 1])
{
    uint8_t counter[8], mac[SHA1_LEN];
    for (size_t i = 0; i < sizeof(counter); i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    hmac_sha1((struct str){(const char *)secret, TOTP_SECRET_LEN},
        (struct str){(const char *)counter, sizeof(counter)}, mac);
    size_t at = mac[SHA1_LEN - 1] & 15;
    uint32_t n = (uint32_t)(mac[at] & 127) << 24 | (uint32_t)mac[at + 1] << 16 |
                 (uint32_t)mac[at + 2] << 8 | mac[at + 3];
    for (size_t i = TOTP_CODE_LEN; i-- > 0; n /= 10)
        out[i] = (char)('0' + n % 10);
    out[TOTP_CODE_LEN] = '\0';
}

enum err totp_check(const uint8_t secret[TOTP_SECRET_LEN], struct str code, int64_t now_ms,
    int64_t used, int64_t *ret_step)
{
    char typed[TOTP_CODE_LEN], want[TOTP_CODE_LEN + 1];
    size_t n = 0;
    for (size_t i = 0; i < code.n; i++) {
        if (code.p[i] == ' ')
            continue;
        if (n == TOTP_CODE_LEN)
            return ERR_UNAUTHORIZED;
        typed[n++] = code.p[i];
    }
    if (n != TOTP_CODE_LEN)
        return ERR_UNAUTHORIZED;
    int64_t found = -1;
    for (int64_t step = totp_step(now_ms) - 1; step <= totp_step(now_ms) + 1; step++) {
        totp_code(secret, step, want);
        if (mem_eq_const_time(typed, want, TOTP_CODE_LEN) && step > used && found < 0)
            found = step;
    }
    if (found < 0)
        return ERR_UNAUTHORIZED;
    *ret_step = found;
    return ERR_OK;
}
