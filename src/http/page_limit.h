/* How often a key (an address, a payment) came in a minute, in a table of fixed size: when it is full, the key that began its
 * minute first is forgotten. Thread-safe. */
#ifndef KASSA_HTTP_PAGE_LIMIT_H
#define KASSA_HTTP_PAGE_LIMIT_H

#include "base/str.h"
#include <stdint.h>

#define PAGE_LIMIT_KEY_LEN 16

struct page_limit;

struct page_limit *page_limit_new(int64_t per_minute);
void page_limit_free(struct page_limit *l);
/* Counts one more; false when that is one too many in the minute that the key's first one began. */
bool page_limit_take(struct page_limit *l, const uint8_t key[PAGE_LIMIT_KEY_LEN], int64_t now_ms);
/* The key of a client's address: an IPv4 address, or the /64 of an IPv6 one, which is one customer's. */
void page_limit_address_key(struct str ip, uint8_t ret_key[PAGE_LIMIT_KEY_LEN]);

#endif
