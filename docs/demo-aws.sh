#!/usr/bin/env bash
# The main job with the real AWS provider, in an emulated AWS on loopback (moto): network, service and storage are
# made, changed, changed by hand, rolled back, destroyed. State and lock are in S3. Nothing leaves this machine but the
# download of the provider, unless TFOPS_PROVIDER_MIRROR names a mirror that has it.
set -euo pipefail

repository=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}
scratch=$(mktemp -d)
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
(cd "$repository" && exec "$python" -W ignore -m tests.support.moto_server "$port" >/dev/null 2>&1) &
server=$!
trap 'kill $server; rm -rf "$scratch"' EXIT
(cd "$repository" && "$python" -c "from tests.support.ports import wait_for_port; wait_for_port($port)")
cd "$scratch"

export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo
export AWS_EC2_METADATA_DISABLED=true AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1
export GIT_AUTHOR_NAME=ann GIT_AUTHOR_EMAIL=ann@example.com
export GIT_COMMITTER_NAME=ann GIT_COMMITTER_EMAIL=ann@example.com
unset AWS_PROFILE AWS_SESSION_TOKEN
if [ -n "${TFOPS_PROVIDER_MIRROR:-}" ]; then
    printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$TFOPS_PROVIDER_MIRROR" >terraform.rc
    export TF_CLI_CONFIG_FILE=$scratch/terraform.rc
fi

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
run() {
    say "$@"
    "$@"
}

git init --quiet --initial-branch=main shop
cd shop
cp -r "$repository/modules" "$repository/environments" .
cat >tfops.yaml <<EOF
version: 1
project: shop
backend:
  s3: {bucket: shop-tfstate, region: eu-west-1, lock: native}
environments:
  dev: {branch: main, account: "123456789012", region: eu-west-1}
EOF
rm environments/staging.yaml environments/prod.yaml
git add -A && git commit --quiet -m "Start the shop"

run tfops backend create --yes
run tfops providers lock dev
git add -A && git commit --quiet -m "Lock the providers"
run tfops apply dev --yes --quiet

say 'sed -i s/1.4.2/1.5.0/ environments/base.yaml && git commit -am "shop 1.5.0"'
sed 's/1\.4\.2/1.5.0/' environments/base.yaml >new && mv new environments/base.yaml
git commit --quiet -am "shop 1.5.0"
run tfops apply dev --yes

say "aws ssm put-parameter --overwrite --name /shop-dev/image --value 6.6.6   # someone, by hand"
"$python" -c 'import boto3; boto3.client("ssm").put_parameter(Name="/shop-dev/image", Value="6.6.6", Overwrite=True)'
run tfops plan dev
run tfops rollback dev --yes
run tfops history dev
run tfops destroy dev --yes --quiet
run tfops backend check
