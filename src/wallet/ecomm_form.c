#include "base/mem.h"
#include "base/text.h"
#include "wallet/ecomm.h"

/* ERR_SYNTAX: no such name. */
static enum err value_find(const struct ecomm_values *v, struct str name, struct str *ret)
{
    const struct {
        const char *name;
        struct str value;
    } all[] = {
        {"amount", v->amount},
        {"taka", v->taka},
        {"invoice", v->invoice},
        {"ip", v->ip},
        {"trans_id", v->trans_id},
    };
    for (size_t i = 0; i < array_len(all); i++) {
        if (str_is(name, all[i].name)) {
            *ret = all[i].value;
            return ERR_OK;
        }
    }
    return ERR_SYNTAX;
}

enum err ecomm_write(struct buf *b, struct str template, const struct ecomm_values *v)
{
    for (size_t i = 0; i < template.n;) {
        size_t open = str_find(template, '{', i), close = str_find(template, '}', i);
        struct str value = STR_ABSENT;
        if (close < open)
            return ERR_SYNTAX;
        buf_str(b, str_sub(template, i, open));
        if (open == template.n)
            return ERR_OK;
        if (close == template.n ||
            value_find(v, str_sub(template, open + 1, close), &value) != ERR_OK)
            return ERR_SYNTAX;
        percent_encode(b, value);
        i = close + 1;
    }
    return ERR_OK;
}
