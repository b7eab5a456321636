<?php
// The same without curl: a stream context, as many shops on shared hosting do it. SHOP_FLAGS are json_encode's.
$data = json_encode(json_decode(getenv('SHOP_FIELDS'), true), (int) getenv('SHOP_FLAGS'));
$dir = getenv('SHOP_CERT');
$key = openssl_pkey_get_private('file://' . $dir . '/private.pem', file_get_contents($dir . '/password.txt'));
openssl_sign($data, $sign, $key, getenv('SHOP_DIGEST') === 'sha256' ? OPENSSL_ALGO_SHA256 : OPENSSL_ALGO_SHA1);
$context = stream_context_create(['http' => [
    'method' => 'POST',
    'header' => "Content-Type: application/json; charset=utf-8\r\n"
        . 'Account: ' . strtoupper(getenv('SHOP_ACCOUNT')) . "\r\n"
        . 'Sign: ' . base64_encode($sign) . "\r\n",
    'content' => $data,
    'ignore_errors' => true,
    'timeout' => 20,
]]);
$response = file_get_contents(getenv('SHOP_URL'), false, $context);
preg_match('~^HTTP/\S+ (\d+)~', $http_response_header[0], $status);
echo json_encode(['status' => (int) $status[1], 'body' => $response, 'sent' => $data]);
