// Who may make which call of the cabinet, told a second time and by hand: a row for each row of src/http/cabinet_routes.def.
// A call is 'METHOD /path'. The roles: oa operator_admin, os operator_support, mo merchant_owner, md merchant_developer, mv merchant_viewer;
// 'anybody' needs no session, 'any session' may have come as far as it has, 'code' and 'setup' are how far one must have come.
export const SHORT = { oa: 'operator_admin', os: 'operator_support', mo: 'merchant_owner', md: 'merchant_developer', mv: 'merchant_viewer' };

export const MATRIX = {
  'GET /session': 'anybody',
  'POST /sign-in': 'anybody',
  'POST /sign-out': 'any session',
  'POST /invitation/look': 'anybody',
  'POST /invitation/accept': 'anybody',
  'POST /sign-in/code': 'code',
  'POST /sign-in/recovery': 'code',
  'POST /totp/start': 'setup',
  'POST /totp/confirm': 'setup',
  'POST /totp/remove': 'oa os mo md mv',
  'POST /recovery-codes': 'oa os mo md mv',
  'GET /sessions': 'oa os mo md mv',
  'POST /sessions/end-others': 'oa os mo md mv',
  'POST /sessions/{}/end': 'oa os mo md mv',
  'GET /profile': 'oa os mo md mv',
  'POST /profile': 'oa os mo md mv',
  'POST /password': 'oa os mo md mv',
  'GET /people': 'oa os mo',
  'POST /people': 'oa mo',
  'GET /people/{}': 'oa os mo',
  'POST /people/{}': 'oa mo',
  'POST /people/{}/enable': 'oa mo',
  'POST /people/{}/disable': 'oa mo',
  'POST /people/{}/reset': 'oa mo',
  'GET /accounts': 'oa os mo md mv',
  'GET /accounts/{}': 'oa os mo md mv',
  'POST /accounts/{}/settings': 'oa mo md',
  'POST /accounts/{}/secret': 'oa mo md',
  'GET /accounts/{}/certs': 'oa os mo md mv',
  'POST /accounts/{}/certs': 'oa mo md',
  'POST /accounts/{}/certs/import': 'oa mo md',
  'GET /certs/{}/public': 'oa os mo md mv',
  'POST /certs/{}/revoke': 'oa mo md',
  'GET /accounts/{}/redirects': 'oa os mo md mv',
  'POST /accounts/{}/redirects': 'oa mo md',
  'POST /redirects/{}/delete': 'oa mo md',
  'GET /accounts/{}/endpoints': 'oa os mo md mv',
  'POST /accounts/{}/endpoints': 'oa mo md',
  'GET /accounts/{}/deliveries': 'oa os mo md mv',
  'GET /endpoints/{}': 'oa os mo md mv',
  'POST /endpoints/{}': 'oa mo md',
  'POST /endpoints/{}/enable': 'oa mo md',
  'POST /endpoints/{}/disable': 'oa mo md',
  'POST /endpoints/{}/delete': 'oa mo md',
  'POST /endpoints/{}/secret': 'oa mo md',
  'GET /endpoints/{}/deliveries': 'oa os mo md mv',
  'GET /endpoints/{}/trials': 'oa os mo md mv',
  'POST /endpoints/{}/trials': 'oa mo md',
  'GET /trials/{}': 'oa os mo md mv',
  'GET /notifications/{}': 'oa os mo md mv',
  'POST /notifications/{}/resend': 'oa mo md',
  'GET /overview': 'oa os mo md mv',
  'GET /payments': 'oa os mo md mv',
  'GET /payments/export': 'oa os mo md mv',
  'GET /payments/{}': 'oa os mo md mv',
  'GET /accounts/{}/balance': 'oa os mo mv',
  'GET /accounts/{}/statement': 'oa os mo mv',
  'GET /accounts/{}/statement/export': 'oa os mo mv',
};

// Of a scope: an id of w.account's merchant, as a path holds it; for SESSION one of the caller's own.
export const OWN = {
  MERCHANT: (w) => w.account.merchant,
  ACCOUNT: (w) => w.account.uuid,
  PAYMENT: (w) => w.things.payment,
  CERT: (w) => w.account.certs.payments.id,
  REDIRECT: (w) => w.things.redirect,
  ENDPOINT: (w) => w.account.endpoint.id,
  TRIAL: (w) => w.things.trial,
  NOTIFICATION: (w) => w.things.notification,
  PERSON: (w) => w.things.person,
  SESSION: async (w, visitor) => (await visitor.good('GET', '/sessions')).items.find((s) => s.current).id,
};
// Of a scope: what no merchant has. The ids of people and the like are numbers.
export const UNKNOWN = { ACCOUNT: ['00000000-0000-4000-8000-000000000000', 'x', '1'] };
export const UNKNOWN_NUMBER = ['999999999', '0', '-1', '1e3', 'x', '9999999999999999999999', '%00'];
// GET calls that need more than their path to be answered with 200: 'GET /path' to a query.
export const QUERY = {};
