/* Services and wallets are data: one table (catalog.def) of services with currency and payer's wallet codes. */
#ifndef KASSA_CORE_CATALOG_H
#define KASSA_CORE_CATALOG_H

#include "base/err.h"
#include "base/str.h"

enum wallet_kind { WALLET_BKASH, WALLET_NAGAD, WALLET_ROCKET, WALLET_COUNT };

struct catalog_service {
    const char *name;     /* payment_card_bdt_hpp */
    const char *currency; /* BDT */
    bool wallets[WALLET_COUNT];
};

/* NULL when unknown. */
const struct catalog_service *catalog_service_find(struct str name);
const struct catalog_service *catalog_service_at(size_t i); /* NULL behind the last */
/* "bkash", "nagad", "rocket"; ERR_SYNTAX. */
enum err wallet_kind_parse(struct str code, enum wallet_kind *ret) must_check;
const char *wallet_kind_code(enum wallet_kind w);
/* "bKash", "Nagad", "Rocket" */
const char *wallet_kind_name(enum wallet_kind w);

#endif
