/* Is the secret key file the one that the store was made with? All nodes need the same. */
#ifndef KASSA_SERVICE_KEY_CHECK_H
#define KASSA_SERVICE_KEY_CHECK_H

#include "service/service.h"

/* ERR_CONFIG with a text in `why`: what other programs sealed in this store can't be opened with this file. With `mark` a box for
 * those that come later is left there, sealed by the file's first key, so that an old file is refused once a newer one was used. */
enum err key_check(struct service *s, bool mark, struct buf *why) must_check;

#endif
