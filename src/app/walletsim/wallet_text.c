#include "base/crypto.h"
#include "base/log.h"
#include "base/text.h"
#include "sim.h"
#include <stdio.h>

static const char BASE36[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/* The year whose TrxIDs begin with 0. */
#define TRX_YEAR_BASE 2013

void wallet_time_format(int64_t at_ms, char out[WALLET_TIME_LEN + 1])
{
    char day_time[20];
    dhaka_time_format(at_ms, day_time);
    day_time[10] = '\0';
    snprintf(out, WALLET_TIME_LEN + 1, "%.10sT%.8s:%03d GMT+0600", day_time, day_time + 11,
        (int)(((at_ms % 1000) + 1000) % 1000));
}

void wallet_amount_format(struct buf *b, struct money m)
{
    buf_int(b, m.poisha / 100);
    int part = (int)(m.poisha % 100);
    if (part % 10)
        buf_printf(b, ".%02d", part);
    else if (part)
        buf_printf(b, ".%d", part / 10);
}

void random_text(char *out, size_t n, const char *alphabet)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const char *from = alphabet ? alphabet : all;
    size_t letters = strlen(from);
    /* Whole rounds of the alphabet only, so that no letter is likelier. */
    unsigned limit = (unsigned)(256 / letters * letters);
    for (size_t i = 0; i < n;) {
        unsigned char c;
        random_bytes(&c, 1);
        if (c < limit)
            out[i++] = from[c % letters];
    }
    out[n] = '\0';
}

void trx_id_make(int64_t at_ms, char out[TRX_ID_LEN + 1])
{
    char day_time[20];
    int64_t year = 0, month = 0, day = 0;
    dhaka_time_format(at_ms, day_time);
    struct str month_text = {day_time + 5 + (day_time[5] == '0'), day_time[5] == '0' ? 1 : 2};
    struct str day_text = {day_time + 8 + (day_time[8] == '0'), day_time[8] == '0' ? 1 : 2};
    enum err e = int64_parse((struct str){day_time, 4}, &year);
    e = e == ERR_OK ? int64_parse(month_text, &month) : e;
    e = e == ERR_OK ? int64_parse(day_text, &day) : e;
    ensure(e == ERR_OK, "a date is made of numbers");
    out[0] = BASE36[(year - TRX_YEAR_BASE + 36) % 36];
    out[1] = BASE36[9 + month];
    out[2] = BASE36[day];
    random_text(out + 3, TRX_ID_LEN - 3, BASE36);
}
