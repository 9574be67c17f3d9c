#!/bin/sh
# Clone the project once, then run the agent in the clone. TFOPS_REPOSITORY says which one; TFOPS_BRANCH_HOME, if set,
# which branch's tfops.yaml says which environments there are.
set -eu
: "${TFOPS_REPOSITORY:?which repository? set TFOPS_REPOSITORY}"
mkdir -p "$HOME"
if [ ! -d /work/project/.git ]; then
  rm -rf /work/cloning
  git clone --quiet ${TFOPS_BRANCH_HOME:+--branch "$TFOPS_BRANCH_HOME"} -- "$TFOPS_REPOSITORY" /work/cloning
  mv /work/cloning /work/project
fi
cd /work/project
git config user.name "${TFOPS_NAME:-tfops agent}"
git config user.email "${TFOPS_EMAIL:-tfops-agent@localhost}"
exec tfops agent "$@"
