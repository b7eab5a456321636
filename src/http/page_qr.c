#include "http/page_qr.h"

#include <qrencode.h>
#include <string.h>

#define TEXT_MAX 384
#define QUIET 4 /* the border that readers need */

/* One rectangle for each run of dark squares in a row. */
static void row_add(struct buf *out, const unsigned char *row, int width, int y)
{
    for (int x = 0; x < width;) {
        int from = x;
        while (x < width && (row[x] & 1))
            x++;
        if (x > from)
            buf_printf(out, "M%d %dh%dv1h-%dz", from + QUIET, y + QUIET, x - from, x - from);
        else
            x++;
    }
}

bool page_qr_path(struct str text, struct buf *out, int *ret_size)
{
    unsigned char bytes[TEXT_MAX];
    if (str_absent(text) || text.n == 0 || text.n > sizeof(bytes))
        return false;
    memcpy(bytes, text.p, text.n);
    QRcode *code = QRcode_encodeData((int)text.n, bytes, 0, QR_ECLEVEL_M);
    if (!code)
        return false;
    for (int y = 0; y < code->width; y++)
        row_add(out, code->data + (ptrdiff_t)y * code->width, code->width, y);
    *ret_size = code->width + 2 * QUIET;
    QRcode_free(code);
    return buf_ok(out);
}
