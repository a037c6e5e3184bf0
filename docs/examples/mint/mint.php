<?php
// PHP, no library. Mind that json_encode writes an empty PHP array as [], which is no object: leave params out if there are none.
// php mint.php alice

function base64url(string $bytes): string
{
    return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
}

function access_token(string $account, string $key, string $secret, string $application, string $identity): string
{
    $now = time();
    $header = ['alg' => 'HS256', 'typ' => 'JWT', 'cty' => 'twilio-fpa;v=1'];
    $claims = [
        'jti' => "$key-$now",
        'iss' => $key,
        'sub' => $account,
        'iat' => $now,
        'exp' => $now + 3600,
        'grants' => [
            'identity' => $identity,
            'voice' => [
                'incoming' => ['allow' => true],
                'outgoing' => ['application_sid' => $application, 'params' => ['campaign' => 'spring']],
            ],
        ],
    ];
    $signed = base64url(json_encode($header, JSON_THROW_ON_ERROR)) . '.' . base64url(json_encode($claims, JSON_THROW_ON_ERROR));
    return $signed . '.' . base64url(hash_hmac('sha256', $signed, $secret, true));
}

echo access_token(
    getenv('CALLGATE_ACCOUNT'),
    getenv('CALLGATE_KEY'),
    getenv('CALLGATE_SECRET'),
    getenv('CALLGATE_APPLICATION'),
    $argv[1]
), "\n";
