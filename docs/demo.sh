#!/usr/bin/env bash
# The main job, in a scratch project: init, apply, change, apply, rollback, status, history.
# Every line that begins with `$` is what one would type.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# A machine without a Git identity shall see the same.
export GIT_AUTHOR_NAME=ann GIT_AUTHOR_EMAIL=ann@example.com
export GIT_COMMITTER_NAME=ann GIT_COMMITTER_EMAIL=ann@example.com

run() {
    printf '\n\033[1m$ %s\033[0m\n' "$*"
    "$@"
}

run tfops init shop
cd shop
run tfops apply dev --yes
printf '\n\033[1m$ sed -i s/1.4.2/1.5.0/ environments/dev.yaml && git commit -am "shop 1.5.0"\033[0m\n'
sed 's/1\.4\.2/1.5.0/' environments/dev.yaml >new && mv new environments/dev.yaml
git commit --quiet -am "shop 1.5.0"
run tfops plan
run tfops apply --yes
run tfops rollback dev --yes
run tfops status
run tfops history dev
