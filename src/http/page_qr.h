/* A text as a QR code that needs neither script nor image. */
#ifndef KASSA_HTTP_PAGE_QR_H
#define KASSA_HTTP_PAGE_QR_H

#include "base/buf.h"

#define PAGE_QR_MAX ((size_t)16384)

/* Appends an SVG path of its dark squares, each one unit long, in a square of `ret_size` units, border included. False: the text is
 * too long or empty. */
bool page_qr_path(struct str text, struct buf *out, int *ret_size);

#endif
