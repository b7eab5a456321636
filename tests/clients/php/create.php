<?php
// A merchant's program as the API's document shows it: json_encode, openssl_sign with its default digest, base64.
$data = json_decode(getenv('SHOP_FIELDS'), true);
$url = getenv('SHOP_URL');
$account = getenv('SHOP_ACCOUNT');
chdir(getenv('SHOP_CERT'));

$data = json_encode($data);
$privateKey = openssl_pkey_get_private(
    file_get_contents('private.pem'),
    file_get_contents('password.txt')
);
if ($privateKey === false) {
    throw new \Exception('Error cert.');
}
openssl_sign($data, $sign, $privateKey);
$sign = base64_encode($sign);

$ch = curl_init($url);
curl_setopt($ch, CURLOPT_POST, true);
curl_setopt($ch, CURLOPT_POSTFIELDS, $data);
curl_setopt($ch, CURLOPT_RETURNTRANSFER, true);
curl_setopt($ch, CURLOPT_HTTPHEADER, [
    'Content-Type: application/json',
    'Account: ' . $account,
    'Sign: ' . $sign,
]);
if (getenv('SHOP_CA')) {
    curl_setopt($ch, CURLOPT_CAINFO, getenv('SHOP_CA'));
}
$response = curl_exec($ch);
if ($response === false) {
    fwrite(STDERR, curl_error($ch));
    exit(2);
}
echo json_encode(['status' => curl_getinfo($ch, CURLINFO_HTTP_CODE), 'body' => $response, 'sent' => $data]);
