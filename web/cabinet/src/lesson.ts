// The first request in each language, with the merchant's own account filled in. Pure: the suite runs each as it is printed here.
export interface Shop {
  api: string;
  account: string;
  service: string;
}

export interface Program {
  name: string; // what the language is called
  file?: string; // what it is saved as; absent: it is typed
  run: string; // how it is started, in the folder with the archive's files
  code: string;
}

const php = ({ api, account, service }: Shop) => `<?php
$body = json_encode([
    'amount' => '300.00',
    'order_id' => 'first-php-' . time(),
    'service' => '${service}',
    'customer_ip' => '203.0.113.7',
    'customer_code' => 'bkash',
]);
$key = openssl_pkey_get_private(file_get_contents('private.pem'), file_get_contents('password.txt'));
openssl_sign($body, $sign, $key, OPENSSL_ALGO_SHA256);
$curl = curl_init('${api}/v1/payment');
curl_setopt_array($curl, [
    CURLOPT_POSTFIELDS => $body,
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => [
        'Content-Type: application/json',
        'Account: ${account}',
        'Sign: ' . base64_encode($sign),
    ],
]);
echo curl_exec($curl), "\\n";
`;

const node = ({ api, account, service }: Shop) => `import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const key = createPrivateKey({ key: readFileSync('private.pem'), passphrase: readFileSync('password.txt') });
const body = JSON.stringify({
  amount: '300.00',
  order_id: \`first-node-\${Date.now()}\`,
  service: '${service}',
  customer_ip: '203.0.113.7',
  customer_code: 'bkash',
});
const answer = await fetch('${api}/v1/payment', {
  method: 'POST',
  headers: {
    'Content-Type': 'application/json',
    Account: '${account}',
    Sign: sign('sha256', Buffer.from(body), key).toString('base64'),
  },
  body,
});
console.log(await answer.text());
`;

const python = ({ api, account, service }: Shop) => `import base64, json, time, urllib.error, urllib.request
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

with open("private.pem", "rb") as pem, open("password.txt", "rb") as password:
    key = serialization.load_pem_private_key(pem.read(), password.read())
body = json.dumps({
    "amount": "300.00",
    "order_id": f"first-python-{int(time.time())}",
    "service": "${service}",
    "customer_ip": "203.0.113.7",
    "customer_code": "bkash",
}).encode()
sign = base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
request = urllib.request.Request("${api}/v1/payment", body, {
    "Content-Type": "application/json",
    "Account": "${account}",
    "Sign": sign,
})
try:
    print(urllib.request.urlopen(request).read().decode())
except urllib.error.HTTPError as refusal:
    print(refusal.read().decode())
`;

const shell = ({ api, account, service }: Shop) => `BODY='{"amount":"300.00","order_id":"first-curl-'$(date +%s)'","service":"${service}","customer_ip":"203.0.113.7","customer_code":"bkash"}'
SIGN=$(printf %s "$BODY" | openssl dgst -sha256 -sign private.pem -passin file:password.txt | openssl base64 -A)
curl -sS ${api}/v1/payment -H 'Content-Type: application/json' \\
  -H 'Account: ${account}' -H "Sign: $SIGN" --data-binary "$BODY"
`;

const kassa = ({ api, account, service }: Shop) => `kassa pay --api-url ${api} --account ${account} --certs . --digest sha256 \\
  --amount 300.00 --order first-kassa-$(date +%s) --service ${service}
`;

export const LANGUAGES = ['php', 'node', 'python', 'curl', 'kassa'] as const;
export type LessonLanguage = typeof LANGUAGES[number];

export function lesson(language: LessonLanguage, shop: Shop): Program {
  switch (language) {
    case 'php': return { name: 'PHP', file: 'first.php', run: 'php first.php', code: php(shop) };
    case 'node': return { name: 'Node', file: 'first.mjs', run: 'node first.mjs', code: node(shop) };
    case 'python': return { name: 'Python', file: 'first.py', run: 'python3 first.py', code: python(shop) };
    case 'curl': return { name: 'curl', file: 'first.sh', run: 'sh first.sh', code: shell(shop) };
    case 'kassa': return { name: 'kassa pay', run: '', code: kassa(shop) };
  }
}
