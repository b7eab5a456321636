/* How a shop uses libkassa: creates a payment, and checks a notification that was received.
 *
 *   example pay API_URL ACCOUNT PAYMENTS_DIR ORDER_ID AMOUNT WALLET PAYER_IP
 *   example check PUBLIC_PEM get|form|json < the query or body as received
 */
#include "kassa.h"

#include <stdio.h>
#include <string.h>

static int failed(const char *what, enum kassa_result result, const struct kassa_answer *answer)
{
    fprintf(stderr, "%s: %s\n", what, kassa_result_text(result));
    const char *field = NULL, *text = NULL;
    for (size_t i = 0; answer && kassa_answer_error(answer, i, &field, &text) == KASSA_OK; i++) {
        fprintf(stderr, "  %s: %s\n", field, text);
    }
    return 1;
}

static int pay(char **args)
{
    struct kassa_client *client = NULL;
    const char *why = NULL;
    enum kassa_result result =
        kassa_client_from_dirs(args[0], args[1], args[2], NULL, &client, &why);
    if (result != KASSA_OK) {
        fprintf(stderr, "%s\n", why);
        return 1;
    }
    struct kassa_payment_request request = KASSA_PAYMENT_REQUEST_INIT;
    request.order_id = args[3];
    request.amount = args[4];
    request.customer_code = args[5];
    request.customer_ip = args[6];
    request.service = "payment_card_bdt_hpp";
    struct kassa_payment *payment = NULL;
    struct kassa_answer *answer = NULL;
    /* The same request again never makes a second payment. */
    for (int i = 0; i < 3; i++) {
        kassa_answer_free(answer);
        result = kassa_payment_create(client, &request, &payment, &answer);
        if (result != KASSA_NOT_SENT && result != KASSA_MAYBE_SENT) {
            break;
        }
    }
    int code = 0;
    if (result == KASSA_OK) {
        printf("payment %lld, send the payer to %s\n", (long long)payment->id, payment->url);
    } else {
        code = failed("create", result, answer);
    }
    kassa_payment_free(payment);
    kassa_answer_free(answer);
    kassa_client_free(client);
    return code;
}

static size_t read_all(FILE *f, char *text, size_t cap)
{
    size_t n = f ? fread(text, 1, cap - 1, f) : 0;
    text[n] = '\0';
    return n;
}

static int check(const char *pem_path, const char *mode_name)
{
    static char pem[16384], text[65536];
    FILE *f = fopen(pem_path, "r");
    read_all(f, pem, sizeof(pem));
    if (f) {
        fclose(f);
    }
    size_t n = read_all(stdin, text, sizeof(text));
    enum kassa_mode mode = strcmp(mode_name, "json") == 0   ? KASSA_MODE_JSON
                           : strcmp(mode_name, "form") == 0 ? KASSA_MODE_FORM
                                                            : KASSA_MODE_GET;
    struct kassa_notification *notification = NULL;
    enum kassa_result result = kassa_notification_verify(pem, mode, text, n, &notification);
    if (result != KASSA_OK) {
        return failed("check", result, NULL);
    }
    printf("order %s is %s, %s received\n", notification->order_id, notification->payment_status,
        notification->payment_amount);
    kassa_notification_free(notification);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 9 && strcmp(argv[1], "pay") == 0) {
        return pay(argv + 2);
    }
    if (argc == 4 && strcmp(argv[1], "check") == 0) {
        return check(argv[2], argv[3]);
    }
    fprintf(stderr,
        "usage: %s pay API_URL ACCOUNT PAYMENTS_DIR ORDER_ID AMOUNT WALLET PAYER_IP\n"
        "       %s check PUBLIC_PEM get|form|json < text\n",
        argv[0], argv[0]);
    return 2;
}
