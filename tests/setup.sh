#!/bin/sh
# Installs the programs that only some tests need, where that can be done: Debian packages, as root; the OWL API
# with its reasoners and ROBOT, by Maven; and SPARQL clients of Node.js and Java into a cache, once.
# Elsewhere the tests that need them are skipped with a line that says what to install.
set -eu
cd "$(dirname "$0")/.."
missing=""
command -v java >/dev/null || missing="$missing default-jdk-headless"
command -v mvn >/dev/null || missing="$missing maven"
command -v chromium >/dev/null || missing="$missing chromium"
command -v curl >/dev/null || missing="$missing curl"
command -v jq >/dev/null || missing="$missing jq"
Rscript -e 'library(curl); library(jsonlite)' >/dev/null 2>&1 ||
    missing="$missing r-base-core r-cran-curl r-cran-jsonlite"
command -v sqlite3 >/dev/null || missing="$missing sqlite3"
command -v groff >/dev/null || missing="$missing groff-base"
command -v nginx >/dev/null || test -x /usr/sbin/nginx || missing="$missing nginx-light"
command -v haproxy >/dev/null || test -x /usr/sbin/haproxy || missing="$missing haproxy"
command -v openssl >/dev/null || missing="$missing openssl"
command -v virtuoso-t >/dev/null || missing="$missing virtuoso-opensource-7-bin"
command -v npm >/dev/null || missing="$missing npm"
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

# Each client is set up beside its place and moved there when it is whole.
here=$(CDPATH="" cd -- "$(dirname -- "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mesoonto-tests
mkdir -p "$cache"
# What is installed by npm: a name, and the folder of its package.json.
npm_tool() {
    if [ ! -d "$cache/$1" ] && command -v npm >/dev/null; then
        echo "Installing for tests: $1"
        rm -rf "$cache/$1.partial" && mkdir "$cache/$1.partial"
        cp "$here/$2/package.json" "$cache/$1.partial/"
        if (cd "$cache/$1.partial" && timeout 300 npm install --no-audit --no-fund --silent); then
            mv "$cache/$1.partial" "$cache/$1"
        fi
    fi
}
# The schema of the format of design patterns comes with the program that its authors validate with.
if [ ! -d "$cache/dosdp" ]; then
    echo "Installing for tests: the schema of DOSDP"
    rm -rf "$cache/dosdp.partial"
    if .venv/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes \
        --target "$cache/dosdp.partial" --requirement "$here/owl/dosdp.txt"; then
        mv "$cache/dosdp.partial" "$cache/dosdp"
    fi
fi
npm_tool comunica federation/clients
npm_tool axe server/axe
if [ ! -d "$cache/jena" ] && command -v mvn >/dev/null; then
    echo "Installing for tests: Apache Jena"
    rm -rf "$cache/jena.partial" && mkdir "$cache/jena.partial"
    if timeout 300 mvn --quiet --batch-mode --file "$here/federation/clients/pom.xml" \
        org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DoutputDirectory="$cache/jena.partial/lib" -DincludeScope=runtime; then
        printf '#!/bin/sh\nexec java -cp "%s/*" arq.arq "$@"\n' "$cache/jena/lib" >"$cache/jena.partial/arq"
        chmod +x "$cache/jena.partial/arq"
        mv "$cache/jena.partial" "$cache/jena"
    fi
fi
if [ ! -d "$cache/fuseki" ] && command -v mvn >/dev/null; then
    echo "Installing for tests: Apache Jena Fuseki"
    rm -rf "$cache/fuseki.partial" && mkdir "$cache/fuseki.partial"
    if timeout 300 mvn --quiet --batch-mode --file "$here/engines/pom.xml" \
        org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
        -DoutputDirectory="$cache/fuseki.partial" -Dmdep.excludeTransitive=true -Dmdep.stripVersion=true; then
        mv "$cache/fuseki.partial" "$cache/fuseki"
    fi
fi

# The W3C's test suites for SPARQL and SHACL, from the sources of Apache Jena, which takes some cases out of one
# manifest. MESOONTO_W3C_TESTS names a folder with others.
if [ ! -d "$cache/w3c" ] && [ -z "${MESOONTO_W3C_TESTS:-}" ] && command -v mvn >/dev/null; then
    echo "Installing for tests: the W3C's test suites"
    rm -rf "$cache/w3c.partial" && mkdir "$cache/w3c.partial"
    if (
        cd "$cache/w3c.partial" # where Maven leaves a folder of notes
        timeout 600 mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.6.1:unpack \
            -Dartifact=org.apache.jena:jena:6.1.0:zip:source-release -DoutputDirectory="$PWD" \
            '-Dmdep.unpack.includes=**/rdf-tests-cg/sparql/**,**/jena-shacl/src/test/files/std/**'
    ); then
        mkdir "$cache/w3c.partial/whole"
        mv "$cache"/w3c.partial/jena-*/jena-arq/testing/rdf-tests-cg/sparql "$cache/w3c.partial/whole/sparql"
        mv "$cache"/w3c.partial/jena-*/jena-shacl/src/test/files/std "$cache/w3c.partial/whole/shacl"
        manifest=$cache/w3c.partial/whole/shacl/sparql/pre-binding/manifest.ttl
        sed 's/^## //' "$manifest" >"$manifest.new" && mv "$manifest.new" "$manifest"
        mv "$cache/w3c.partial/whole" "$cache/w3c" && rm -rf "$cache/w3c.partial"
    fi
fi
