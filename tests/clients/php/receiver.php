<?php
// A merchant's receiver under `php -S`. The path says how notifications come and how this shop treats input before it verifies:
// /get, /form or /json, then plain, trim (blanks taken off every text) or null (trim, and "" made null, as frameworks do).
// Each result is a line in SHOP_LOG; /return verifies the payer's return.
[$mode, $habit] = array_pad(explode('/', trim(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), '/')), 2, 'plain');
$input = ['get' => $_GET, 'form' => $_POST, 'return' => $_POST][$mode] ?? json_decode(file_get_contents('php://input'), true);

if ($habit !== 'plain') {
    foreach ($input as $name => $value) {
        $value = is_string($value) ? trim($value) : $value;
        $input[$name] = $habit === 'null' && $value === '' ? null : $value;
    }
}

if ($mode === 'return') {
    $data = ['order_id' => $input['order_id'], 'uuid' => $input['uuid']];
} else {
    $data = [
        'type' => $input['type'],
        'id' => (int) $input['id'],
        'order_id' => $input['order_id'],
        'payment_status' => $input['payment_status'],
        'amount' => $input['amount'],
        'payment_amount' => $input['payment_amount'],
        'commission_amount' => $input['commission_amount'],
        'is_partial_payment' => $input['is_partial_payment'],
        'account' => $input['account'],
        'service' => $input['service'],
        'desc' => $input['desc'] ?? null,
    ];
}
$algorithm = getenv('SHOP_DIGEST') === 'sha256' ? OPENSSL_ALGO_SHA256 : OPENSSL_ALGO_SHA1;
$key = openssl_pkey_get_public(file_get_contents(getenv('SHOP_CERT') . '/public.pem'));
$good = openssl_verify(json_encode($data), base64_decode($input['sign']), $key, $algorithm);

file_put_contents(getenv('SHOP_LOG'), json_encode([
    'path' => $_SERVER['REQUEST_URI'],
    'method' => $_SERVER['REQUEST_METHOD'],
    'verified' => $good,
    'data' => $data,
]) . "\n", FILE_APPEND | LOCK_EX);
http_response_code($good === 1 ? 200 : 403);
echo 'OK';
