/* What forwarders of SMS send, in three forms that are told apart by what they hold:
 *   {"from","text","sentStamp","receivedStamp","sim"}                     one message, by the common forwarding apps
 *   check=..., connection_status=..., sms_list=[{"sender","message",...}]  forms: a sign of life, or the inbox
 *   {"messages":[{"sender","text","at","sim"}],"synced":true,"model"}     ours
 * Pure; texts point into the body or the arena. */
#ifndef KASSA_HTTP_DEVICE_BODY_H
#define KASSA_HTTP_DEVICE_BODY_H

#include "service/phone.h"

#define DEVICE_FIELD_CAP 40

struct device_body {
    struct phone_message messages[PHONE_MESSAGES_MAX];
    size_t count;     /* 0: only a sign of life */
    bool synced;      /* these are all that the inbox holds */
    struct str model; /* absent: not told */
    /* Of what was refused: whoever sets a forwarder up reads it. */
    char fault_field[DEVICE_FIELD_CAP]; /* "messages.3.text" */
    const char *fault;                  /* static text */
};

/* ERR_BODY: none of these forms; ERR_LIMIT: more than PHONE_MESSAGES_MAX, or the arena is full. Both with `fault`. */
enum err device_body_parse(struct arena *a, struct str body, struct device_body *ret) must_check;

#endif
