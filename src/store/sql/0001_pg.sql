-- program_min: 1
-- Made by tools/gen-pg-schema of 0001_sqlite.sql: change that one.
-- Texts are compared byte by byte, as in SQLite.

-- How the engine finds out whether a commit was made when the connection broke meanwhile (db_pg.c).
CREATE TABLE commit_mark (
    writer TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    batch BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL
);

CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$;

CREATE TABLE schema_version (
    version BIGINT PRIMARY KEY,
    applied_at BIGINT NOT NULL,
    -- The oldest schema whose programs work with this one, too.
    program_min BIGINT NOT NULL CHECK (program_min BETWEEN 1 AND version)
);

CREATE TABLE id_block (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    next BIGINT NOT NULL CHECK (next > 0)
);
INSERT INTO id_block (name, next) VALUES ('payment', 100000001), ('row', 1);

CREATE TABLE setting (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE change_counter (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    changes BIGINT NOT NULL
);
INSERT INTO change_counter (id, changes) VALUES (1, 1);

CREATE TABLE merchant (
    id BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE account (
    id BIGINT PRIMARY KEY,
    uuid BYTEA NOT NULL UNIQUE CHECK (length(uuid) = 16),
    merchant_id BIGINT NOT NULL REFERENCES merchant (id),
    name TEXT COLLATE "C" NOT NULL,
    currency TEXT COLLATE "C" NOT NULL CHECK (length(currency) = 3),
    fee_bp BIGINT NOT NULL CHECK (fee_bp BETWEEN 0 AND 10000),
    fee_fixed BIGINT NOT NULL CHECK (fee_fixed >= 0),
    services TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL CHECK (digest IN ('sha1', 'sha256')),
    success_redirect_id BIGINT,
    fail_redirect_id BIGINT,
    endpoint_id BIGINT,
    notify_mode TEXT COLLATE "C" NOT NULL CHECK (notify_mode IN ('GET', 'POST', 'POST_JSON')),
    notify_field_set BIGINT NOT NULL CHECK (notify_field_set BETWEEN 10 AND 12),
    notify_secret_box BYTEA,
    notify_old_secret_box BYTEA,
    notify_old_secret_until BIGINT NOT NULL,
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_name ON account (merchant_id, name) WHERE name <> '';

CREATE TABLE certificate (
    id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (id),
    purpose TEXT COLLATE "C" NOT NULL CHECK (purpose IN ('payments', 'payouts', 'notifications')),
    public_der BYTEA NOT NULL,
    private_box BYTEA CHECK (private_box IS NULL OR purpose = 'notifications'),
    fingerprint TEXT COLLATE "C" NOT NULL CHECK (length(fingerprint) = 64),
    not_before BIGINT NOT NULL,
    not_after BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    -- The last use that was refused, of those in a minute; which of the purpose's certificates was meant nobody knows.
    refused_at BIGINT NOT NULL,
    refused_why TEXT COLLATE "C" CHECK (refused_why IN ('base64', 'length', 'no_certificate', 'signature')),
    -- The last use that was good, of those in a minute.
    used_at BIGINT NOT NULL DEFAULT 0,
    used_digest TEXT COLLATE "C" CHECK (used_digest IN ('sha1', 'sha256'))
);
CREATE INDEX certificate_account ON certificate (account_id);

CREATE TABLE redirect (
    id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (id),
    name TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C" NOT NULL,
    deleted_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX redirect_name ON redirect (account_id, name) WHERE deleted_at = 0;
CREATE INDEX redirect_account ON redirect (account_id);

CREATE TABLE endpoint (
    id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (id),
    name TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C" NOT NULL,
    mode TEXT COLLATE "C" NOT NULL CHECK (mode IN ('GET', 'POST', 'POST_JSON')),
    field_set BIGINT NOT NULL CHECK (field_set BETWEEN 10 AND 12),
    secret_box BYTEA,
    old_secret_box BYTEA,
    old_secret_until BIGINT NOT NULL,
    disabled_at BIGINT NOT NULL,
    disabled_reason TEXT COLLATE "C",
    deleted_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX endpoint_name ON endpoint (account_id, name) WHERE deleted_at = 0;
CREATE INDEX endpoint_account ON endpoint (account_id);

CREATE TABLE wallet_credential (
    id BIGINT PRIMARY KEY,
    wallet TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    account_id BIGINT REFERENCES account (id),
    base_url TEXT COLLATE "C" NOT NULL,
    secret_box BYTEA NOT NULL,
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    -- bKash's: refunds go by its first API.
    refunds_v1 BIGINT NOT NULL CHECK (refunds_v1 IN (0, 1)),
    created_at BIGINT NOT NULL,
    token_asks BIGINT NOT NULL DEFAULT 0,
    -- Which node is getting a new token, and until when the others leave it to that.
    token_node TEXT COLLATE "C" NOT NULL DEFAULT '',
    token_until BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE wallet_token (
    credential_id BIGINT PRIMARY KEY REFERENCES wallet_credential (id),
    token_box BYTEA,
    refresh_box BYTEA,
    expires_at BIGINT NOT NULL,
    refresh_expires_at BIGINT NOT NULL,
    -- Counts the tokens: a node that holds another one than the last reads it before it asks the wallet.
    version BIGINT NOT NULL
);

CREATE TABLE wallet_token_call (
    id BIGINT PRIMARY KEY,
    credential_id BIGINT NOT NULL REFERENCES wallet_credential (id),
    at BIGINT NOT NULL
);
CREATE INDEX wallet_token_call_credential ON wallet_token_call (credential_id, at);

-- A Rocket credential's Dhaka day at the bank: the row is there before the command is sent, so that it is not sent twice.
CREATE TABLE wallet_close (
    credential_id BIGINT NOT NULL REFERENCES wallet_credential (id),
    day BIGINT NOT NULL,
    -- sent: no answer is stored; broken: certainly not sent, and tried again later
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('sent', 'done', 'refused', 'unknown', 'broken')),
    sent_at BIGINT NOT NULL,
    answered_at BIGINT NOT NULL,
    code TEXT COLLATE "C",
    -- The bank's own words: what its counters mean is not published.
    answer TEXT COLLATE "C",
    PRIMARY KEY (credential_id, day)
);

-- SNS topics by which a wallet tells of a credential's money: only these are believed.
CREATE TABLE wallet_topic (
    id BIGINT PRIMARY KEY,
    credential_id BIGINT NOT NULL REFERENCES wallet_credential (id),
    arn TEXT COLLATE "C" NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    -- 0: not subscribed, as far as SNS has told.
    confirmed_at BIGINT NOT NULL
);

-- What a wallet told by itself. It moves no money; what it may be about is found by invoice or TrxID and asked for.
CREATE TABLE wallet_notice (
    id BIGINT PRIMARY KEY,
    message_id TEXT COLLATE "C" NOT NULL UNIQUE,
    credential_id BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    trx_id TEXT COLLATE "C",
    invoice TEXT COLLATE "C",
    -- 0: it could not be read.
    amount BIGINT NOT NULL CHECK (amount >= 0),
    currency TEXT COLLATE "C",
    channel TEXT COLLATE "C",
    payer_mask TEXT COLLATE "C",
    paid_at BIGINT NOT NULL,
    payment_id BIGINT,
    attempt_id BIGINT,
    verdict TEXT COLLATE "C" NOT NULL CHECK (verdict IN ('known', 'asked', 'early', 'elsewhere', 'differs',
        'review', 'ignored', 'unreadable', 'closed')),
    look_at BIGINT,
    looks BIGINT NOT NULL CHECK (looks >= 0)
);
CREATE INDEX wallet_notice_due ON wallet_notice (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX wallet_notice_day ON wallet_notice (paid_at, received_at);
CREATE INDEX wallet_notice_payment ON wallet_notice (payment_id) WHERE payment_id IS NOT NULL;

CREATE TABLE payment (
    id BIGINT PRIMARY KEY,
    -- No index: the service finds the id in it.
    uuid BYTEA NOT NULL CHECK (length(uuid) = 16),
    account_id BIGINT NOT NULL REFERENCES account (id),
    day BIGINT NOT NULL,
    order_id TEXT COLLATE "C" NOT NULL,
    -- Of the request: the same order with the same body is the same request again.
    body_sha256 BYTEA NOT NULL CHECK (length(body_sha256) = 32),
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT COLLATE "C" NOT NULL,
    service TEXT COLLATE "C" NOT NULL,
    wallet TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state = 'open' OR state = 'executing' OR state = 'review' OR
        state = 'paid' OR state = 'cancelled' OR state = 'failed'),
    version BIGINT NOT NULL CHECK (version > 0),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    success_url TEXT COLLATE "C",
    fail_url TEXT COLLATE "C",
    endpoint_url TEXT COLLATE "C",
    endpoint_id BIGINT,
    description TEXT COLLATE "C",
    customer_ip TEXT COLLATE "C" NOT NULL,
    customer_json TEXT COLLATE "C",
    fee_bp BIGINT NOT NULL CHECK (fee_bp BETWEEN 0 AND 10000),
    fee_fixed BIGINT NOT NULL CHECK (fee_fixed >= 0),
    paid BIGINT NOT NULL CHECK (paid >= 0),
    commission BIGINT NOT NULL CHECK (commission >= 0),
    credited BIGINT NOT NULL CHECK (credited >= 0),
    refunded BIGINT NOT NULL CHECK (refunded >= 0 AND refunded <= paid),
    payer_mask TEXT COLLATE "C",
    final_at BIGINT NOT NULL CHECK (final_at >= 0 AND (final_at = 0) =
        (state = 'open' OR state = 'executing' OR state = 'review')),
    sequence BIGINT NOT NULL CHECK (sequence >= 0),
    attempts BIGINT NOT NULL CHECK (attempts >= 0),
    language TEXT COLLATE "C",
    UNIQUE (account_id, order_id)
);
-- Ends in id, the row's own number: payments of a day in their order.
CREATE INDEX payment_history ON payment (account_id, day);
CREATE INDEX payment_open ON payment (expires_at) WHERE state = 'open';

-- How many payments an account has on a day, in pieces of consecutive ids: a page of the history skips whole pieces.
CREATE TABLE day_count (
    account_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    piece BIGINT NOT NULL,
    payments BIGINT NOT NULL CHECK (payments > 0),
    PRIMARY KEY (account_id, day, piece)
);

CREATE TABLE attempt (
    id BIGINT PRIMARY KEY,
    payment_id BIGINT NOT NULL REFERENCES payment (id),
    number BIGINT NOT NULL CHECK (number > 0),
    wallet TEXT COLLATE "C" NOT NULL,
    credential_id BIGINT NOT NULL REFERENCES wallet_credential (id),
    state TEXT COLLATE "C" NOT NULL CHECK (state = 'creating' OR state = 'redirected' OR state = 'executing' OR
        state = 'paid' OR state = 'refused' OR state = 'cancelled' OR state = 'unknown' OR
        state = 'declined' OR state = 'failed' OR state = 'review'),
    version BIGINT NOT NULL CHECK (version > 0),
    callback_token TEXT COLLATE "C" NOT NULL UNIQUE,
    invoice TEXT COLLATE "C" NOT NULL UNIQUE,
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT COLLATE "C" NOT NULL,
    wallet_ref TEXT COLLATE "C",
    wallet_url TEXT COLLATE "C",
    trx_id TEXT COLLATE "C",
    payer_mask TEXT COLLATE "C",
    reason TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    execute_sent_at BIGINT NOT NULL,
    next_ask_at BIGINT,
    asked_at BIGINT NOT NULL,
    asks BIGINT NOT NULL CHECK (asks >= 0),
    UNIQUE (payment_id, number)
);
-- Rocket's payers come back with nothing but the bank's id of the transaction.
CREATE UNIQUE INDEX attempt_rocket ON attempt (wallet_ref) WHERE wallet = 'rocket';
CREATE INDEX attempt_due ON attempt (next_ask_at) WHERE next_ask_at IS NOT NULL;
-- Those whose end is not certain, by the day of their beginning.
CREATE INDEX attempt_day ON attempt (created_at) WHERE state IN ('executing', 'unknown', 'review') OR next_ask_at IS NOT NULL;
-- Two executes of one payment could charge a payer twice.
CREATE UNIQUE INDEX attempt_moving ON attempt (payment_id) WHERE state IN ('executing', 'unknown');

CREATE TABLE payment_event (
    id BIGINT PRIMARY KEY,
    payment_id BIGINT NOT NULL,
    attempt_id BIGINT,
    at BIGINT NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    from_state TEXT COLLATE "C",
    to_state TEXT COLLATE "C",
    reason TEXT COLLATE "C",
    detail TEXT COLLATE "C"
);
CREATE INDEX payment_event_payment ON payment_event (payment_id);

CREATE TABLE credit (
    id BIGINT PRIMARY KEY,
    wallet TEXT COLLATE "C" NOT NULL,
    credential_id BIGINT NOT NULL,
    trx_id TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT COLLATE "C" NOT NULL,
    payer_mask TEXT COLLATE "C",
    account_id BIGINT NOT NULL,
    payment_id BIGINT,
    attempt_id BIGINT,
    attached BIGINT NOT NULL CHECK (attached IN (0, 1)),
    seen_at BIGINT NOT NULL,
    marked_at BIGINT,
    UNIQUE (wallet, credential_id, trx_id),
    CHECK (attached = 0 OR payment_id IS NOT NULL)
);
CREATE INDEX credit_payment ON credit (payment_id);
CREATE INDEX credit_day ON credit (seen_at);
CREATE INDEX credit_unattached ON credit (seen_at) WHERE attached = 0;

-- Of what, as it was when it was asked for: the wallet's reference and TrxID of the payment.
CREATE TABLE refund (
    id BIGINT PRIMARY KEY,
    payment_id BIGINT NOT NULL REFERENCES payment (id),
    attempt_id BIGINT REFERENCES attempt (id),
    account_id BIGINT NOT NULL REFERENCES account (id),
    wallet TEXT COLLATE "C" NOT NULL,
    -- A number's, when no attempt was paid: such money is sent back by hand.
    credential_id BIGINT NOT NULL,
    wallet_ref TEXT COLLATE "C" CHECK ((wallet_ref IS NULL) = (attempt_id IS NULL)),
    trx_id TEXT COLLATE "C" NOT NULL,
    -- Who sent the money, as far as it is known.
    payer_mask TEXT COLLATE "C",
    amount BIGINT NOT NULL CHECK (amount > 0),
    currency TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (
        state IN ('requested', 'sent', 'unknown', 'review', 'by_hand', 'done', 'declined')),
    version BIGINT NOT NULL CHECK (version > 0),
    -- Which refunds the wallet listed before this one was sent, each between blanks.
    known TEXT COLLATE "C" CHECK (known IS NOT NULL OR state IN ('requested', 'by_hand', 'declined') OR
        (state = 'done' AND sent_at = 0)),
    refund_trx_id TEXT COLLATE "C" CHECK ((refund_trx_id IS NOT NULL) = (state = 'done')),
    code TEXT COLLATE "C",
    reason TEXT COLLATE "C" NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    next_ask_at BIGINT,
    asks BIGINT NOT NULL CHECK (asks >= 0),
    final_at BIGINT NOT NULL CHECK ((final_at <> 0) = (state IN ('done', 'declined')))
);
CREATE INDEX refund_payment ON refund (payment_id);
CREATE INDEX refund_day ON refund (final_at, created_at);
CREATE INDEX refund_due ON refund (next_ask_at) WHERE next_ask_at IS NOT NULL;
-- The wallet's list tells which refund is which only if there is one at a time.
CREATE UNIQUE INDEX refund_live ON refund (payment_id) WHERE state IN ('requested', 'sent', 'unknown', 'review', 'by_hand');
CREATE UNIQUE INDEX refund_trx ON refund (wallet, refund_trx_id, credential_id) WHERE refund_trx_id IS NOT NULL;

CREATE TABLE ledger_account (
    id BIGINT PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('merchant_payable', 'wallet_clearing', 'wallet_fee',
        'our_fee', 'suspense', 'refunds', 'reversals', 'settlement')),
    owner BIGINT NOT NULL,
    balance BIGINT NOT NULL,
    UNIQUE (kind, owner)
);

CREATE TABLE ledger_entry (
    id BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    payment_id BIGINT,
    -- Whose payable, suspense or refunds it moves; NULL: nobody's.
    account_id BIGINT
);
CREATE INDEX ledger_entry_day ON ledger_entry (at);
CREATE INDEX ledger_entry_account ON ledger_entry (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX ledger_entry_payment ON ledger_entry (payment_id) WHERE payment_id IS NOT NULL;

CREATE TABLE posting (
    entry_id BIGINT NOT NULL REFERENCES ledger_entry (id),
    number BIGINT NOT NULL CHECK (number > 0),
    ledger_account_id BIGINT NOT NULL REFERENCES ledger_account (id),
    amount BIGINT NOT NULL CHECK (amount <> 0),
    balance_after BIGINT NOT NULL,
    PRIMARY KEY (entry_id, number)
);

CREATE TABLE outbox (
    id BIGINT PRIMARY KEY,
    payment_id BIGINT NOT NULL REFERENCES payment (id),
    account_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL CHECK (sequence > 0),
    webhook_id TEXT COLLATE "C" NOT NULL UNIQUE,
    payment_status TEXT COLLATE "C" NOT NULL,
    payment_amount BIGINT NOT NULL CHECK (payment_amount >= 0),
    commission_amount BIGINT NOT NULL CHECK (commission_amount >= 0),
    is_partial BIGINT NOT NULL CHECK (is_partial IN (0, 1)),
    state TEXT COLLATE "C" NOT NULL CHECK (state = 'waiting' OR state = 'delivered' OR state = 'parked'),
    tries BIGINT NOT NULL CHECK (tries >= 0),
    round BIGINT NOT NULL CHECK (round >= 0),
    due_at BIGINT NOT NULL,
    lease_owner TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    delivered_at BIGINT NOT NULL,
    parked_reason TEXT COLLATE "C",
    UNIQUE (payment_id, sequence)
);
CREATE INDEX outbox_waiting ON outbox (due_at) WHERE state = 'waiting';
CREATE INDEX outbox_account_disabled ON outbox (account_id) WHERE parked_reason = 'account_disabled';

CREATE TABLE outbox_try (
    outbox_id BIGINT NOT NULL REFERENCES outbox (id),
    number BIGINT NOT NULL CHECK (number > 0),
    at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    status BIGINT NOT NULL,
    url TEXT COLLATE "C" NOT NULL,
    error TEXT COLLATE "C",
    reply BYTEA,
    PRIMARY KEY (outbox_id, number)
);

-- Deliveries that a person ordered to an endpoint of his own, to try its receiver. They are about no payment.
CREATE TABLE trial (
    id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (id),
    endpoint_id BIGINT NOT NULL REFERENCES endpoint (id),
    kind TEXT COLLATE "C" NOT NULL CHECK (
        kind IN ('test', 'doubled', 'late', 'out_of_order', 'wrong_signature', 'slow')),
    order_id TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL CHECK (amount > 0),
    actor TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX trial_endpoint ON trial (endpoint_id, created_at);

-- What a trial sends, planned when it was ordered. sent_at 0: not sent yet, or never, when the process that kept it died.
CREATE TABLE trial_send (
    trial_id BIGINT NOT NULL REFERENCES trial (id),
    number BIGINT NOT NULL CHECK (number > 0),
    webhook_id TEXT COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL CHECK (sequence > 0),
    payment_status TEXT COLLATE "C" NOT NULL,
    due_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    status BIGINT NOT NULL,
    error TEXT COLLATE "C",
    reply BYTEA,
    PRIMARY KEY (trial_id, number)
);

-- Numbers that payers send money to, the phones that report their SMS, and what these told.
CREATE TABLE wallet_number (
    id BIGINT PRIMARY KEY,
    wallet TEXT COLLATE "C" NOT NULL,
    number TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('personal', 'agent', 'merchant')),
    account_id BIGINT REFERENCES account (id),
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    -- The end of the chain of balances; balance_at 0: not known yet.
    balance BIGINT NOT NULL CHECK (balance >= 0),
    balance_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (wallet, number)
);

CREATE TABLE device (
    id BIGINT PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    accepts TEXT COLLATE "C" NOT NULL CHECK (accepts IN ('signature', 'token')),
    key_box BYTEA NOT NULL,
    model TEXT COLLATE "C",
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    synced_at BIGINT NOT NULL
);

-- Which numbers a device may report; sim '': in whatever slot.
CREATE TABLE device_number (
    device_id BIGINT NOT NULL REFERENCES device (id),
    number_id BIGINT NOT NULL REFERENCES wallet_number (id),
    sim TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (device_id, number_id)
);

CREATE TABLE sms (
    id BIGINT PRIMARY KEY,
    device_id BIGINT REFERENCES device (id),
    number_id BIGINT REFERENCES wallet_number (id),
    sender TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    -- Of sender, number and words: the same message told twice.
    digest BYTEA NOT NULL UNIQUE CHECK (length(digest) = 32),
    kind TEXT COLLATE "C" NOT NULL,
    why TEXT COLLATE "C" NOT NULL,
    trx_id TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('done', 'broken', 'unparsed', 'conflict', 'looked_at', 'void')),
    reported_by TEXT COLLATE "C",
    happened_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX sms_to_look_at ON sms (number_id) WHERE state <> 'done' AND state <> 'looked_at' AND state <> 'void';
CREATE INDEX sms_day ON sms (happened_at);
-- Whose words are to be forgotten one day.
CREATE INDEX sms_words ON sms (seen_at) WHERE body <> '' AND (state = 'done' OR state = 'looked_at');

-- Money that a number's SMS told of. A TrxID is taken once, for ever, unless two persons say that who told of it lied: void.
CREATE TABLE number_credit (
    id BIGINT PRIMARY KEY,
    wallet TEXT COLLATE "C" NOT NULL,
    trx_id TEXT COLLATE "C" NOT NULL,
    number_id BIGINT NOT NULL REFERENCES wallet_number (id),
    sms_id BIGINT NOT NULL REFERENCES sms (id),
    amount BIGINT NOT NULL CHECK (amount > 0),
    balance BIGINT NOT NULL CHECK (balance >= 0),
    payer_mask TEXT COLLATE "C",
    -- The last digits of the payer's number, which he types beside the TrxID; NULL: the SMS shows none.
    payer_end TEXT COLLATE "C" CHECK (length(payer_end) = 3),
    received_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('free', 'claimed', 'review', 'late', 'marked', 'void')),
    reason TEXT COLLATE "C",
    payment_id BIGINT REFERENCES payment (id),
    claimed_at BIGINT NOT NULL,
    -- What one person asked for and another has to confirm; NULL: nothing.
    asked_by TEXT COLLATE "C",
    asked_payment_id BIGINT REFERENCES payment (id),
    -- That it is void, and which SMS told the truth; NULL: none yet.
    asked_void BIGINT NOT NULL CHECK (asked_void IN (0, 1)),
    asked_sms_id BIGINT REFERENCES sms (id),
    -- It became free, and who typed its TrxID before was not looked for yet.
    to_match BIGINT NOT NULL CHECK (to_match IN (0, 1)),
    CHECK (state <> 'claimed' OR payment_id IS NOT NULL)
);
CREATE UNIQUE INDEX number_credit_trx ON number_credit (wallet, trx_id) WHERE state <> 'void';
CREATE INDEX number_credit_match ON number_credit (id) WHERE to_match = 1;
CREATE INDEX number_credit_day ON number_credit (received_at);
CREATE INDEX number_credit_payment ON number_credit (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX number_credit_state ON number_credit (state, seen_at) WHERE state <> 'claimed';
CREATE INDEX number_credit_sms ON number_credit (sms_id);

-- TrxIDs that payers typed before a phone told of their money.
CREATE TABLE number_wait (
    payment_id BIGINT NOT NULL REFERENCES payment (id),
    wallet TEXT COLLATE "C" NOT NULL,
    trx_id TEXT COLLATE "C" NOT NULL,
    payer_end TEXT COLLATE "C" NOT NULL CHECK (length(payer_end) = 3),
    typed_at BIGINT NOT NULL,
    PRIMARY KEY (payment_id, trx_id)
);
CREATE INDEX number_wait_trx ON number_wait (wallet, trx_id, payer_end);
CREATE INDEX number_wait_typed ON number_wait (typed_at);

-- Who signs in to the cabinet. Times are 0 where it has not happened.
CREATE TABLE person (
    id BIGINT PRIMARY KEY,
    -- Lower case.
    email TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT COLLATE "C" NOT NULL,
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('operator_admin', 'operator_support', 'merchant_owner',
        'merchant_developer', 'merchant_viewer')),
    -- NULL: one of the operator's.
    merchant_id BIGINT REFERENCES merchant (id),
    -- NULL: invited, and has not chosen one yet.
    password_hash TEXT COLLATE "C",
    -- The secret of the second factor; the new one waits for its first code.
    totp_box BYTEA,
    totp_new_box BYTEA,
    -- The last accepted step of the clock: a code counts once.
    totp_step BIGINT NOT NULL,
    language TEXT COLLATE "C" NOT NULL CHECK (language IN ('bn', 'en')),
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    disabled_at BIGINT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    CHECK ((merchant_id IS NULL) = (role IN ('operator_admin', 'operator_support')))
);
CREATE INDEX person_merchant ON person (merchant_id);

-- Browsers that are signed in, by the digest of what their cookie holds.
CREATE TABLE person_session (
    id BIGINT PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES person (id),
    token_hash BYTEA NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    -- code: the second factor is missing; setup: there is none yet and the role wants one
    stage TEXT COLLATE "C" NOT NULL CHECK (stage IN ('code', 'setup', 'full')),
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    client_ip TEXT COLLATE "C" NOT NULL,
    user_agent TEXT COLLATE "C" NOT NULL
);
CREATE INDEX person_session_person ON person_session (person_id);
CREATE INDEX person_session_created ON person_session (created_at);

CREATE TABLE person_recovery (
    person_id BIGINT NOT NULL REFERENCES person (id),
    code_hash BYTEA NOT NULL CHECK (length(code_hash) = 32),
    used_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, code_hash)
);

-- Links by which a person chooses a password: one use, or until the next one is made.
CREATE TABLE person_invitation (
    id BIGINT PRIMARY KEY,
    person_id BIGINT NOT NULL REFERENCES person (id),
    token_hash BYTEA NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL
);
CREATE INDEX person_invitation_person ON person_invitation (person_id);

-- How often somebody (an e-mail address, a network address, a person's second factor) failed to sign in, in a quarter of an hour.
CREATE TABLE sign_in_try (
    who BYTEA NOT NULL,
    slot BIGINT NOT NULL,
    tries BIGINT NOT NULL CHECK (tries > 0),
    PRIMARY KEY (who, slot)
);
CREATE INDEX sign_in_try_slot ON sign_in_try (slot);

-- How often somebody tried in a minute what may be a guess: a payment, or an address.
CREATE TABLE guess (
    who BYTEA NOT NULL,
    minute BIGINT NOT NULL,
    tries BIGINT NOT NULL CHECK (tries > 0),
    PRIMARY KEY (who, minute)
);
CREATE INDEX guess_minute ON guess (minute);

-- Requests that were refused for their signature, for their merchant to see why: a few of each account, for some days.
CREATE TABLE refused_request (
    id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (id),
    at BIGINT NOT NULL,
    client_ip TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    body_bytes BIGINT NOT NULL CHECK (body_bytes >= 0),
    request_box BYTEA NOT NULL
);
CREATE INDEX refused_request_account ON refused_request (account_id, id);
CREATE INDEX refused_request_at ON refused_request (at);

-- Changes that persons make, in a hash chain; those that concern a merchant are links of a chain of his own, too.
CREATE TABLE audit_log (
    id BIGINT PRIMARY KEY CHECK (id > 0),
    at BIGINT NOT NULL,
    person_id BIGINT,
    actor TEXT COLLATE "C" NOT NULL,
    merchant_id BIGINT,
    action TEXT COLLATE "C" NOT NULL,
    target TEXT COLLATE "C" NOT NULL,
    before_json TEXT COLLATE "C",
    after_json TEXT COLLATE "C",
    client_ip TEXT COLLATE "C",
    prev_hash TEXT COLLATE "C" NOT NULL CHECK (length(prev_hash) = 64),
    hash TEXT COLLATE "C" NOT NULL CHECK (length(hash) = 64),
    merchant_number BIGINT CHECK ((merchant_number IS NULL) = (merchant_id IS NULL)),
    merchant_prev_hash TEXT COLLATE "C" CHECK (length(merchant_prev_hash) = 64),
    merchant_hash TEXT COLLATE "C" CHECK (length(merchant_hash) = 64),
    UNIQUE (merchant_id, merchant_number),
    CHECK ((merchant_hash IS NULL) = (merchant_id IS NULL) AND (merchant_prev_hash IS NULL) = (merchant_id IS NULL))
);

-- What the cabinet's overview adds up, by the day that payments were made on. Creates write nothing here: `created` and `asked` are
-- filled behind them, up to stat_mark; the rest in the transaction that changes the payment.
CREATE TABLE payment_stat (
    account_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    wallet TEXT COLLATE "C" NOT NULL,
    created BIGINT NOT NULL,
    -- Sums of amounts: of all, of those that ended.
    asked BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    opened BIGINT NOT NULL,
    reached BIGINT NOT NULL,
    paid BIGINT NOT NULL,
    cancelled BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    review BIGINT NOT NULL,
    -- Sums of money: what counts as paid, our part of it, what went back.
    received BIGINT NOT NULL,
    commission BIGINT NOT NULL,
    refunded BIGINT NOT NULL,
    PRIMARY KEY (account_id, day, wallet)
);

-- The last payment that is in payment_stat's `created`.
CREATE TABLE stat_mark (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    payment_id BIGINT NOT NULL
);
INSERT INTO stat_mark (id, payment_id) VALUES (1, 100000000);

-- What moved an account's balance on a day.
CREATE TABLE ledger_day (
    account_id BIGINT NOT NULL,
    day BIGINT NOT NULL,
    entries BIGINT NOT NULL,
    received BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    refunded BIGINT NOT NULL,
    PRIMARY KEY (account_id, day)
);

CREATE TRIGGER payment_event_update BEFORE UPDATE ON payment_event
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER payment_event_delete BEFORE DELETE ON payment_event
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_entry_update BEFORE UPDATE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_entry_delete BEFORE DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER posting_update BEFORE UPDATE ON posting
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER posting_delete BEFORE DELETE ON posting
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER outbox_try_update BEFORE UPDATE ON outbox_try
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER outbox_try_delete BEFORE DELETE ON outbox_try
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER audit_log_update BEFORE UPDATE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER audit_log_delete BEFORE DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION append_only();
