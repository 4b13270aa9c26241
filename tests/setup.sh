#!/bin/sh
# Installs the programs that only some tests need, where that can be done: Debian packages, as root, and the OWL
# API with its reasoners and ROBOT, by Maven. Elsewhere the tests that need them are skipped with a line that
# says what to install.
set -eu
cd "$(dirname "$0")/.."
missing=""
command -v java >/dev/null || missing="$missing default-jdk-headless"
command -v mvn >/dev/null || missing="$missing maven"
command -v chromium >/dev/null || missing="$missing chromium"
if [ -n "$missing" ] && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "Installing for tests:$missing"
    apt-get -qq -o DPkg::Lock::Timeout=300 update
    # shellcheck disable=SC2086  # a list of packages
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends \
        $missing >/dev/null
fi
if { [ ! -e build/java/installed ] || [ tests/owl/java/pom.xml -nt build/java/installed ]; } &&
    command -v mvn >/dev/null; then
    echo "Installing the OWL API for tests"
    mvn --quiet --batch-mode --file tests/owl/java/pom.xml dependency:copy-dependencies \
        -DoutputDirectory="$PWD/build/java" && touch build/java/installed
fi
