#!/usr/bin/env bash
# Whether a commit or a tag has trailers depends on the settings of whoever reads it.
#
# Seen with Git 2.39.5 (Linux). With `trailer.separators` set to anything without `:`, an ordinary setting of people
# who write `Fix #42` trailers, `for-each-ref` and `log` find no trailer in a message that was written with
# `Key: value`: the fields are empty, and the exit code is 0. A program that keeps facts in trailers and reads them
# with these formats sees them vanish on one person's machine. `git -c trailer.separators=: …` is the remedy (here by the variables that mean the same).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=$work/config
git --version
git init --quiet "$work/repository" && cd "$work/repository"
git config user.name Ann && git config user.email ann@example.invalid
git commit --quiet --allow-empty -m 'A change' -m 'Ticket: 17'
git tag -a -m 'A release' -m 'Ticket: 17' v1

read_both() {
    git for-each-ref --format='%(contents:trailers:key=Ticket,valueonly)' refs/tags | tr -d '\n'
    printf '/'
    git log -1 --format='%(trailers:key=Ticket,valueonly)' | tr -d '\n'
}

usual=$(read_both)
git config trailer.separators '=#'
other=$(read_both)
pinned=$(GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=trailer.separators GIT_CONFIG_VALUE_0=: read_both)
echo "tag/commit, without the setting:      $usual"
echo "tag/commit, with the setting '=#':    $other"
echo "tag/commit, with it, but pinned to ':': $pinned"
[ "$usual" = 17/17 ] && [ "$other" = / ] && [ "$pinned" = 17/17 ] || { echo "this is no longer as described"; exit 1; }
