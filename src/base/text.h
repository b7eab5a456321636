/* Texts and their encodings: UTF-8, base64, hex, percent, uuid, integers. Pure functions, any thread. */
#ifndef KASSA_BASE_TEXT_H
#define KASSA_BASE_TEXT_H

#include "base/buf.h"

/* Strict UTF-8: no overlong forms, surrogates or values above U+10FFFF. NUL is valid here. */
bool utf8_valid(struct str s);
/* Characters of a valid text. */
size_t utf8_len(struct str s);
/* Decodes the character at *i of a valid text and moves *i behind it. */
uint32_t utf8_next(struct str s, size_t *i);
/* The longest prefix of valid `s` with at most `chars` characters. */
struct str utf8_prefix(struct str s, size_t chars);
void utf8_add(struct buf *b, uint32_t cp);
/* Unicode white space, U+200B, U+200E, U+FEFF: what receivers that trim take away. */
bool text_is_trimmable(uint32_t cp);
struct str text_trim(struct str s);
/* True when the first or last character is trimmable. */
bool text_has_outer_space(struct str s);

/* Strict padded base64 on one line (RFC 4648, canonical trailing bits). ERR_SYNTAX; ERR_LIMIT if over `cap`. */
enum err base64_decode(struct str s, uint8_t *out, size_t cap, size_t *ret_n) must_check;
void base64_encode(struct buf *b, const void *p, size_t n);

void hex_encode(struct buf *b, const void *p, size_t n);
enum err hex_decode(struct str s, uint8_t *out, size_t n_wanted) must_check;

/* Percent-encodes all but A-Z a-z 0-9 - . _ ~ ; blanks become %20. */
void percent_encode(struct buf *b, struct str s);
/* Decodes %XX, and + as a blank when `form`. ERR_SYNTAX on a bad escape. */
enum err percent_decode(struct buf *b, struct str s, bool form) must_check;
/* The value of `key` in an application/x-www-form-urlencoded text (a query or a body), decoded into `b`.
 * ERR_NO_ROW when absent, ERR_DUPLICATE when there twice, ERR_SYNTAX. */
enum err form_get(struct str form, struct str key, struct buf *b) must_check;

/* Escapes & < > " ' for HTML text and quoted attributes. */
void html_escape(struct buf *b, struct str s);

#define UUID_LEN 36
/* Lower-case text of 16 bytes, NUL-ended. */
void uuid_format(const uint8_t raw[16], char out[UUID_LEN + 1]);
/* Any case. ERR_SYNTAX. */
enum err uuid_parse(struct str s, uint8_t out[16]) must_check;

/* Decimal, optional '-', no leading zeros, no blanks, whole text. ERR_SYNTAX, ERR_RANGE. */
enum err int64_parse(struct str s, int64_t *ret) must_check;

/* Compares in a time that depends on n only. */
bool mem_eq_const_time(const void *a, const void *b, size_t n);

/* Keeps the first 3 and last 2 characters of a phone or wallet number and stars the rest ("017******23");
 * a text of under 8 characters is all stars. */
void text_mask_number(struct buf *b, struct str s);

#endif
