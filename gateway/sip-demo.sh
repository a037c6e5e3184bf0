# shellcheck shell=bash
# The phones of `gateway/run --sip-demo`: two baresips on loopback, one that sends back what it hears, one with a tone.
# The one thing to know: each gets SIGTERM from the kernel when the process that started it ends, be it killed, or turned
# into the gateway by exec.

# Below the ports of Linux's own choice. A phone takes the next port too, for TLS.
SIP_DEMO_PORTS=(5070 5074 5170 5174 5270 5274 5370 5374)
SIP_DEMO_RTP=30000-31999

# sip_demo_config PORT USER ANSWER-MODE LINE...: the directory of a phone, from which it reads its configuration.
sip_demo_config() {
    local directory=$1 port=$2 user=$3 answer=$4
    shift 4
    {
        printf '%s\n' "poll_method epoll" "sip_listen 127.0.0.1:$port" "rtp_ports $SIP_DEMO_RTP" \
            "module_path /usr/lib/baresip/modules" "audio_alert aubridge,alert" "audio_player aubridge,$user"
        printf 'module %s.so\n' opus g711 ausine aubridge
        printf 'module_app %s.so\n' account
        printf '%s\n' "$@"
    } >"$directory/config"
    echo "<sip:$user@127.0.0.1:$port>;regint=0;answermode=$answer" >"$directory/accounts"
}

# sip_demo_phone DIRECTORY: starts it and waits until it is ready; fails with its words in DIRECTORY/log.
sip_demo_phone() {
    local directory=$1 phone
    setpriv --pdeathsig TERM baresip -f "$directory" -n 127.0.0.1 >"$directory/log" 2>&1 </dev/null &
    phone=$!
    until grep -qs 'baresip is ready' "$directory/log"; do
        kill -0 "$phone" 2>/dev/null || return 1
        sleep 0.05
    done
    sip_demo_started+=("$phone")
}

# One phone at PORT, the other at PORT + 2. Their files may go once they are ready.
sip_demo_pair() {
    local port=$1 directory status=0
    sip_demo_started=()
    directory=$(mktemp -d)
    mkdir "$directory/echo" "$directory/tone"
    sip_demo_config "$directory/echo" "$port" echo manual "audio_source aubridge,echo" "module_app echo.so"
    sip_demo_config "$directory/tone" $((port + 2)) tone auto "audio_source ausine,440" "ausrc_srate 48000" \
        "ausrc_channels 2" "module_app menu.so"
    if ! { sip_demo_phone "$directory/echo" && sip_demo_phone "$directory/tone"; }; then
        sip_demo_log=$(cat "$directory"/*/log)
        [[ ${#sip_demo_started[@]} -eq 0 ]] || kill "${sip_demo_started[@]}"
        status=1
    fi
    rm -rf "$directory"
    return "$status"
}

# Starts them at the first ports that are free: sip_demo_port.
sip_demo_start() {
    for sip_demo_port in "${SIP_DEMO_PORTS[@]}"; do
        sip_demo_pair "$sip_demo_port" && return
        [[ $sip_demo_log == *"Address already in use"* ]] || break
    done
    echo "gateway/run: the phones of the demo do not start:" >&2
    echo "$sip_demo_log" >&2
    return 1
}
