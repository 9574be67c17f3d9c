#!/bin/sh
# Clone the project once, then run the agent in the clone. TFOPS_REPOSITORY says which one; TFOPS_BRANCH_HOME, if set,
# which branch's tfops.yaml says which environments there are.
set -eu
: "${TFOPS_REPOSITORY:?which repository? set TFOPS_REPOSITORY}"
mkdir -p "$HOME"
if [ ! -d /var/lib/tfops/project/.git ]; then
  rm -rf /var/lib/tfops/cloning
  git clone --quiet ${TFOPS_BRANCH_HOME:+--branch "$TFOPS_BRANCH_HOME"} -- "$TFOPS_REPOSITORY" /var/lib/tfops/cloning
  mv /var/lib/tfops/cloning /var/lib/tfops/project
fi
cd /var/lib/tfops/project
git config user.name "${TFOPS_NAME:-tfops agent}"
git config user.email "${TFOPS_EMAIL:-tfops-agent@localhost}"
exec tfops agent "$@"
