#!/usr/bin/env bash
# Shellcheck over every shell script that git knows, as TAP.
# The one thing to know: scripts are found by their first line, so a new one is checked without being listed.
set -uo pipefail
cd "$(dirname -- "${BASH_SOURCE[0]}")/../.." || exit 1
# A checkout that belongs to somebody else is read all the same.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'

mapfile -t scripts < <(git grep -lI -m1 -E '^#!.*\b(ba)?sh$' -- ':!*.md')
echo "1..${#scripts[@]}"
number=0
for script in "${scripts[@]}"; do
    number=$((number + 1))
    if output=$(shellcheck -x "$script" 2>&1); then
        echo "ok $number - $script"
    else
        echo "not ok $number - $script"
        echo "# ${output//$'\n'/$'\n'# }"
    fi
done
