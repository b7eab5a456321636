<?php
function shop_post(string $data): string
{
    $dir = getenv('SHOP_CERT');
    $key = openssl_pkey_get_private(file_get_contents($dir . '/private.pem'), file_get_contents($dir . '/password.txt'));
    openssl_sign($data, $sign, $key);
    $ch = curl_init(getenv('SHOP_URL'));
    curl_setopt_array($ch, [
        CURLOPT_POST => true,
        CURLOPT_POSTFIELDS => $data,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_HTTPHEADER => ['Content-Type: application/json', 'Account: ' . getenv('SHOP_ACCOUNT'), 'Sign: ' . base64_encode($sign)],
    ]);
    return curl_exec($ch);
}
