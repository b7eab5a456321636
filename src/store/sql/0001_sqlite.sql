-- program_min: 1
-- Ids and times (milliseconds since 1970-01-01 UTC) come from the program. Sums are whole poisha.
-- Texts of states are those of core; the CHECKs refuse a row that no version of the program could have meant. In tables that
-- are written all the time they are chains of OR with the first state in front: for IN, SQLite builds a B-tree at each write.
PRAGMA application_id = 1263747377;

CREATE TABLE schema_version (
    version INTEGER PRIMARY KEY,
    applied_at INTEGER NOT NULL,
    -- The oldest schema whose programs work with this one, too.
    program_min INTEGER NOT NULL CHECK (program_min BETWEEN 1 AND version)
) STRICT;

CREATE TABLE id_block (
    name TEXT NOT NULL PRIMARY KEY,
    next INTEGER NOT NULL CHECK (next > 0)
) STRICT;
INSERT INTO id_block (name, next) VALUES ('payment', 100000001), ('row', 1);

CREATE TABLE setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE change_counter (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    changes INTEGER NOT NULL
) STRICT;
INSERT INTO change_counter (id, changes) VALUES (1, 1);

CREATE TABLE merchant (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    uuid BLOB NOT NULL UNIQUE CHECK (length(uuid) = 16),
    merchant_id INTEGER NOT NULL REFERENCES merchant (id),
    name TEXT NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    fee_bp INTEGER NOT NULL CHECK (fee_bp BETWEEN 0 AND 10000),
    fee_fixed INTEGER NOT NULL CHECK (fee_fixed >= 0),
    services TEXT NOT NULL,
    digest TEXT NOT NULL CHECK (digest IN ('sha1', 'sha256')),
    success_redirect_id INTEGER,
    fail_redirect_id INTEGER,
    endpoint_id INTEGER,
    notify_mode TEXT NOT NULL CHECK (notify_mode IN ('GET', 'POST', 'POST_JSON')),
    notify_field_set INTEGER NOT NULL CHECK (notify_field_set BETWEEN 10 AND 12),
    notify_secret_box BLOB,
    notify_old_secret_box BLOB,
    notify_old_secret_until INTEGER NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX account_name ON account (merchant_id, name) WHERE name <> '';

CREATE TABLE certificate (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('payments', 'payouts', 'notifications')),
    public_der BLOB NOT NULL,
    private_box BLOB CHECK (private_box IS NULL OR purpose = 'notifications'),
    fingerprint TEXT NOT NULL CHECK (length(fingerprint) = 64),
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    revoked_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    -- The last use that was refused, of those in a minute; which of the purpose's certificates was meant nobody knows.
    refused_at INTEGER NOT NULL,
    refused_why TEXT CHECK (refused_why IN ('base64', 'length', 'no_certificate', 'signature')),
    -- The last use that was good, of those in a minute.
    used_at INTEGER NOT NULL DEFAULT 0,
    used_digest TEXT CHECK (used_digest IN ('sha1', 'sha256'))
) STRICT;
CREATE INDEX certificate_account ON certificate (account_id);

CREATE TABLE redirect (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id),
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    deleted_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX redirect_name ON redirect (account_id, name) WHERE deleted_at = 0;
CREATE INDEX redirect_account ON redirect (account_id);

CREATE TABLE endpoint (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id),
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('GET', 'POST', 'POST_JSON')),
    field_set INTEGER NOT NULL CHECK (field_set BETWEEN 10 AND 12),
    secret_box BLOB,
    old_secret_box BLOB,
    old_secret_until INTEGER NOT NULL,
    disabled_at INTEGER NOT NULL,
    disabled_reason TEXT,
    deleted_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX endpoint_name ON endpoint (account_id, name) WHERE deleted_at = 0;
CREATE INDEX endpoint_account ON endpoint (account_id);

CREATE TABLE wallet_credential (
    id INTEGER PRIMARY KEY,
    wallet TEXT NOT NULL,
    name TEXT NOT NULL,
    account_id INTEGER REFERENCES account (id),
    base_url TEXT NOT NULL,
    secret_box BLOB NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    -- bKash's: refunds go by its first API.
    refunds_v1 INTEGER NOT NULL CHECK (refunds_v1 IN (0, 1)),
    created_at INTEGER NOT NULL,
    token_asks INTEGER NOT NULL DEFAULT 0,
    -- Which node is getting a new token, and until when the others leave it to that.
    token_node TEXT NOT NULL DEFAULT '',
    token_until INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE wallet_token (
    credential_id INTEGER PRIMARY KEY REFERENCES wallet_credential (id),
    token_box BLOB,
    refresh_box BLOB,
    expires_at INTEGER NOT NULL,
    refresh_expires_at INTEGER NOT NULL,
    -- Counts the tokens: a node that holds another one than the last reads it before it asks the wallet.
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE wallet_token_call (
    id INTEGER PRIMARY KEY,
    credential_id INTEGER NOT NULL REFERENCES wallet_credential (id),
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX wallet_token_call_credential ON wallet_token_call (credential_id, at);

-- A Rocket credential's Dhaka day at the bank: the row is there before the command is sent, so that it is not sent twice.
CREATE TABLE wallet_close (
    credential_id INTEGER NOT NULL REFERENCES wallet_credential (id),
    day INTEGER NOT NULL,
    -- sent: no answer is stored; broken: certainly not sent, and tried again later
    state TEXT NOT NULL CHECK (state IN ('sent', 'done', 'refused', 'unknown', 'broken')),
    sent_at INTEGER NOT NULL,
    answered_at INTEGER NOT NULL,
    code TEXT,
    -- The bank's own words: what its counters mean is not published.
    answer TEXT,
    PRIMARY KEY (credential_id, day)
) STRICT, WITHOUT ROWID;

-- SNS topics by which a wallet tells of a credential's money: only these are believed.
CREATE TABLE wallet_topic (
    id INTEGER PRIMARY KEY,
    credential_id INTEGER NOT NULL REFERENCES wallet_credential (id),
    arn TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    -- 0: not subscribed, as far as SNS has told.
    confirmed_at INTEGER NOT NULL
) STRICT;

-- What a wallet told by itself. It moves no money; what it may be about is found by invoice or TrxID and asked for.
CREATE TABLE wallet_notice (
    id INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE,
    credential_id INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    trx_id TEXT,
    invoice TEXT,
    -- 0: it could not be read.
    amount INTEGER NOT NULL CHECK (amount >= 0),
    currency TEXT,
    channel TEXT,
    payer_mask TEXT,
    paid_at INTEGER NOT NULL,
    payment_id INTEGER,
    attempt_id INTEGER,
    verdict TEXT NOT NULL CHECK (verdict IN ('known', 'asked', 'early', 'elsewhere', 'differs',
        'review', 'ignored', 'unreadable', 'closed')),
    look_at INTEGER,
    looks INTEGER NOT NULL CHECK (looks >= 0)
) STRICT;
CREATE INDEX wallet_notice_due ON wallet_notice (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX wallet_notice_day ON wallet_notice (paid_at, received_at);
CREATE INDEX wallet_notice_payment ON wallet_notice (payment_id) WHERE payment_id IS NOT NULL;

CREATE TABLE payment (
    id INTEGER PRIMARY KEY,
    -- No index: the service finds the id in it.
    uuid BLOB NOT NULL CHECK (length(uuid) = 16),
    account_id INTEGER NOT NULL REFERENCES account (id),
    day INTEGER NOT NULL,
    order_id TEXT NOT NULL,
    -- Of the request: the same order with the same body is the same request again.
    body_sha256 BLOB NOT NULL CHECK (length(body_sha256) = 32),
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    service TEXT NOT NULL,
    wallet TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state = 'open' OR state = 'executing' OR state = 'review' OR
        state = 'paid' OR state = 'cancelled' OR state = 'failed'),
    version INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    success_url TEXT,
    fail_url TEXT,
    endpoint_url TEXT,
    endpoint_id INTEGER,
    description TEXT,
    customer_ip TEXT NOT NULL,
    customer_json TEXT,
    fee_bp INTEGER NOT NULL CHECK (fee_bp BETWEEN 0 AND 10000),
    fee_fixed INTEGER NOT NULL CHECK (fee_fixed >= 0),
    paid INTEGER NOT NULL CHECK (paid >= 0),
    commission INTEGER NOT NULL CHECK (commission >= 0),
    credited INTEGER NOT NULL CHECK (credited >= 0),
    refunded INTEGER NOT NULL CHECK (refunded >= 0 AND refunded <= paid),
    payer_mask TEXT,
    final_at INTEGER NOT NULL CHECK (final_at >= 0 AND (final_at = 0) =
        (state = 'open' OR state = 'executing' OR state = 'review')),
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    language TEXT,
    UNIQUE (account_id, order_id)
) STRICT;
-- Ends in id, the row's own number: payments of a day in their order.
CREATE INDEX payment_history ON payment (account_id, day);
CREATE INDEX payment_open ON payment (expires_at) WHERE state = 'open';

-- How many payments an account has on a day, in pieces of consecutive ids: a page of the history skips whole pieces.
CREATE TABLE day_count (
    account_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    piece INTEGER NOT NULL,
    payments INTEGER NOT NULL CHECK (payments > 0),
    PRIMARY KEY (account_id, day, piece)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,
    payment_id INTEGER NOT NULL REFERENCES payment (id),
    number INTEGER NOT NULL CHECK (number > 0),
    wallet TEXT NOT NULL,
    credential_id INTEGER NOT NULL REFERENCES wallet_credential (id),
    state TEXT NOT NULL CHECK (state = 'creating' OR state = 'redirected' OR state = 'executing' OR
        state = 'paid' OR state = 'refused' OR state = 'cancelled' OR state = 'unknown' OR
        state = 'declined' OR state = 'failed' OR state = 'review'),
    version INTEGER NOT NULL CHECK (version > 0),
    callback_token TEXT NOT NULL UNIQUE,
    invoice TEXT NOT NULL UNIQUE,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    wallet_ref TEXT,
    wallet_url TEXT,
    trx_id TEXT,
    payer_mask TEXT,
    reason TEXT,
    created_at INTEGER NOT NULL,
    execute_sent_at INTEGER NOT NULL,
    next_ask_at INTEGER,
    asked_at INTEGER NOT NULL,
    asks INTEGER NOT NULL CHECK (asks >= 0),
    UNIQUE (payment_id, number)
) STRICT;
-- Rocket's payers come back with nothing but the bank's id of the transaction.
CREATE UNIQUE INDEX attempt_rocket ON attempt (wallet_ref) WHERE wallet = 'rocket';
CREATE INDEX attempt_due ON attempt (next_ask_at) WHERE next_ask_at IS NOT NULL;
-- Those whose end is not certain, by the day of their beginning.
CREATE INDEX attempt_day ON attempt (created_at) WHERE state IN ('executing', 'unknown', 'review') OR next_ask_at IS NOT NULL;
-- Two executes of one payment could charge a payer twice.
CREATE UNIQUE INDEX attempt_moving ON attempt (payment_id) WHERE state IN ('executing', 'unknown');

CREATE TABLE payment_event (
    id INTEGER PRIMARY KEY,
    payment_id INTEGER NOT NULL,
    attempt_id INTEGER,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    from_state TEXT,
    to_state TEXT,
    reason TEXT,
    detail TEXT
) STRICT;
CREATE INDEX payment_event_payment ON payment_event (payment_id);

CREATE TABLE credit (
    id INTEGER PRIMARY KEY,
    wallet TEXT NOT NULL,
    credential_id INTEGER NOT NULL,
    trx_id TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    payer_mask TEXT,
    account_id INTEGER NOT NULL,
    payment_id INTEGER,
    attempt_id INTEGER,
    attached INTEGER NOT NULL CHECK (attached IN (0, 1)),
    seen_at INTEGER NOT NULL,
    marked_at INTEGER,
    UNIQUE (wallet, credential_id, trx_id),
    CHECK (attached = 0 OR payment_id IS NOT NULL)
) STRICT;
CREATE INDEX credit_payment ON credit (payment_id);
CREATE INDEX credit_day ON credit (seen_at);
CREATE INDEX credit_unattached ON credit (seen_at) WHERE attached = 0;

-- Of what, as it was when it was asked for: the wallet's reference and TrxID of the payment.
CREATE TABLE refund (
    id INTEGER PRIMARY KEY,
    payment_id INTEGER NOT NULL REFERENCES payment (id),
    attempt_id INTEGER REFERENCES attempt (id),
    account_id INTEGER NOT NULL REFERENCES account (id),
    wallet TEXT NOT NULL,
    -- A number's, when no attempt was paid: such money is sent back by hand.
    credential_id INTEGER NOT NULL,
    wallet_ref TEXT CHECK ((wallet_ref IS NULL) = (attempt_id IS NULL)),
    trx_id TEXT NOT NULL,
    -- Who sent the money, as far as it is known.
    payer_mask TEXT,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (
        state IN ('requested', 'sent', 'unknown', 'review', 'by_hand', 'done', 'declined')),
    version INTEGER NOT NULL CHECK (version > 0),
    -- Which refunds the wallet listed before this one was sent, each between blanks.
    known TEXT CHECK (known IS NOT NULL OR state IN ('requested', 'by_hand', 'declined') OR
        (state = 'done' AND sent_at = 0)),
    refund_trx_id TEXT CHECK ((refund_trx_id IS NOT NULL) = (state = 'done')),
    code TEXT,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    next_ask_at INTEGER,
    asks INTEGER NOT NULL CHECK (asks >= 0),
    final_at INTEGER NOT NULL CHECK ((final_at <> 0) = (state IN ('done', 'declined')))
) STRICT;
CREATE INDEX refund_payment ON refund (payment_id);
CREATE INDEX refund_day ON refund (final_at, created_at);
CREATE INDEX refund_due ON refund (next_ask_at) WHERE next_ask_at IS NOT NULL;
-- The wallet's list tells which refund is which only if there is one at a time.
CREATE UNIQUE INDEX refund_live ON refund (payment_id) WHERE state IN ('requested', 'sent', 'unknown', 'review', 'by_hand');
CREATE UNIQUE INDEX refund_trx ON refund (wallet, refund_trx_id, credential_id) WHERE refund_trx_id IS NOT NULL;

CREATE TABLE ledger_account (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('merchant_payable', 'wallet_clearing', 'wallet_fee',
        'our_fee', 'suspense', 'refunds', 'reversals', 'settlement')),
    owner INTEGER NOT NULL,
    balance INTEGER NOT NULL,
    UNIQUE (kind, owner)
) STRICT;

CREATE TABLE ledger_entry (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    payment_id INTEGER,
    -- Whose payable, suspense or refunds it moves; NULL: nobody's.
    account_id INTEGER
) STRICT;
CREATE INDEX ledger_entry_day ON ledger_entry (at);
CREATE INDEX ledger_entry_account ON ledger_entry (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX ledger_entry_payment ON ledger_entry (payment_id) WHERE payment_id IS NOT NULL;

CREATE TABLE posting (
    entry_id INTEGER NOT NULL REFERENCES ledger_entry (id),
    number INTEGER NOT NULL CHECK (number > 0),
    ledger_account_id INTEGER NOT NULL REFERENCES ledger_account (id),
    amount INTEGER NOT NULL CHECK (amount <> 0),
    balance_after INTEGER NOT NULL,
    PRIMARY KEY (entry_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    payment_id INTEGER NOT NULL REFERENCES payment (id),
    account_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    webhook_id TEXT NOT NULL UNIQUE,
    payment_status TEXT NOT NULL,
    payment_amount INTEGER NOT NULL CHECK (payment_amount >= 0),
    commission_amount INTEGER NOT NULL CHECK (commission_amount >= 0),
    is_partial INTEGER NOT NULL CHECK (is_partial IN (0, 1)),
    state TEXT NOT NULL CHECK (state = 'waiting' OR state = 'delivered' OR state = 'parked'),
    tries INTEGER NOT NULL CHECK (tries >= 0),
    round INTEGER NOT NULL CHECK (round >= 0),
    due_at INTEGER NOT NULL,
    lease_owner TEXT,
    created_at INTEGER NOT NULL,
    delivered_at INTEGER NOT NULL,
    parked_reason TEXT,
    UNIQUE (payment_id, sequence)
) STRICT;
CREATE INDEX outbox_waiting ON outbox (due_at) WHERE state = 'waiting';
CREATE INDEX outbox_account_disabled ON outbox (account_id) WHERE parked_reason = 'account_disabled';

CREATE TABLE outbox_try (
    outbox_id INTEGER NOT NULL REFERENCES outbox (id),
    number INTEGER NOT NULL CHECK (number > 0),
    at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    status INTEGER NOT NULL,
    url TEXT NOT NULL,
    error TEXT,
    reply BLOB,
    PRIMARY KEY (outbox_id, number)
) STRICT;

-- Deliveries that a person ordered to an endpoint of his own, to try its receiver. They are about no payment.
CREATE TABLE trial (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id),
    endpoint_id INTEGER NOT NULL REFERENCES endpoint (id),
    kind TEXT NOT NULL CHECK (
        kind IN ('test', 'doubled', 'late', 'out_of_order', 'wrong_signature', 'slow')),
    order_id TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX trial_endpoint ON trial (endpoint_id, created_at);

-- What a trial sends, planned when it was ordered. sent_at 0: not sent yet, or never, when the process that kept it died.
CREATE TABLE trial_send (
    trial_id INTEGER NOT NULL REFERENCES trial (id),
    number INTEGER NOT NULL CHECK (number > 0),
    webhook_id TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    payment_status TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    status INTEGER NOT NULL,
    error TEXT,
    reply BLOB,
    PRIMARY KEY (trial_id, number)
) STRICT;

-- Numbers that payers send money to, the phones that report their SMS, and what these told.
CREATE TABLE wallet_number (
    id INTEGER PRIMARY KEY,
    wallet TEXT NOT NULL,
    number TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('personal', 'agent', 'merchant')),
    account_id INTEGER REFERENCES account (id),
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    -- The end of the chain of balances; balance_at 0: not known yet.
    balance INTEGER NOT NULL CHECK (balance >= 0),
    balance_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (wallet, number)
) STRICT;

CREATE TABLE device (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    accepts TEXT NOT NULL CHECK (accepts IN ('signature', 'token')),
    key_box BLOB NOT NULL,
    model TEXT,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    synced_at INTEGER NOT NULL
) STRICT;

-- Which numbers a device may report; sim '': in whatever slot.
CREATE TABLE device_number (
    device_id INTEGER NOT NULL REFERENCES device (id),
    number_id INTEGER NOT NULL REFERENCES wallet_number (id),
    sim TEXT NOT NULL,
    PRIMARY KEY (device_id, number_id)
) STRICT;

CREATE TABLE sms (
    id INTEGER PRIMARY KEY,
    device_id INTEGER REFERENCES device (id),
    number_id INTEGER REFERENCES wallet_number (id),
    sender TEXT NOT NULL,
    body TEXT NOT NULL,
    -- Of sender, number and words: the same message told twice.
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    kind TEXT NOT NULL,
    why TEXT NOT NULL,
    trx_id TEXT,
    state TEXT NOT NULL CHECK (state IN ('done', 'broken', 'unparsed', 'conflict', 'looked_at', 'void')),
    reported_by TEXT,
    happened_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sms_to_look_at ON sms (number_id) WHERE state <> 'done' AND state <> 'looked_at' AND state <> 'void';
CREATE INDEX sms_day ON sms (happened_at);
-- Whose words are to be forgotten one day.
CREATE INDEX sms_words ON sms (seen_at) WHERE body <> '' AND (state = 'done' OR state = 'looked_at');

-- Money that a number's SMS told of. A TrxID is taken once, for ever, unless two persons say that who told of it lied: void.
CREATE TABLE number_credit (
    id INTEGER PRIMARY KEY,
    wallet TEXT NOT NULL,
    trx_id TEXT NOT NULL,
    number_id INTEGER NOT NULL REFERENCES wallet_number (id),
    sms_id INTEGER NOT NULL REFERENCES sms (id),
    amount INTEGER NOT NULL CHECK (amount > 0),
    balance INTEGER NOT NULL CHECK (balance >= 0),
    payer_mask TEXT,
    -- The last digits of the payer's number, which he types beside the TrxID; NULL: the SMS shows none.
    payer_end TEXT CHECK (length(payer_end) = 3),
    received_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('free', 'claimed', 'review', 'late', 'marked', 'void')),
    reason TEXT,
    payment_id INTEGER REFERENCES payment (id),
    claimed_at INTEGER NOT NULL,
    -- What one person asked for and another has to confirm; NULL: nothing.
    asked_by TEXT,
    asked_payment_id INTEGER REFERENCES payment (id),
    -- That it is void, and which SMS told the truth; NULL: none yet.
    asked_void INTEGER NOT NULL CHECK (asked_void IN (0, 1)),
    asked_sms_id INTEGER REFERENCES sms (id),
    -- It became free, and who typed its TrxID before was not looked for yet.
    to_match INTEGER NOT NULL CHECK (to_match IN (0, 1)),
    CHECK (state <> 'claimed' OR payment_id IS NOT NULL)
) STRICT;
CREATE UNIQUE INDEX number_credit_trx ON number_credit (wallet, trx_id) WHERE state <> 'void';
CREATE INDEX number_credit_match ON number_credit (id) WHERE to_match = 1;
CREATE INDEX number_credit_day ON number_credit (received_at);
CREATE INDEX number_credit_payment ON number_credit (payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX number_credit_state ON number_credit (state, seen_at) WHERE state <> 'claimed';
CREATE INDEX number_credit_sms ON number_credit (sms_id);

-- TrxIDs that payers typed before a phone told of their money.
CREATE TABLE number_wait (
    payment_id INTEGER NOT NULL REFERENCES payment (id),
    wallet TEXT NOT NULL,
    trx_id TEXT NOT NULL,
    payer_end TEXT NOT NULL CHECK (length(payer_end) = 3),
    typed_at INTEGER NOT NULL,
    PRIMARY KEY (payment_id, trx_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX number_wait_trx ON number_wait (wallet, trx_id, payer_end);
CREATE INDEX number_wait_typed ON number_wait (typed_at);

-- Who signs in to the cabinet. Times are 0 where it has not happened.
CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    -- Lower case.
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('operator_admin', 'operator_support', 'merchant_owner',
        'merchant_developer', 'merchant_viewer')),
    -- NULL: one of the operator's.
    merchant_id INTEGER REFERENCES merchant (id),
    -- NULL: invited, and has not chosen one yet.
    password_hash TEXT,
    -- The secret of the second factor; the new one waits for its first code.
    totp_box BLOB,
    totp_new_box BLOB,
    -- The last accepted step of the clock: a code counts once.
    totp_step INTEGER NOT NULL,
    language TEXT NOT NULL CHECK (language IN ('bn', 'en')),
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    disabled_at INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    CHECK ((merchant_id IS NULL) = (role IN ('operator_admin', 'operator_support')))
) STRICT;
CREATE INDEX person_merchant ON person (merchant_id);

-- Browsers that are signed in, by the digest of what their cookie holds.
CREATE TABLE person_session (
    id INTEGER PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES person (id),
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    -- code: the second factor is missing; setup: there is none yet and the role wants one
    stage TEXT NOT NULL CHECK (stage IN ('code', 'setup', 'full')),
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    client_ip TEXT NOT NULL,
    user_agent TEXT NOT NULL
) STRICT;
CREATE INDEX person_session_person ON person_session (person_id);
CREATE INDEX person_session_created ON person_session (created_at);

CREATE TABLE person_recovery (
    person_id INTEGER NOT NULL REFERENCES person (id),
    code_hash BLOB NOT NULL CHECK (length(code_hash) = 32),
    used_at INTEGER NOT NULL,
    PRIMARY KEY (person_id, code_hash)
) STRICT, WITHOUT ROWID;

-- Links by which a person chooses a password: one use, or until the next one is made.
CREATE TABLE person_invitation (
    id INTEGER PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES person (id),
    token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL
) STRICT;
CREATE INDEX person_invitation_person ON person_invitation (person_id);

-- How often somebody (an e-mail address, a network address, a person's second factor) failed to sign in, in a quarter of an hour.
CREATE TABLE sign_in_try (
    who BLOB NOT NULL,
    slot INTEGER NOT NULL,
    tries INTEGER NOT NULL CHECK (tries > 0),
    PRIMARY KEY (who, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_try_slot ON sign_in_try (slot);

-- How often somebody tried in a minute what may be a guess: a payment, or an address.
CREATE TABLE guess (
    who BLOB NOT NULL,
    minute INTEGER NOT NULL,
    tries INTEGER NOT NULL CHECK (tries > 0),
    PRIMARY KEY (who, minute)
) STRICT, WITHOUT ROWID;
CREATE INDEX guess_minute ON guess (minute);

-- Requests that were refused for their signature, for their merchant to see why: a few of each account, for some days.
CREATE TABLE refused_request (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id),
    at INTEGER NOT NULL,
    client_ip TEXT NOT NULL,
    path TEXT NOT NULL,
    body_bytes INTEGER NOT NULL CHECK (body_bytes >= 0),
    request_box BLOB NOT NULL
) STRICT;
CREATE INDEX refused_request_account ON refused_request (account_id, id);
CREATE INDEX refused_request_at ON refused_request (at);

-- Changes that persons make, in a hash chain; those that concern a merchant are links of a chain of his own, too.
CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY CHECK (id > 0),
    at INTEGER NOT NULL,
    person_id INTEGER,
    actor TEXT NOT NULL,
    merchant_id INTEGER,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    before_json TEXT,
    after_json TEXT,
    client_ip TEXT,
    prev_hash TEXT NOT NULL CHECK (length(prev_hash) = 64),
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    merchant_number INTEGER CHECK ((merchant_number IS NULL) = (merchant_id IS NULL)),
    merchant_prev_hash TEXT CHECK (length(merchant_prev_hash) = 64),
    merchant_hash TEXT CHECK (length(merchant_hash) = 64),
    UNIQUE (merchant_id, merchant_number),
    CHECK ((merchant_hash IS NULL) = (merchant_id IS NULL) AND (merchant_prev_hash IS NULL) = (merchant_id IS NULL))
) STRICT;

-- What the cabinet's overview adds up, by the day that payments were made on. Creates write nothing here: `created` and `asked` are
-- filled behind them, up to stat_mark; the rest in the transaction that changes the payment.
CREATE TABLE payment_stat (
    account_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    wallet TEXT NOT NULL,
    created INTEGER NOT NULL,
    -- Sums of amounts: of all, of those that ended.
    asked INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    reached INTEGER NOT NULL,
    paid INTEGER NOT NULL,
    cancelled INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    review INTEGER NOT NULL,
    -- Sums of money: what counts as paid, our part of it, what went back.
    received INTEGER NOT NULL,
    commission INTEGER NOT NULL,
    refunded INTEGER NOT NULL,
    PRIMARY KEY (account_id, day, wallet)
) STRICT, WITHOUT ROWID;

-- The last payment that is in payment_stat's `created`.
CREATE TABLE stat_mark (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    payment_id INTEGER NOT NULL
) STRICT;
INSERT INTO stat_mark (id, payment_id) VALUES (1, 100000000);

-- What moved an account's balance on a day.
CREATE TABLE ledger_day (
    account_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    received INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    refunded INTEGER NOT NULL,
    PRIMARY KEY (account_id, day)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER payment_event_update BEFORE UPDATE ON payment_event
BEGIN
    SELECT RAISE(ABORT, 'payment_event is append-only');
END;
CREATE TRIGGER payment_event_delete BEFORE DELETE ON payment_event
BEGIN
    SELECT RAISE(ABORT, 'payment_event is append-only');
END;
CREATE TRIGGER ledger_entry_update BEFORE UPDATE ON ledger_entry
BEGIN
    SELECT RAISE(ABORT, 'ledger_entry is append-only');
END;
CREATE TRIGGER ledger_entry_delete BEFORE DELETE ON ledger_entry
BEGIN
    SELECT RAISE(ABORT, 'ledger_entry is append-only');
END;
CREATE TRIGGER posting_update BEFORE UPDATE ON posting
BEGIN
    SELECT RAISE(ABORT, 'posting is append-only');
END;
CREATE TRIGGER posting_delete BEFORE DELETE ON posting
BEGIN
    SELECT RAISE(ABORT, 'posting is append-only');
END;
CREATE TRIGGER outbox_try_update BEFORE UPDATE ON outbox_try
BEGIN
    SELECT RAISE(ABORT, 'outbox_try is append-only');
END;
CREATE TRIGGER outbox_try_delete BEFORE DELETE ON outbox_try
BEGIN
    SELECT RAISE(ABORT, 'outbox_try is append-only');
END;
CREATE TRIGGER audit_log_update BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;
CREATE TRIGGER audit_log_delete BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'audit_log is append-only');
END;
