<?php
// Two habits of real shops: one ignores the HTTP status and looks for `errors`, one looks only for `url`; both post the same create
// again, up to three times, after anything that they take for an error.
require __DIR__ . '/post.php';
$data = json_encode(json_decode(getenv('SHOP_FIELDS'), true));
$log = [];
for ($try = 1; $try <= 3; $try++) {
    $answer = json_decode(shop_post($data), true);
    $log[] = $answer;
    $failed = getenv('SHOP_HABIT') === 'errors' ? isset($answer['errors']) : !isset($answer['url']);
    if (!$failed && $try > (int) getenv('SHOP_LOST')) {
        break;
    }
    usleep(50000);
}
echo json_encode(['tries' => $log]);
