/* Who sent an SMS, by the sender id that the phone reports. Private to core/sms*.c. */
#ifndef KASSA_CORE_SMS_SENDER_H
#define KASSA_CORE_SMS_SENDER_H

#include "core/sms.h"

/* SMS_FINE and the wallet, or why it is none's: SMS_SENDER_UNKNOWN, SMS_SENDER_LOOKALIKE. */
enum sms_why sms_sender_find(struct str sender, enum wallet_kind *ret) must_check;

#endif
