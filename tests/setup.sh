#!/bin/sh
# Installs the programs that only some tests need, where that can be done: Debian packages, as root.
# Elsewhere the tests that need them are skipped with a line that says what to install.
set -eu
missing=""
command -v java >/dev/null || missing="$missing default-jre-headless"
command -v chromium >/dev/null || missing="$missing chromium"
command -v nginx >/dev/null || test -x /usr/sbin/nginx || missing="$missing nginx-light"
command -v openssl >/dev/null || missing="$missing openssl"
if [ -n "$missing" ] && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "Installing for tests:$missing"
    apt-get -qq update
    # shellcheck disable=SC2086  # a list of packages
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null
fi
