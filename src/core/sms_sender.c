#include "core/sms_sender.h"

#include "base/mem.h"
#include "base/text.h"

#define SENDER_MAX 64 /* bytes of an id that is looked at */
/* Longer ones that hold a short code are people's numbers. */
#define SHORT_CODE_LIKE_MAX 9

/* doc/sms.md, "Who is heard". Whole, and in any case. */
static const struct {
    enum wallet_kind wallet;
    struct str id;
    bool short_code;
} senders[] = {
    {.wallet = WALLET_BKASH, .id = {"bKash", 5}, .short_code = false},
    {.wallet = WALLET_NAGAD, .id = {"NAGAD", 5}, .short_code = false},
    {.wallet = WALLET_ROCKET, .id = {"16216", 5}, .short_code = true},
};

/* Letters and digits that are drawn alike become one; the rest falls away. */
static size_t skeleton(struct str s, char out[SENDER_MAX])
{
    static const char alike[][2] = {
        {'0', 'O'}, {'1', 'I'}, {'L', 'I'}, {'5', 'S'}, {'4', 'A'}, {'8', 'B'}, {'6', 'G'}};
    size_t n = 0;
    for (size_t i = 0; i < s.n;) {
        int c = trxid_fold(utf8_next(s, &i));
        for (size_t k = 0; k < array_len(alike); k++)
            c = c == alike[k][0] ? alike[k][1] : c;
        if (c > 0)
            out[n++] = (char)c;
    }
    return n;
}

static bool holds(const char *s, size_t n, const char *part, size_t part_n)
{
    for (size_t i = 0; i + part_n <= n; i++)
        if (memcmp(s + i, part, part_n) == 0)
            return true;
    return false;
}

static bool resembles(struct str sender, struct str id, bool short_code)
{
    char a[SENDER_MAX], b[SENDER_MAX];
    size_t n = skeleton(sender, a), id_n = skeleton(id, b);
    return holds(a, n, b, id_n) && !(short_code && n > SHORT_CODE_LIKE_MAX);
}

enum sms_why sms_sender_find(struct str sender, enum wallet_kind *ret)
{
    if (sender.n > SENDER_MAX)
        return SMS_SENDER_UNKNOWN;
    for (size_t i = 0; i < array_len(senders); i++) {
        if (str_ieq(sender, senders[i].id)) {
            *ret = senders[i].wallet;
            return SMS_FINE;
        }
    }
    for (size_t i = 0; i < array_len(senders); i++)
        if (resembles(sender, senders[i].id, senders[i].short_code))
            return SMS_SENDER_LOOKALIKE;
    return SMS_SENDER_UNKNOWN;
}
