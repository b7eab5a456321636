// How the right way is written, in the languages of merchants' programs.
export const LANGUAGES = ['php', 'node', 'python'] as const;
export type Programming = typeof LANGUAGES[number];
export const NAMES: Record<Programming, string> = { php: 'PHP', node: 'Node', python: 'Python' };
export type Mend = 'key' | 'same' | 'sign' | 'base64' | 'header' | 'none';

export const MENDS: Record<Exclude<Mend, 'none'>, Record<Programming, string>> = {
  key: {
    php: `$key = openssl_pkey_get_private(
    file_get_contents('private.pem'),
    trim(file_get_contents('password.txt')));
if ($key === false) {
    throw new RuntimeException('the key cannot be opened');
}`,
    node: `const key = createPrivateKey({
  key: readFileSync('private.pem'),
  passphrase: readFileSync('password.txt', 'utf8').trim(),
});`,
    python: `key = serialization.load_pem_private_key(
    pathlib.Path("private.pem").read_bytes(),
    pathlib.Path("password.txt").read_bytes().strip())`,
  },
  same: {
    php: `$body = json_encode($fields);
openssl_sign($body, $sign, $key, OPENSSL_ALGO_SHA256);
curl_setopt($curl, CURLOPT_POSTFIELDS, $body);`,
    node: `const body = JSON.stringify(fields);
const Sign = sign('sha256', Buffer.from(body), key).toString('base64');
await fetch(url, { method: 'POST', headers: { ...headers, Sign }, body });`,
    python: `body = json.dumps(fields).encode()
sign = base64.b64encode(key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode()
requests.post(url, data=body, headers={**headers, "Sign": sign})`,
  },
  sign: {
    php: 'openssl_sign($body, $sign, $key, OPENSSL_ALGO_SHA256);',
    node: "const signature = sign('sha256', Buffer.from(body), key);",
    python: 'signature = key.sign(body, padding.PKCS1v15(), hashes.SHA256())',
  },
  base64: {
    php: "$headers[] = 'Sign: ' . base64_encode($sign);",
    node: "headers.Sign = signature.toString('base64');",
    python: 'headers["Sign"] = base64.b64encode(signature).decode()',
  },
  header: {
    php: `$headers[] = 'Account: ' . $account;
$headers[] = 'Content-Type: application/json';`,
    node: "const headers = { Account: account, 'Content-Type': 'application/json' };",
    python: 'headers = {"Account": account, "Content-Type": "application/json"}',
  },
};
