#!/usr/bin/env bash
# Writes what this checkout changes since it left $BASE, to build/diff: Markdown and KGCL.
set -euo pipefail
since=$(git merge-base "$BASE" HEAD)
mkdir -p build/diff
# 1 says that something differs, and is no mistake here
for form in "markdown --limit 40" kgcl; do
    status=0
    # shellcheck disable=SC2086  # two words where there is a limit
    .venv/bin/mesoonto diff "$since" shipped --format $form >"build/diff/${form%% *}" || status=$?
    [ "$status" -le 1 ] || exit "$status"
done
# a comment takes 65,536 characters
head -c 60000 build/diff/markdown | iconv -f utf-8 -t utf-8 -c >build/diff/changes.md
mv build/diff/kgcl build/diff/changes.kgcl
rm build/diff/markdown
cat build/diff/changes.md >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
