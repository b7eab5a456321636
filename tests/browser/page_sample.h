/* Payments as the page shows them, for tests of the page alone. */
#ifndef KASSA_TESTS_PAGE_SAMPLE_H
#define KASSA_TESTS_PAGE_SAMPLE_H

#include "http/page_render.h"

#define SAMPLE_UUID "0d9f2a51-6c1e-4b7a-9c34-1f2e8d7b6a50"
#define SAMPLE_WALLET_URL                                                                          \
    "https://wallet.example/?paymentId=TR0011x1720518383420&hash=a%2Bb&mode=0011"

static inline struct page_view page_sample(enum page_stage stage)
{
    struct page_view v = {
        .payment =
            {
                .id = 100000001,
                .uuid = STR(SAMPLE_UUID),
                .order_id = STR("INV-2041"),
                .amount = money_poisha(12345600),
                .currency = STR("BDT"),
                .wallet = WALLET_BKASH,
                .version = 3,
                .attempts = 1,
                .success_url = STR("https://shop.example/thanks?lang=bn"),
                .fail_url = STR("https://shop.example/failed"),
                .desc = STR("Cotton saree, two pieces"),
                .language = STR_ABSENT,
            },
        .stage = stage,
        .wallet_healthy = true,
        .seconds_left = 3452,
        .merchant_name = STR("Dhaka Handloom"),
        .account_uuid = STR("5b0c0b7e-31f7-4c5e-8d43-3f0a9d2f7e11"),
    };
    if (stage == PAGE_CONFIRMING)
        v.payment.state = PAYMENT_EXECUTING;
    if (stage == PAGE_AT_WALLET)
        v.wallet_url = STR(SAMPLE_WALLET_URL);
    if (stage == PAGE_PAID) {
        v.payment.paid = v.payment.amount;
        v.payment.payer_mask = STR("017******23");
    }
    if (page_stage_is_final(stage)) {
        v.seconds_left = 0;
        v.return_url = stage == PAGE_PAID ? v.payment.success_url : v.payment.fail_url;
        v.return_sign = STR("c2lnbmF0dXJlLW9mLXRoZS1yZXR1cm4=");
    }
    return v;
}

#endif
