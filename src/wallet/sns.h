/* Amazon SNS over HTTP, by which bKash tells of payments: the envelope, which of its bytes are signed, and which of the
 * addresses in it may be called at all. Pure; nothing here trusts the sender. */
#ifndef KASSA_WALLET_SNS_H
#define KASSA_WALLET_SNS_H

#include "base/arena.h"
#include "base/crypto.h"

/* SNS sends no more. */
#define SNS_BODY_MAX ((size_t)256 * 1024)
/* For one body and what is read of it. */
#define SNS_ARENA_MAX ((size_t)4 << 20)
#define SNS_ARN_MAX 400

enum sns_type { SNS_SUBSCRIPTION, SNS_NOTIFICATION, SNS_UNSUBSCRIPTION };

struct sns_message {
    enum sns_type type;
    struct str type_text, message_id, topic_arn, message, timestamp;
    struct str subject;              /* absent: none */
    struct str token, subscribe_url; /* of confirmations; else absent */
    struct str cert_url;
    enum rsa_digest digest; /* what the signature's version wants */
    struct str signature;   /* raw bytes */
};

/* Texts live in the arena or point into `body`. ERR_SYNTAX: no envelope of SNS; ERR_LIMIT: larger than one may be. */
enum err sns_parse(struct arena *a, struct str body, struct sns_message *ret) must_check;
/* Appends the bytes that the signature is over. */
void sns_signed_text(const struct sns_message *m, struct buf *b);

/* arn:aws:sns:REGION:ACCOUNT:NAME, of the partitions aws, aws-cn and aws-us-gov. */
bool sns_arn_valid(struct str arn);
/* Appends where SNS of the topic's region answers: https://sns.REGION.amazonaws.com. For a valid ARN. */
void sns_origin(struct str arn, struct buf *b);
/* A .pem at the origin's root. The origin is compared letter by letter up to the slash behind it, so that no user name, port,
 * other spelling or longer host fits. */
bool sns_cert_url_allowed(struct str url, struct str origin);
/* The origin's root, asked to confirm this very topic. */
bool sns_subscribe_url_allowed(struct str url, struct str origin, struct str arn);

#endif
