/* What bKash, Nagad and Rocket tell by SMS: who paid how much under which TrxID. Each text that is understood is a row
 * of core/sms_form.c and is matched from its first to its last character; nothing is searched for. The payer
 * writes the reference and may write anything there: amount and number are read in front of it, TrxID, balance and
 * time behind it, from the end. Pure, nothing is allocated, any thread. The texts: doc/sms.md. */
#ifndef KASSA_CORE_SMS_H
#define KASSA_CORE_SMS_H

#include "base/money.h"
#include "core/sms_trxid.h"

#define SMS_BODY_MAX 2048 /* bytes; ten parts of an SMS have 1530 characters */
#define SMS_REF_MAX 800   /* bytes: 200 characters of any script */
#define SMS_NAME_MAX 100  /* bytes of a bank's or a shop's name */
#define SMS_NUMBER_CAP 16 /* a number and its NUL */

enum sms_kind {
    SMS_FOREIGN,      /* not sent by a wallet: other people's messages, or a forgery */
    SMS_UNPARSED,     /* sent by a wallet, but no known text: for a person to read */
    SMS_IGNORED,      /* known, and no money moved: a secret code, not to be kept */
    SMS_DEBIT,        /* the account paid somebody */
    SMS_OTHER_CREDIT, /* the balance grew, but nobody paid: cashback, the owner's own deposit */
    SMS_SEND_MONEY,   /* from here on: received from a payer */
    SMS_CASH_IN,      /* paid in at an agent */
    SMS_PAYMENT,      /* to a merchant account */
    SMS_CASH_OUT,     /* the account is an agent's, and a customer drew cash */
    SMS_DEPOSIT,      /* from a bank */
    SMS_KIND_COUNT
};

/* Why a text is FOREIGN or UNPARSED. */
enum sms_why {
    SMS_FINE,
    SMS_SENDER_UNKNOWN,
    SMS_SENDER_LOOKALIKE, /* it resembles a wallet's sender id, and is not */
    SMS_TOO_LONG,
    SMS_NOT_TEXT,   /* not UTF-8, or control characters */
    SMS_NO_FORM,    /* the words are none of the forms' */
    SMS_BAD_AMOUNT, /* not a sum greater than 0 */
    SMS_BAD_FEE,    /* nor the commission */
    SMS_BAD_BALANCE,
    SMS_BAD_NUMBER,
    SMS_BAD_NAME,
    SMS_BAD_TRXID,
    SMS_BAD_TIME,
    SMS_REF_TOO_LONG,
    SMS_REF_HAS_TRXID, /* the reference imitates the end of the text */
    SMS_TRAILING_TEXT, /* more follows where the form ends */
    SMS_WHY_COUNT
};

/* Texts are views of the body that was parsed and live as long as it does. */
struct sms {
    enum sms_kind kind;
    enum sms_why why;        /* SMS_FINE unless FOREIGN or UNPARSED */
    enum wallet_kind wallet; /* of the sender; meaningless when FOREIGN */
    const char *form;        /* the form's name, such as "bkash_send_money"; NULL when none fits */

    /* All below is set when sms_moves_balance(kind), else zero and absent. */
    struct money amount;  /* > 0, without its sign: see kind */
    struct money balance; /* of the account, after it */
    struct money fee;
    struct money commission; /* the agent's */
    bool has_fee;
    bool has_commission;
    struct str trx_id_told;
    char trx_id[TRXID_CAP]; /* the normal form */
    int64_t at_ms; /* when it happened; bKash and Nagad tell no seconds: the minute's start */
    /* The other side: a number or a name. Wallets show whole numbers or parts of them ("***515"). */
    struct str number_told;
    char number[SMS_NUMBER_CAP]; /* ASCII digits and stars, without +88; "" when none is told */
    char number_masked[SMS_NUMBER_CAP]; /* to show: 017******11; what came masked stays so */
    struct str name;
    struct str ref; /* what the payer wrote: never trust it, escape it; absent when nothing */
};

/* Reads a text as the phone reported it; always sets *ret. */
void sms_parse(struct str sender, struct str body, struct sms *ret);

/* A payer's money, which may settle a payment. */
bool sms_is_received(enum sms_kind k);
bool sms_moves_balance(enum sms_kind k);
/* Lower-case words for logs and lists: "send_money", "sender_lookalike". */
const char *sms_kind_text(enum sms_kind k);
const char *sms_why_text(enum sms_why w);

/* True when the balance that it tells follows from the balance before it. Only for what moves the balance. */
bool sms_chain_fits(const struct sms *s, struct money before);

/* An amount as the wallets print it: "99", "1,350.91", "1,00,000.00", ".00"; at most 2 decimals and 12 digits before
 * the point, commas only where a group ends (of three, or South Asian). ERR_SYNTAX. */
enum err sms_amount_parse(struct str s, struct money *ret) must_check;

#endif
