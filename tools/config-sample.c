/* Prints the sample configuration: config-sample > doc/kassa.conf.sample */
#include "base/config.h"
#include <stdio.h>

int main(void)
{
    struct buf out;
    buf_init(&out, 1 << 20);
    config_sample(&out);
    bool ok = buf_ok(&out) && fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0;
    buf_clear(&out);
    return ok ? 0 : 1;
}
