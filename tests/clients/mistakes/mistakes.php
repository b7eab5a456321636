<?php
// A shop's faults, each made as shops make it: a line of JSON for each, with what went into Sign and what was sent.
$dir = getenv('SHOP_CERT');
$pem = fn (string $purpose) => file_get_contents("$dir/$purpose/private.pem");
$pass = fn (string $purpose) => file_get_contents("$dir/$purpose/password.txt");
$fields = json_decode(getenv('SHOP_FIELDS'), true);
$key = openssl_pkey_get_private($pem('payments'), $pass('payments'));

function tell(string $name, $sign, string $body): void
{
    echo json_encode(['name' => $name, 'sign' => $sign, 'body' => base64_encode($body)]), "\n";
}

function sign(string $text, $key, $algorithm = OPENSSL_ALGO_SHA256): string
{
    $sign = '';
    openssl_sign($text, $sign, $key, $algorithm);
    return $sign;
}

$body = json_encode($fields);
$raw = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE;
tell('good', base64_encode(sign($body, $key)), $body);
tell('body_slashes', base64_encode(sign($body, $key)), json_encode($fields, JSON_UNESCAPED_SLASHES));
tell('body_unicode', base64_encode(sign($body, $key)), json_encode($fields, JSON_UNESCAPED_UNICODE));
tell('body_reencoded slashes, unicode', base64_encode(sign($body, $key)), json_encode($fields, $raw));
tell('body_spaces', base64_encode(sign(json_encode($fields, JSON_PRETTY_PRINT), $key)), $body);
$sorted = $fields;
ksort($sorted);
tell('body_order', base64_encode(sign(json_encode($sorted), $key)), $body);
tell('body_order any', base64_encode(sign(json_encode(array_reverse(['a' => '1', 'c' => 'x', 'b' => '2'])), $key)), '{"a":"1","c":"x","b":"2"}');
tell('body_numbers', base64_encode(sign(json_encode(json_decode('{"amount":300.00,"order_id":"a"}')), $key)), '{"amount":300.00,"order_id":"a"}');
// file_put_contents and a file's last line
tell('newline_came', base64_encode(sign($body, $key)), $body . "\n");
tell('newline_signed', base64_encode(sign($body . PHP_EOL, $key)), $body);
$lines = json_encode($fields, JSON_PRETTY_PRINT);
tell('body_crlf', base64_encode(sign(str_replace("\n", "\r\n", $lines), $key)), $lines);
tell('body_bom', base64_encode(sign($body, $key)), "\u{FEFF}" . $body);
// an undefined variable; json_encode of what is no UTF-8
tell('signed_empty', base64_encode(sign((string) @json_encode(["a" => "\xff"]), $key)), $body);
tell('signed_nothing', base64_encode(sign(@((string) (fn () => [])()), $key)), $body);
tell('signed_form', base64_encode(sign(http_build_query($fields), $key)), $body);
tell('signed_values', base64_encode(sign(implode('|', $fields), $key)), $body);
tell('signed_hash_hex', base64_encode(sign(hash('sha256', $body), $key)), $body);
tell('signed_hash_raw', base64_encode(sign(hash('sha256', $body, true), $key)), $body);
tell('signed_base64', base64_encode(sign(base64_encode($body), $key)), $body);
tell('signed_json_text', base64_encode(sign(json_encode($body), $key)), $body);
tell('signed_charset twice', base64_encode(sign(@utf8_encode(json_encode($fields, $raw)), $key)), json_encode($fields, $raw));
tell('signed_charset latin', base64_encode(sign(@utf8_decode(json_encode($fields, $raw)), $key)), json_encode($fields, $raw));
tell('signed_with_more', base64_encode(sign('/v1/payment' . $body, $key)), $body);
tell('key_payouts', base64_encode(sign($body, openssl_pkey_get_private($pem('payouts'), $pass('payouts')))), $body);
tell('key_of_other_account', base64_encode(sign($body, openssl_pkey_get_private($pem('other'), $pass('other')))), $body);
tell('cert_revoked', base64_encode(sign($body, openssl_pkey_get_private($pem('revoked'), $pass('revoked')))), $body);
tell('cert_expired', base64_encode(sign($body, openssl_pkey_get_private($pem('ended'), $pass('ended')))), $body);
tell('sign_wrapped', chunk_split(base64_encode(sign($body, $key)), 64, "\n"), $body);
tell('sign_base64url', strtr(base64_encode(sign($body, $key)), '+/', '-_'), $body);
tell('sign_unpadded', rtrim(base64_encode(sign($body, $key)), '='), $body);
tell('sign_hex', bin2hex(sign($body, $key)), $body);
tell('sign_twice', base64_encode(base64_encode(sign($body, $key))), $body);
tell('sign_percent', urlencode(base64_encode(sign($body, $key))), $body);
for ($i = 0; !str_contains(base64_encode(sign($with_plus = json_encode($fields + ['n' => $i]), $key)), '+'); $i++);
tell('sign_plus_lost', urldecode(base64_encode(sign($with_plus, $key))), $with_plus);
tell('digest_md5', base64_encode(sign($body, $key, OPENSSL_ALGO_MD5)), $body);
tell('digest_sha512', base64_encode(sign($body, $key, OPENSSL_ALGO_SHA512)), $body);
openssl_private_encrypt(hash('sha256', $body), $bare, $key);
tell('padding_bare', base64_encode($bare), $body);
// password.txt was opened in an editor that ends each line: the key can't be opened, and nothing stops the program
$no_key = openssl_pkey_get_private($pem('payments'), $pass('payments') . "\n");
$sign = null;
@(fn () => $no_key ? openssl_sign($body, $sign, $no_key, OPENSSL_ALGO_SHA256) : false)();
tell('sign_empty', base64_encode((string) $sign), $body);
tell('sign_placeholder', json_encode($no_key), $body);
tell('body_compressed', base64_encode(sign($body, $key)), gzencode($body));
tell('sign_not_rsa', base64_encode(hash_hmac('sha256', $body, 'secret', true)), $body);
