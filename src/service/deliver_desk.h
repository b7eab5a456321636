/* The tries from their lease to their end, and whose turn it is: those a signer takes next, those that wait in memory for a
 * host that is quick, and the shares of hosts and accounts. Any thread; times are
 * monotonic. */
#ifndef KASSA_SERVICE_DELIVER_DESK_H
#define KASSA_SERVICE_DELIVER_DESK_H

#include "service/deliver_try.h"

struct deliver_desk;

#define DELIVER_ROOM_MAX 64

/* `places`: tries under way at once. */
struct deliver_desk *deliver_desk_new(int places, int per_host);
/* When no try is left. */
void deliver_desk_free(struct deliver_desk *d);

/* How many more rows are worth a lease now, DELIVER_ROOM_MAX at most; 0 while signers and hosts have enough to do. */
int deliver_desk_room(struct deliver_desk *d);
/* A row that was just leased. False when this row's last try has not ended yet, because the clock was moved or the store is in
 * trouble: two at once could arrive after the payment's next notification. */
bool deliver_desk_add(struct deliver_desk *d, struct deliver_try *t);
/* Waits for a try that is to be read, or signed when it holds its host's place already. NULL once the desk is closed. */
struct deliver_try *deliver_desk_next(struct deliver_desk *d);
/* From now on no signer gets anything. */
void deliver_desk_close(struct deliver_desk *d);

/* Once the try's host is known. */
enum deliver_turn {
    DELIVER_NOW,   /* it holds its places: sign and send it */
    DELIVER_WAITS, /* the desk keeps it until a place is free, briefly */
    DELIVER_LATER  /* put it off */
};
enum deliver_turn deliver_desk_admit(struct deliver_desk *d, struct deliver_try *t, int64_t now_ms,
    int64_t *ret_later_ms) must_check;
/* The host has the notification or failed: its place is another's, also while the outcome is being recorded. */
void deliver_desk_give(struct deliver_desk *d, struct deliver_try *t, int64_t now_ms);
/* Forgets a try; it is the caller's to free. */
void deliver_desk_end(struct deliver_desk *d, struct deliver_try *t, int64_t now_ms);

/* One that has waited in vain, or, once the desk is closed, any that no signer took: to be put off, and ended. NULL: none. */
struct deliver_try *deliver_desk_left_over(struct deliver_desk *d, int64_t now_ms);

#endif
