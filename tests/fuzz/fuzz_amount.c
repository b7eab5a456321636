/* An accepted amount is in range, is the same when formatted and read again, and a wallet's grammar reads it alike. */
#include "base/money.h"
#include "fuzz.h"

static void check_formatted(struct money m)
{
    struct buf text;
    struct money again = MONEY_ZERO;
    buf_init(&text, 64);
    money_format(&text, m, 2);
    FUZZ_CHECK(buf_ok(&text));
    FUZZ_CHECK(money_parse_amount(buf_view(&text), &again) == ERR_OK && money_eq(m, again));
    buf_reset(&text);
    money_format(&text, m, 9);
    FUZZ_CHECK(money_parse_wallet(buf_view(&text), &again) == ERR_OK && money_eq(m, again));
    buf_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = fuzz_text(data, size);
    struct money m = money_poisha(-7), wallet = money_poisha(-7);
    enum err err = money_parse_amount(text, &m);
    enum err wallet_err = money_parse_wallet(text, &wallet);
    if (err == ERR_OK) {
        FUZZ_CHECK(m.poisha > 0 && m.poisha <= MONEY_API_MAX_POISHA);
        FUZZ_CHECK(wallet_err == ERR_OK && money_eq(m, wallet));
        check_formatted(m);
    } else {
        FUZZ_CHECK(m.poisha == -7);
        FUZZ_CHECK(err == ERR_SYNTAX || err == ERR_RANGE);
    }
    if (wallet_err == ERR_OK) {
        FUZZ_CHECK(wallet.poisha >= 0);
    } else {
        FUZZ_CHECK(wallet.poisha == -7);
    }
    return 0;
}
